"""Numbers for the pages: read only."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Sum

from clinic.lib import clock
from patients.eligibility import Purpose, Reason
from settings_app.models import SmsSettings
from sms.models import GroupMessage, Message
from sms.models.message import MessageQuerySet
from sms.quiet import Opening, QuietHours
from sms.status import BILLED, IN_FLIGHT, MAY_EXIST, OPEN, Status


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the texts of one group SMS stand. `total` is without those left out from the start or later."""

    per_status: dict[Status, int]
    per_reason: dict[Reason, int]

    @property
    def total(self) -> int:
        return sum(number for status, number in self.per_status.items() if status != Status.LEFT_OUT)

    @property
    def left_out(self) -> int:
        return self.per_status.get(Status.LEFT_OUT, 0)

    @property
    def decided(self) -> int:
        """Texts that need nothing more from us."""
        return self.total - sum(self.per_status.get(status, 0) for status in OPEN)

    @property
    def gone(self) -> int:
        """Texts that have left, or may have."""
        return sum(self.per_status.get(status, 0) for status in MAY_EXIST)

    @property
    def waiting(self) -> int:
        return self.per_status.get(Status.QUEUED, 0)

    @property
    def undecided(self) -> int:
        return self.total - self.decided

    @property
    def awaiting_news(self) -> int:
        """Texts that are on their way and whose last word is still to come."""
        return sum(self.per_status.get(status, 0) for status in IN_FLIGHT)


def progress(group: GroupMessage) -> Progress:
    """Two grouped counts over one group SMS."""
    texts = Message.objects.filter(group=group).order_by()
    per_status = dict(texts.values_list("status").annotate(Count("pk")))
    per_reason = dict(
        texts.filter(status=Status.LEFT_OUT).values_list("left_out_reason").annotate(Count("pk"))
    )
    return Progress(
        per_status={status: per_status[status] for status in Status if status in per_status},
        per_reason={reason: per_reason[reason] for reason in Reason if reason in per_reason},
    )


def openings(group: GroupMessage, quiet: QuietHours, *, now: datetime) -> list[Opening]:
    """Of a promotion: when those who still wait may be texted, for those who may not be now. One grouped count.

    Reckoned as the claim does it, from the hours and the zones as they are at this moment.
    """
    if not group.is_marketing or quiet.are_none:
        return []
    waiting = Message.objects.filter(group=group, status=Status.QUEUED).order_by()
    per_zone = dict(waiting.values_list("patient__time_zone").annotate(Count("pk")))
    begins = group.waits_until(now) or now
    return [opening for opening in quiet.openings(per_zone, begins) if opening.at > begins]


def may_go_back(group: GroupMessage) -> bool:
    """Whether it could become a draft again: no text of it was ever claimed."""
    return group.is_under_way and not Message.objects.filter(group=group, attempt__gt=0).exists()


@dataclass(frozen=True, slots=True)
class Month:
    """What has left since `since`, by the clinic's calendar: texts that Twilio has taken, and their parts.

    `cost` is in the clinic's currency; None if it has set no price of a part.
    """

    since: datetime
    texts: int
    parts: int
    cost: Decimal | None


def this_month(settings: SmsSettings, *, now: datetime) -> Month:
    """One query, answered by an index."""
    since = clock.local(now, settings.time_zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    billed = Message.objects.filter(claimed_at__gte=since, status__in=BILLED).order_by()
    found = billed.aggregate(texts=Count("*"), parts=Sum("parts"))
    parts = found["parts"] or 0
    return Month(since=since, texts=found["texts"], parts=parts, cost=settings.cost_of(parts))


def failed_since(start: datetime) -> int:
    """Texts that failed since `start`."""
    return Message.objects.filter(status=Status.FAILED, status_at__gte=start).count()


def reminders_in_vain(*, now: datetime) -> MessageQuerySet:
    """Reminders that did not arrive, of appointments still to come, the next one first: there is time to call."""
    lost = Message.objects.filter(
        purpose=Purpose.REMINDER,
        status__in=[Status.FAILED, Status.UNDELIVERED, Status.EXPIRED, Status.NOT_SENT],
        appointment__starts_at__gt=now,
        appointment__cancelled_at=None,
    )
    return lost.select_related("patient", "appointment").order_by("appointment__starts_at", "pk")
