"""The queue of record: texts are claimed, and settled, by rows of the database. Nothing here talks to Twilio.

A text is claimed in one short transaction, sent with none open, and settled by a guarded update. Whoever dies in
between leaves `sending`, which the sweep turns into `unknown`: never into a second text.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from clinic.compiled import Compiled
from clinic.update_rows import update_rows
from patients.eligibility import Purpose, Reason, refused_now
from sms import pacing, strays
from sms.models import Message, SendingPause
from sms.models.message import MessageQuerySet
from sms.models.pause import PauseKind
from sms.status import Status
from sms.timing import defer, last_moments
from sms.waiting import Text, lock_waiting, ready_purposes, take

logger = logging.getLogger(__name__)

# Longer than any send can take: a text is posted within seconds of its claim or not at all, and its answer has come
# after 4/3 of the time to read. Ships as 3 minutes.
LEASE = 6 * settings.TWILIO_READ_TIMEOUT
TURNS = 2

# Why we do not know, where it was not Twilio's answer that left us in the dark.
NEVER_SETTLED = "never settled"
SID_TAKEN = "another text has this sid"

_CLAIMED = (Status.SENDING, Status.UNKNOWN)
_PAUSE = Compiled(lambda: SendingPause.objects.in_force().order_by().values_list("pk"))


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch taken for sending. `examined` also counts those that were left out, stopped, too late or deferred.

    `until` says of each of `messages` (by id) how long a phone may get it; at most `at_once` may be posted at a time.
    """

    id: uuid.UUID
    messages: list[Text]
    examined: int
    until: Mapping[int, datetime]
    at_once: int


def sender_for(purpose: str) -> str:
    """What a text of this purpose comes from: a messaging service, a number or a name."""
    marketing = purpose == Purpose.MARKETING
    return str(settings.TWILIO_MARKETING_SENDER if marketing else settings.TWILIO_CARE_SENDER)


def sender_of(message: Message | Text) -> str:
    """What this text was or will be sent from."""
    return message.sender or sender_for(message.purpose)


def claim(*, purpose: Purpose, limit: int | None = None, now: datetime) -> Claim:
    """Take up to `limit` waiting texts, and check each a last time: the table of eligibility has the last word.

    Without a limit it takes a batch: as many as leave at once, `TURNS` times over.

    The patients are locked with their texts, so a refusal is saved either before this check or after this claim.
    Rows that somebody else holds are passed over; the next call finds them.
    """
    taken, sender = uuid.uuid4(), sender_for(purpose)
    pace = pacing.pace_of(sender)
    with transaction.atomic():
        # It may have to wait for another claim, so the pause is asked for after it.
        allowance = pacing.allowance(pace, now=now)
        if allowance is None or _rests():
            return Claim(taken, [], 0, {}, pace.at_once)
        found = lock_waiting(purpose, limit=limit or TURNS * pace.at_once, now=now)
        waiting = strays.set_aside(found, now=now)
        verdicts = _verdicts(waiting, purpose, now)
        if verdicts:
            _put_aside(verdicts, now)
            _pass_on([text for text in waiting if isinstance(verdicts.get(text.pk), Reason)], now)
        allowed = [text for text in waiting if text.pk not in verdicts]
        until = last_moments(allowed, purpose, now)
        deferred = defer([text for text in allowed if text.pk not in until], now)
        fitting = allowance.fitting([text for text in allowed if text.pk in until])
        marketing = purpose == Purpose.MARKETING
        messages = take(fitting, claim=taken, sender=sender, with_consent=marketing, now=now)
    examined = len(found) - len(waiting) + len(verdicts) + deferred + len(messages)
    return Claim(taken, messages, examined, until, pace.at_once)


def _rests() -> bool:
    return bool(_PAUSE.rows())


def _verdicts(waiting: list[Text], purpose: Purpose, now: datetime) -> dict[int, Status | Reason]:
    """For the texts that must not go: the reason to leave the patient out, or EXPIRED, or CANCELLED."""
    refused = refused_now([text.patient_id for text in waiting], purpose) if waiting else {}
    verdicts: dict[int, Status | Reason] = {}
    for text in waiting:
        if text.send_by <= now:
            verdicts[text.pk] = Status.EXPIRED
        elif text.cancelled_at:
            verdicts[text.pk] = Status.CANCELLED
        elif text.patient_id in refused:
            verdicts[text.pk] = refused[text.patient_id]
        elif text.phone_now != text.phone:
            verdicts[text.pk] = Reason.NUMBER_CHANGED
    return verdicts


def _put_aside(verdicts: dict[int, Status | Reason], now: datetime) -> None:
    by_verdict: dict[Status | Reason, list[int]] = defaultdict(list)
    for pk, verdict in verdicts.items():
        by_verdict[verdict].append(pk)
    for verdict, pks in by_verdict.items():
        rows = Message.objects.filter(pk__in=pks, status=Status.QUEUED)
        if isinstance(verdict, Reason):
            rows.update(status=Status.LEFT_OUT, left_out_reason=verdict, status_at=now)
        else:
            rows.update(status=verdict, status_at=now)


def _pass_on(left_out: Sequence[Message | Text], now: datetime) -> None:
    """Give the texts of a group SMS to the next person on the number, who was left out because of this one.

    A text to a number that several share names nobody, so it is right for the next one as it is. They wait for a
    claim of their own, which judges them in their turn.
    """
    # What was erased has no number any more, and nothing to pass on.
    bodies = {(message.group_id, message.phone): message.body for message in left_out if message.phone}
    sharing = Message.objects.filter(
        status=Status.LEFT_OUT,
        left_out_reason=Reason.SHARED_NUMBER,
        erased_at=None,
        group__in={group for group, _ in bodies if group},
        patient__phone__in={phone for _, phone in bodies},
    )
    following: list[Message] = []
    for message in sharing.order_by("patient_id"):
        if body := bodies.pop((message.group_id, message.phone), None):
            message.status, message.left_out_reason = Status.QUEUED, ""
            message.body, message.status_at = body, now
            following.append(message)
    Message.objects.filter(status=Status.LEFT_OUT).bulk_update(
        following, ["status", "left_out_reason", "body", "status_at"]
    )


def withdraw(*, patient_id: int, reason: Reason, now: datetime) -> None:
    """Leave a patient out of every text that waits for them. Belongs into a transaction that has them locked."""
    waiting = list(Message.objects.filter(patient=patient_id, status=Status.QUEUED).order_by("id"))
    _put_aside({message.pk: reason for message in waiting}, now)
    _pass_on(waiting, now)


def mark_accepted(*, claim: Claim, sids: dict[int, str], now: datetime) -> None:
    """Settle texts that Twilio has: message id to sid. A callback that was quicker has said more already."""
    try:
        _accept(claim, sids, now)
    except IntegrityError:
        # One sid is taken; the other texts of the batch must not suffer from it.
        for pk, sid in sids.items():
            release_guess(sid=sid, owner=pk, now=now)
            try:
                _accept(claim, {pk: sid}, now)
            except IntegrityError:
                logger.error("Twilio gave two texts the same sid", extra={"message_id": pk})
                mark_unknown(claim=claim, pks=[pk], because=SID_TAKEN, now=now)


def _accept(claim: Claim, sids: dict[int, str], now: datetime) -> None:
    # One statement is whole or nothing anyway; within a transaction of others it must not spoil theirs.
    with transaction.atomic() if connection.in_atomic_block else nullcontext():
        update_rows(
            Message,
            ("sid",),
            list(sids.items()),
            same={"status": Status.ACCEPTED, "status_at": now},
            where={"claim": [claim.id], "status": _CLAIMED},
        )


def release_guess(*, sid: str, owner: int, now: datetime) -> int:
    """Take `sid` from a text that only a look-up gave it to: there is proof now that it is the text `owner`'s.

    Of that text nothing is known any more, so it is looked up again.
    """
    guessed = Message.objects.bound_by_guess().filter(sid=sid).exclude(pk=owner)
    return guessed.update(sid="", status=Status.UNKNOWN, error_code=None, status_at=now, look_ups=0)


def mark_failed(*, claim: Claim, pk: int, code: int, now: datetime) -> None:
    """Settle a text that Twilio refused for good."""
    _claimed(claim).filter(pk=pk).update(status=Status.FAILED, error_code=code, status_at=now)


def mark_unknown(*, claim: Claim, pks: list[int], because: str, now: datetime) -> None:
    """Settle texts that may or may not exist at Twilio. `because` says in a few words why we do not know."""
    sending = _claimed(claim).filter(pk__in=pks, status=Status.SENDING)
    sending.update(status=Status.UNKNOWN, unknown_because=because, status_at=now, look_ups=0)


def put_back(*, claim: Claim, pk: int, not_before: datetime, code: int, now: datetime) -> None:
    """Back to waiting: only for a text that provably was not created."""
    _claimed(claim).filter(pk=pk).update(
        status=Status.QUEUED, not_before=not_before, error_code=code or None, status_at=now
    )


def _claimed(claim: Claim) -> MessageQuerySet:
    """Only what this very claim still holds can be settled by it.

    Also what the sweep gave up meanwhile: the claim's one POST has been answered after all, and nobody has
    claimed the text since.
    """
    return Message.objects.filter(claim=claim.id, status__in=_CLAIMED)


def sweep(*, now: datetime) -> int:
    """Texts claimed longer ago than `LEASE` become `unknown`; returns how many."""
    overdue = Message.objects.overdue(now - LEASE)
    return overdue.update(status=Status.UNKNOWN, unknown_because=NEVER_SETTLED, status_at=now, look_ups=0)


def expire(*, now: datetime) -> int:
    """Waiting texts whose time is over; returns how many. The claim would find them too, unless sending rests."""
    late = Message.objects.filter(status=Status.QUEUED, send_by__lte=now)
    return late.update(status=Status.EXPIRED, status_at=now)


def pause(
    *,
    now: datetime,
    code: int | None = None,
    kind: PauseKind = PauseKind.ERROR,
    claimed_at: datetime | None = None,
    **figures: int | datetime,
) -> bool:
    """Let all sending rest until a person resumes it; returns False if it rests already.

    `figures` are the pause's own: number, out_of, since. News of a text that was claimed before sending was last
    resumed is old news: whoever resumed it knew.
    """
    if claimed_at and SendingPause.objects.filter(resumed_at__gte=claimed_at).exists():
        return False
    _, is_new = SendingPause.objects.get_or_create(
        resumed_at=None, defaults={"kind": kind, "error_code": code, "paused_at": now, **figures}
    )
    if is_new:
        logger.error("Sending rests", extra={"kind": kind.value, "error_code": code})
    return is_new


def resume(*, now: datetime, by_id: int) -> bool:
    """Returns False if nothing was resting."""
    return bool(SendingPause.objects.in_force().update(resumed_at=now, resumed_by_id=by_id))


def anything_ready(*, now: datetime) -> bool:
    """Whether a worker would find something to send."""
    return not _rests() and bool(ready_purposes(now=now))
