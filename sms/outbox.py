"""The queue of record: texts are claimed, and settled, by rows of the database. Nothing here talks to Twilio.

A text is claimed in one short transaction, sent with none open, and settled by a guarded update. Whoever dies in
between leaves `sending`, which the sweep turns into `unknown`: never into a second text.
"""

import logging
import uuid
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, OuterRef, Subquery

from patients.eligibility import Purpose, Reason, still_refused
from patients.models import Patient
from sms import pacing, strays
from sms.models import Message, SendingPause
from sms.models.message import MessageQuerySet
from sms.models.pause import PauseKind
from sms.status import Status
from sms.timing import defer, last_moments, of_running_groups

logger = logging.getLogger(__name__)

# A reminder or a one-off never waits behind a group SMS.
MOST_URGENT_FIRST = (Purpose.ONE_OFF, Purpose.REMINDER, Purpose.SERVICE, Purpose.MARKETING)

# Longer than any send can take: a batch has three turns, each of at most 4/3 of the time to read. Ships as 3 minutes.
LEASE = 6 * settings.TWILIO_READ_TIMEOUT


# Why we do not know, where it was not Twilio's answer that left us in the dark.
NEVER_SETTLED = "never settled"
SID_TAKEN = "another text has this sid"


@dataclass(frozen=True, slots=True)
class Claim:
    """A batch taken for sending. `examined` also counts those that were left out, stopped, too late or deferred.

    `until` says of each of `messages` (by id) how long a phone may get it.
    """

    id: uuid.UUID
    messages: list[Message]
    examined: int
    until: Mapping[int, datetime]


def sender_for(purpose: str) -> str:
    """What a text of this purpose comes from: a messaging service, a number or a name."""
    marketing = purpose == Purpose.MARKETING
    return str(settings.TWILIO_MARKETING_SENDER if marketing else settings.TWILIO_CARE_SENDER)


def sender_of(message: Message) -> str:
    """What this text was or will be sent from."""
    return message.sender or sender_for(message.purpose)


def claim(*, purpose: Purpose, limit: int, now: datetime) -> Claim:
    """Take up to `limit` waiting texts, and check each a last time: the table of eligibility has the last word.

    The patients are locked with their texts, so a refusal is saved either before this check or after this claim.
    Rows that somebody else holds are passed over; the next call finds them.
    """
    taken = uuid.uuid4()
    with transaction.atomic():
        # It may have to wait for another claim, so the pause is asked for after it.
        allowance = pacing.allowance(sender_for(purpose), now=now)
        if allowance is None or SendingPause.objects.in_force().exists():
            return Claim(id=taken, messages=[], examined=0, until={})
        waiting = list(
            of_running_groups(Message.objects.ready(now).filter(purpose=purpose), purpose, now)
            .select_related("patient", "appointment")
            .select_for_update(skip_locked=True, of=("self", "patient"), no_key=True)
            .order_by("id")[:limit]
        )
        examined = len(waiting)
        waiting = strays.set_aside(waiting, now=now)
        examined -= len(waiting)
        verdicts = _verdicts(waiting, purpose, now)
        _put_aside(verdicts, now)
        _pass_on([message for message in waiting if isinstance(verdicts.get(message.pk), Reason)], now)
        allowed = [message for message in waiting if message.pk not in verdicts]
        until = last_moments(allowed, purpose, now)
        deferred = defer([message for message in allowed if message.pk not in until], now)
        fitting = allowance.fitting([m for m in allowed if m.pk in until])
        going = [message.pk for message in fitting]
        newest_consent = Patient.objects.filter(pk=OuterRef("patient_id")).values("consent_event")[:1]
        proof = {"consent_event": Subquery(newest_consent)} if purpose == Purpose.MARKETING else {}
        Message.objects.filter(pk__in=going, status=Status.QUEUED).update(
            status=Status.SENDING,
            claim=taken,
            claimed_at=now,
            sender=sender_for(purpose),
            attempt=F("attempt") + 1,
            parts=pacing.parts_expression(fitting),
            status_at=now,
            **proof,
        )
    messages = list(Message.objects.filter(pk__in=going, claim=taken).order_by("id"))
    examined += len(verdicts) + deferred + len(messages)
    return Claim(id=taken, messages=messages, examined=examined, until=until)


def _verdicts(waiting: list[Message], purpose: Purpose, now: datetime) -> dict[int, Status | Reason]:
    """For the texts that must not go: the reason to leave the patient out, or EXPIRED, or CANCELLED."""
    refused = still_refused(
        Patient.objects.filter(pk__in=[message.patient_id for message in waiting]), purpose
    )
    verdicts: dict[int, Status | Reason] = {}
    for message in waiting:
        if message.send_by <= now:
            verdicts[message.pk] = Status.EXPIRED
        elif message.appointment and message.appointment.cancelled_at:
            verdicts[message.pk] = Status.CANCELLED
        elif message.patient_id in refused:
            verdicts[message.pk] = refused[message.patient_id]
        elif message.patient.phone != message.phone:
            verdicts[message.pk] = Reason.NUMBER_CHANGED
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


def _pass_on(left_out: list[Message], now: datetime) -> None:
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
    rows = [Message(pk=pk, sid=sid, status=Status.ACCEPTED, status_at=now) for pk, sid in sids.items()]
    with transaction.atomic():
        _claimed(claim).bulk_update(rows, ["sid", "status", "status_at"])


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
    return Message.objects.filter(claim=claim.id, status__in=[Status.SENDING, Status.UNKNOWN])


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
    return not SendingPause.objects.in_force().exists() and Message.objects.ready(now).exists()
