"""What a group SMS left behind: what to do about those it did not reach, and who opted out after it."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from clinic.downloads import CHUNK, csv_lines, time_cell
from sms import gateway
from sms.models import GroupMessage, InboundMessage, Message
from sms.models.inbound import Handled, ReplyKind
from sms.models.message import MessageQuerySet
from sms.status import MAY_EXIST, Status

DID_NOT_ARRIVE = (Status.FAILED, Status.UNDELIVERED)
# Whoever stops later than that was hardly moved to it by this text.
OPTS_OUT_WITHIN = timedelta(days=7)

HEADER = (
    *(_("Reference"), _("First name"), _("Last name"), _("Mobile number"), _("Status"), _("Why")),
    *(_("Twilio error"), _("Left at"), _("Status since")),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`number` texts that failed for one cause; `code` is Twilio's, None if it gave none."""

    code: int | None
    happened: str
    number: int


@dataclass(frozen=True, slots=True)
class ToDo:
    """One thing to do, and the failures that it mends, the most frequent first."""

    remedy: str
    failures: list[Failure]

    @property
    def number(self) -> int:
        return sum(failure.number for failure in self.failures)


def to_do(group: GroupMessage) -> list[ToDo]:
    """What to do about the texts that did not arrive, the most frequent first. One grouped count."""
    texts = Message.objects.filter(group=group, status__in=DID_NOT_ARRIVE).order_by()
    per_remedy: dict[str, list[Failure]] = defaultdict(list)
    for code, number in texts.values_list("error_code").annotate(Count("pk")):
        meaning = _meaning(code)
        per_remedy[meaning.remedy].append(Failure(code, meaning.happened, number))
    found = [
        ToDo(remedy, sorted(failures, key=lambda failure: -failure.number))
        for remedy, failures in per_remedy.items()
    ]
    return sorted(found, key=lambda each: (-each.number, each.remedy))


def is_code(code: str) -> bool:
    """Whether `code` names a cause: one of Twilio's numbers in digits, or "none" for the texts without."""
    return code == "none" or (code.isascii() and code.isdecimal() and len(code) < 7)


def meaning_of(code: str) -> gateway.Meaning:
    """What happened, and what to do. `code` is one, see `is_code`."""
    return _meaning(None if code == "none" else int(code))


def failed_with(code: str) -> Q:
    """The texts that did not arrive for this cause. `code` is one, see `is_code`."""
    return Q(status__in=DID_NOT_ARRIVE, error_code=None if code == "none" else int(code))


def opted_out(group: GroupMessage) -> MessageQuerySet:
    """The texts after which their number opted out: within a week, and before the patient got another one.

    A STOP counts, and what staff have read as a refusal.
    """
    if group.confirmed_at is None:
        return Message.objects.none()
    refusals = InboundMessage.objects.not_erased().filter(
        Q(kind=ReplyKind.STOP) | Q(handled_as=Handled.REFUSAL), received_at__gte=group.confirmed_at
    )
    another = Message.objects.filter(
        patient=OuterRef(OuterRef("patient")),
        claimed_at__gt=OuterRef(OuterRef("claimed_at")),
        claimed_at__lte=OuterRef("received_at"),
    )
    last_moment = ExpressionWrapper(OuterRef("claimed_at") + OPTS_OUT_WITHIN, output_field=DateTimeField())
    answers = refusals.filter(
        ~Exists(another),
        phone=OuterRef("phone"),
        received_at__gte=OuterRef("claimed_at"),
        received_at__lt=last_moment,
    )
    # The refusals of all phones first: they are few, so that most texts need not be looked at one by one.
    few = Message.objects.filter(group=group, status__in=MAY_EXIST, phone__in=refusals.values("phone"))
    return few.filter(Exists(answers))


def recipients_csv(group: GroupMessage, *, zone: ZoneInfo, user: int) -> Iterator[str]:
    """Everybody on the list, those left out too, with the number it was made for and what became of the text."""
    texts = Message.objects.filter(group=group).select_related("patient").order_by("pk").iterator(CHUNK)
    return csv_lines(
        map(str, HEADER), (_row(text, zone) for text in texts), user=user, what="recipients of a group SMS"
    )


def _row(text: Message, zone: ZoneInfo) -> list[str]:
    return [
        text.patient.reference,
        text.patient.first_name,
        text.patient.last_name,
        text.phone,
        text.get_status_display(),
        text.get_left_out_reason_display() or _happened(text),
        "" if text.error_code is None else str(text.error_code),
        time_cell(_left_at(text), zone),
        time_cell(text.status_at, zone),
    ]


def _meaning(code: int | None) -> gateway.Meaning:
    return gateway.NO_REASON if code is None else gateway.meaning(code)


def _happened(text: Message) -> str:
    known = text.error_code is not None or text.status in DID_NOT_ARRIVE
    return _meaning(text.error_code).happened if known else ""


def _left_at(text: Message) -> datetime | None:
    return text.claimed_at if text.status in MAY_EXIST else None
