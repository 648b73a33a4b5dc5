"""What became of a text: news from Twilio's callbacks, applied forward only, and look-ups where there was none."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from sms import consequences, gateway, outbox, second_try, strays
from sms.models import DeliveryEvent, Message
from sms.models.message import MessageQuerySet
from sms.status import FROM_TWILIO, Status, replaced_by

logger = logging.getLogger(__name__)

# When to ask Twilio about a text we do not know about, counted from the moment it became unknown.
LOOK_UP_AFTER = settings.SMS_LOOK_UPS
# A record at Twilio is ours only if it was made between these, seen from our claim.
MADE_BEFORE_CLAIM = timedelta(minutes=1)
MADE_AFTER_CLAIM = timedelta(minutes=10)
BATCH = 50

Clock = Callable[[], datetime]


def record_news(*, token: UUID, sid: str, status: str, error_code: int | None, at: datetime) -> bool:
    """Store one callback and apply it; False if no text has this token.

    The same news twice changes nothing, and earlier news never overwrites later news. A word that Twilio did not
    have when this was written proves that the text exists, and nothing more. A second record at Twilio for the same
    text would be a text sent twice: it is logged as an error and not applied.
    """
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True).filter(token=token).first()
        if message is None:
            return False
        _store(message, sid=sid, status=status, error_code=error_code, at=at)
        if _bind(message, sid=sid, at=at):
            _apply(message, status=status, error_code=error_code, at=at)
    return True


def record_answer(*, message_id: int, record: gateway.Found, at: datetime) -> None:
    """Take in what Twilio says of a text's record when asked, as a callback would; it proves no guess right."""
    with transaction.atomic():
        bound = Message.objects.select_for_update(no_key=True).filter(pk=message_id, sid=record.sid)
        if message := bound.first():
            _store(message, sid=record.sid, status=record.status, error_code=record.error_code, at=at)
            _apply(message, status=record.status, error_code=record.error_code, at=at)


def _store(message: Message, *, sid: str, status: str, error_code: int | None, at: datetime) -> None:
    DeliveryEvent.objects.get_or_create(
        message=message, sid=sid, status=status, defaults={"error_code": error_code, "received_at": at}
    )


def _bind(message: Message, *, sid: str, at: datetime) -> bool:
    """Whether the record `sid` is the one of this text. The token in the callback is the proof of it."""
    text = Message.objects.filter(pk=message.pk)
    outbox.release_guess(sid=sid, owner=message.pk, now=at)
    if Message.objects.filter(sid=sid).exclude(pk=message.pk).exists():
        logger.error("Two texts share a record at Twilio", extra={"message_id": message.pk})
        return False
    if message.sid not in ("", sid):
        if not text.bound_by_guess().exists():
            logger.error("A text has two records at Twilio", extra={"message_id": message.pk})
            return False
        text.update(status=Status.UNKNOWN)  # What we believed is the story of another record.
    text.update(sid=sid, look_ups=0)
    return True


def _apply(message: Message, *, status: str, error_code: int | None, at: datetime) -> None:
    news = FROM_TWILIO.get(status, Status.ACCEPTED)
    applied = Message.objects.filter(pk=message.pk, status__in=replaced_by(news)).update(
        status=news,
        left_out_reason="",
        error_code=error_code,
        status_at=at,
    )
    if applied:
        _draw_consequences(message, news, error_code, at)


def _draw_consequences(message: Message, news: Status, error_code: int | None, at: datetime) -> None:
    """For the number, and if no other text would fare better, for all sending."""
    if not error_code or news not in {Status.FAILED, Status.UNDELIVERED}:
        return
    if message.phone:  # A text of an erased patient has no number for which it could mean anything.
        consequences.draw(code=error_code, phone=message.phone, sender=outbox.sender_of(message), at=at)
    if gateway.meaning(error_code).klass is gateway.Klass.STOP_EVERYTHING:
        outbox.pause(code=error_code, now=at, claimed_at=message.claimed_at)


def look_up_unknown(*, clock: Clock, until: datetime) -> int:
    """Ask Twilio about texts of which we do not know whether they exist; returns how many were settled.

    Found: bound to the record that is alike. Not found at any look-up up to the last: `not_sent`, which is proved
    absence. If Twilio's list cannot be read the text stays unknown: it is never sent again by itself. No look-up
    begins after `until`; one takes two minutes at most.
    """
    settled = 0
    for message in _due(clock()):
        if clock() >= until:
            break
        settled += _look_up(message, clock)
    return settled


def _due(now: datetime) -> list[Message]:
    due = Q()
    for number, after in enumerate(LOOK_UP_AFTER):
        due |= Q(look_ups=number, status_at__lte=now - after)
    # Shuffled, so that numbers whose list cannot be read do not keep all others waiting.
    unknown = Message.objects.filter(status=Status.UNKNOWN, erased_at=None)
    return list(unknown.filter(due).order_by("?")[:BATCH])


def _look_up(message: Message, clock: Clock) -> bool:
    assert message.claimed_at is not None
    try:
        found = gateway.find(to=message.phone, since=message.claimed_at - MADE_BEFORE_CLAIM)
    except gateway.CannotTell:
        return False
    alike = [record for record in found if _is_of(record, message)]
    bound = set(
        Message.objects.filter(sid__in=[record.sid for record in alike]).values_list("sid", flat=True)
    )
    free = [record for record in alike if record.sid not in bound]
    free.sort(key=lambda record: (record.body != message.body, record.created_at))
    return _bind_by_guess(message, free[0], clock()) if free else _not_found(message, clock())


def _bind_by_guess(message: Message, record: gateway.Found, at: datetime) -> bool:
    """The record may be that of another text alike, so proof still beats it: see `_bind`."""
    news = FROM_TWILIO.get(record.status, Status.ACCEPTED)
    try:
        with transaction.atomic():
            bound = _as_looked_up(message).update(
                sid=record.sid,
                look_ups=F("look_ups") + 1,
                status=news,
                error_code=record.error_code,
                status_at=at,
            )
            if bound:
                _store(message, sid=record.sid, status=record.status, error_code=record.error_code, at=at)
                _draw_consequences(message, news, record.error_code, at)
    except IntegrityError:
        return False  # Another text was bound to it meanwhile; the next round finds out.
    return bool(bound)


def _not_found(message: Message, at: datetime) -> bool:
    unknown = _as_looked_up(message)
    if message.look_ups + 1 < len(LOOK_UP_AFTER):
        unknown.update(look_ups=F("look_ups") + 1)
        return False
    with transaction.atomic():
        absent = unknown.update(status=Status.NOT_SENT, status_at=at, look_ups=F("look_ups") + 1)
        if absent:
            second_try.by_itself(message_id=message.pk, at=at)
    return bool(absent)


def _as_looked_up(message: Message) -> MessageQuerySet:
    """The text, if no callback and no other look-up has said anything while we were asking."""
    return Message.objects.filter(pk=message.pk, status=Status.UNKNOWN, look_ups=message.look_ups)


def _is_of(record: gateway.Found, message: Message) -> bool:
    assert message.claimed_at is not None
    in_time = (
        message.claimed_at - MADE_BEFORE_CLAIM <= record.created_at <= message.claimed_at + MADE_AFTER_CLAIM
    )
    return (
        in_time and _says_the_same(record.body, message.body) and outbox.sender_of(message) in record.senders
    )


def _says_the_same(theirs: str, ours: str) -> bool:
    """Whether a record's text is ours, as far as Twilio keeps texts as they are.

    A trial account writes a sentence in front of each; a messaging service may replace dear characters and trim
    blanks. In doubt it is ours: a text taken for another's would be sent again.
    """
    return strays.plain(theirs).endswith(strays.plain(ours))
