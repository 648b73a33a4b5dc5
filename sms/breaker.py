"""The breaker: when half of what we send goes wrong, and it is not the numbers' fault, sending rests.

Two shares are watched apart, since news comes later than answers: of the texts just handed over, how many were refused
or left us in the dark; of those that Twilio took, how many it then reported as failed. See docs/decisions.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from sms import gateway, outbox
from sms.models import Message, SendingPause
from sms.models.message import HANDED_OVER_VALUES, MessageQuerySet
from sms.models.pause import PauseKind
from sms.status import Status

WINDOW = timedelta(minutes=10)
# And of no more than so many, the newest: of a million texts an hour not every one can be counted after each batch.
NEWEST = 2000
# Of fewer texts, half prove nothing.
AT_LEAST = 20
ONE_IN = 2

_OF_THE_NUMBER = Q(error_code__in=gateway.ABOUT_ONE_NUMBER)
_TAKEN = ~Q(sid="")
# A worker that died leaves texts in the dark too, but that says nothing of Twilio.
_DARK = Q(status=Status.UNKNOWN) & ~Q(unknown_because__in=["", outbox.NEVER_SETTLED])
_REFUSED = Q(status=Status.FAILED, sid="") & ~_OF_THE_NUMBER
_LOST = _TAKEN & Q(status__in=[Status.FAILED, Status.UNDELIVERED]) & ~_OF_THE_NUMBER
_ARRIVED = _TAKEN & Q(status__in=[Status.SENT, Status.DELIVERED])


@dataclass(frozen=True, slots=True)
class _Share:
    wrong: int
    of: int

    @property
    def is_too_large(self) -> bool:
        return self.of >= AT_LEAST and self.wrong * ONE_IN >= self.of


def check(*, now: datetime) -> bool:
    """Let sending rest if a share is too large; returns whether it was this call that did."""
    since = now - WINDOW
    heard_of = _heard_of(since)
    for wrong, share in _shares(heard_of, since):
        if share.is_too_large:
            return outbox.pause(
                now=now,
                kind=PauseKind.FAILURES,
                code=_commonest_code(heard_of.filter(wrong)),
                number=share.wrong,
                out_of=share.of,
            )
    return False


def _heard_of(since: datetime) -> MessageQuerySet:
    """Texts of which something was heard in the window; after a pause only those that left since it ended."""
    texts = Message.objects.filter(status__in=HANDED_OVER_VALUES, status_at__gt=since).order_by()
    resumed = SendingPause.objects.filter(resumed_at__gt=since).order_by("-resumed_at").first()
    return texts.filter(claimed_at__gt=resumed.resumed_at) if resumed else texts


def _shares(texts: MessageQuerySet, since: datetime) -> list[tuple[Q, _Share]]:
    just_left = Q(claimed_at__gt=since)
    found = texts.order_by("-status_at")[:NEWEST].aggregate(
        unanswered=Count("pk", filter=just_left & (_REFUSED | _DARK)),
        taken=Count("pk", filter=just_left & _TAKEN),
        lost=Count("pk", filter=_LOST),
        arrived=Count("pk", filter=_ARRIVED),
    )
    return [
        (_REFUSED | _DARK, _Share(found["unanswered"], found["unanswered"] + found["taken"])),
        (_LOST, _Share(found["lost"], found["lost"] + found["arrived"])),
    ]


def _commonest_code(texts: MessageQuerySet) -> int | None:
    codes = texts.exclude(error_code=None).values_list("error_code").annotate(times=Count("pk"))
    commonest = codes.order_by("-times", "error_code").first()
    return commonest[0] if commonest else None
