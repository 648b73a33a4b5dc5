"""The texts that wait, as the sender takes them up: few columns, by questions that are compiled once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db.models import DateTimeField, Exists, Q, QuerySet, UUIDField

from clinic.compiled import Compiled, IsOneOf, Mark
from clinic.update_rows import update_rows
from patients.eligibility import GROUP, Purpose
from patients.models import Patient
from settings_app.models import SmsSettings
from sms.models import GroupMessage, Message
from sms.status import Status

# A reminder or a one-off never waits behind a group SMS.
MOST_URGENT_FIRST = (Purpose.ONE_OFF, Purpose.REMINDER, Purpose.SERVICE, Purpose.MARKETING)

_NOW: Any = Mark("now", DateTimeField())
_GROUPS = Mark("groups", UUIDField(), many=True)


@dataclass(slots=True)
class Text:
    """One text to one patient, with what the sender must know of the patient.

    `phone` is where it goes, `phone_now` the patient's number today. `attempt`, `parts` and `sender` are those of the
    claim that took it.
    """

    pk: int
    patient_id: int
    group_id: UUID | None
    purpose: str
    phone: str
    body: str
    token: UUID
    created_at: datetime
    send_by: datetime
    attempt: int
    phone_now: str
    time_zone: str
    consent_event_id: int | None
    cancelled_at: datetime | None
    parts: int = 0
    sender: str = ""
    claimed_at: datetime | None = None


_COLUMNS = (
    "pk",
    "patient_id",
    "group_id",
    "purpose",
    "phone",
    "body",
    "token",
    "created_at",
    "send_by",
    "attempt",
    "patient__phone",
    "patient__time_zone",
    "patient__consent_event_id",
    "appointment__cancelled_at",
)


def ready_purposes(*, now: datetime) -> list[Purpose]:
    """The purposes of which some text could leave now, if sending does not rest; the most urgent one first."""
    if not (rows := _READY.rows(now=now)):
        SmsSettings.load()  # It makes the row.
        rows = _READY.rows(now=now)
    return [purpose for purpose, is_ready in zip(MOST_URGENT_FIRST, rows[0], strict=True) if is_ready]


def lock_waiting(purpose: Purpose, *, limit: int, now: datetime) -> list[Text]:
    """The oldest waiting texts of `purpose`, at most `limit`, locked with their patients until the transaction ends.

    What somebody else holds is passed over. So are the texts of a group SMS that somebody is about to pause or stop;
    whoever wants to after this waits for us: there is no claim after a pause or a stop that has been saved.
    """
    if purpose not in GROUP:
        return [Text(*row) for row in _waiting(purpose, limit).rows(now=now)]
    groups = [pk for (pk,) in _running_groups(purpose).rows(now=now)]
    found = _waiting(purpose, limit).rows(now=now, groups=groups) if groups else []
    return [Text(*row) for row in found]


def take(texts: Sequence[Text], *, claim: UUID, sender: str, with_consent: bool, now: datetime) -> list[Text]:
    """Those of `texts` that wait still: from now on they are being sent, by this claim."""
    for text in texts:
        text.attempt, text.sender, text.claimed_at = text.attempt + 1, sender, now
    proof = ("consent_event",) if with_consent else ()
    taken = update_rows(
        Message,
        ("attempt", "parts", *proof),
        [(t.pk, t.attempt, t.parts, *([t.consent_event_id] if with_consent else [])) for t in texts],
        same={
            "status": Status.SENDING,
            "claim": claim,
            "claimed_at": now,
            "sender": sender,
            "status_at": now,
        },
        where={"status": [Status.QUEUED]},
    )
    return [text for text in texts if text.pk in taken]


def _each_ready() -> "QuerySet[SmsSettings, tuple[Any, ...]]":
    """Beside the one row of the settings: for each purpose whether there is something."""
    ready = Message.objects.ready(_NOW).order_by()
    each = [Exists(ready.filter(purpose=purpose)) for purpose in MOST_URGENT_FIRST]
    return SmsSettings.objects.filter(pk=1).values_list(*each)


_READY = Compiled(_each_ready)


@cache
def _running_groups(purpose: Purpose) -> Compiled:
    running = GroupMessage.objects.sendable(_NOW).filter(is_marketing=purpose == Purpose.MARKETING)
    return Compiled(lambda: running.order_by().values_list("pk"), lock="FOR SHARE SKIP LOCKED")


@cache
def _waiting(purpose: Purpose, limit: int) -> Compiled:
    due = Q(not_before=None) | Q(not_before__lte=_NOW)
    waiting = Message.objects.filter(due, purpose=purpose, status=Status.QUEUED)
    whose = waiting.filter(IsOneOf("group_id", _GROUPS)) if purpose in GROUP else waiting.filter(group=None)
    tables = f"{Message._meta.db_table}, {Patient._meta.db_table}"
    return Compiled(
        lambda: whose.order_by("pk").values_list(*_COLUMNS)[:limit],
        lock=f"FOR NO KEY UPDATE OF {tables} SKIP LOCKED",
    )
