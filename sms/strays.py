"""Waiting texts that were sent before a backup was restored: the database forgot, Twilio did not."""

import hmac
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from django.conf import settings
from django.db.models import Q

from clinic.compiled import Compiled
from clinic.lib.sms_text import swap_costly
from patients.eligibility import Purpose
from sms.models import Message, StrayRecord
from sms.status import Status
from sms.waiting import Text

TRIAL = "Sent from your Twilio trial account - "
RESTORED = "sent before a backup was restored"

_UNEXPLAINED = Compiled(lambda: StrayRecord.objects.filter(message=None).order_by().values_list("pk")[:1])
Waiting = TypeVar("Waiting", Message, Text)


def plain(text: str) -> str:
    """A text without what Twilio may change in it: dear characters, blanks, a trial account's sentence in front."""
    return " ".join(swap_costly(text.removeprefix(TRIAL)).split())


def digest(phone: str, body: str) -> str:
    """Stands for one text to one number, as long as the secret key stays."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{phone}\n{plain(body)}".encode(), sha256).hexdigest()


def set_aside(waiting: Sequence[Waiting], *, now: datetime) -> list[Waiting]:
    """Those of `waiting` that were not sent before; the others become `unknown`, and the look-ups find their record.

    A text is the same if it goes to the same number in the same words and was written before the loss was found. A
    reminder is so whenever it was written: the app makes those of the lost time anew.
    """
    if not _UNEXPLAINED.rows():
        return list(waiting)
    strays = _strays_of(waiting)
    sent, left = [], []
    for message in waiting:
        fitting = [
            stray
            for stray in strays.get(digest(message.phone, message.body), ())
            if message.purpose == Purpose.REMINDER or message.created_at <= stray.found_at
        ]
        if fitting and _explain(fitting[0], message):
            strays[fitting[0].digest].remove(fitting[0])
            sent.append((message, fitting[0]))
        else:
            left.append(message)
    _become_unknown(sent, now)
    return left


def _strays_of(messages: Sequence[Message | Text]) -> dict[str, list[StrayRecord]]:
    digests = {digest(message.phone, message.body) for message in messages}
    found: dict[str, list[StrayRecord]] = defaultdict(list)
    for stray in StrayRecord.objects.filter(digest__in=digests, message=None).order_by("sent_at"):
        found[stray.digest].append(stray)
    return found


def _explain(stray: StrayRecord, message: Message | Text) -> bool:
    """Whether it was this call that gave the record to the text."""
    return bool(StrayRecord.objects.filter(Q(message=None), pk=stray.pk).update(message=message.pk))


def _become_unknown(sent: Sequence[tuple[Message | Text, StrayRecord]], now: datetime) -> None:
    rows = [
        Message(
            pk=message.pk,
            status=Status.UNKNOWN,
            unknown_because=RESTORED,
            # As if it had been claimed then: the look-ups reckon from it.
            claimed_at=stray.sent_at,
            sender=stray.sender,
            status_at=now,
        )
        for message, stray in sent
    ]
    fields = ["status", "unknown_because", "claimed_at", "sender", "status_at"]
    Message.objects.filter(status=Status.QUEUED).bulk_update(rows, fields)
