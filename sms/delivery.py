"""What became of a text: news from Twilio's callbacks, applied forward only, and look-ups where there was none."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from sms import consequences, gateway
from sms.models import DeliveryEvent, Message
from sms.outbox import sender_for
from sms.status import FROM_TWILIO, Status, replaced_by

logger = logging.getLogger(__name__)

# When to ask Twilio about a text we do not know about, counted from the moment it became unknown.
LOOK_UP_AFTER = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=30))
# A record at Twilio is ours only if it was made between these, seen from our claim.
MADE_BEFORE_CLAIM = timedelta(minutes=1)
MADE_AFTER_CLAIM = timedelta(minutes=10)
BATCH = 50


def record_news(*, token: UUID, sid: str, status: str, error_code: int | None, at: datetime) -> bool:
    """Store one callback and apply it; False if no text has this token.

    The same news twice changes nothing, and earlier news never overwrites later news. A word that Twilio did not
    have when this was written is stored and changes nothing. A second record at Twilio for the same text would be a
    text sent twice: it is logged as an error and not applied.
    """
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True).filter(token=token).first()
        if message is None:
            return False
        _, is_new = DeliveryEvent.objects.get_or_create(
            message=message, sid=sid, status=status, defaults={"error_code": error_code, "received_at": at}
        )
        if message.sid not in ("", sid):
            logger.error("A text has two records at Twilio", extra={"message_id": message.pk})
        elif is_new:
            _apply(message, sid=sid, status=status, error_code=error_code, at=at)
    return True


def _apply(message: Message, *, sid: str, status: str, error_code: int | None, at: datetime) -> None:
    news = FROM_TWILIO.get(status)
    Message.objects.filter(pk=message.pk, sid="").update(sid=sid)
    if news is None:
        return
    applied = Message.objects.filter(pk=message.pk, status__in=replaced_by(news)).update(
        status=news,
        left_out_reason="",
        error_code=error_code,
        status_at=at,
    )
    if applied and error_code and news in {Status.FAILED, Status.UNDELIVERED}:
        consequences.draw(code=error_code, phone=message.phone, purpose=message.purpose, at=at)


def look_up_unknown(*, now: datetime) -> int:
    """Ask Twilio about texts of which we do not know whether they exist; returns how many were settled.

    Found: bound to its record. Not found at any look-up up to the last: `not_sent`, which is proved absence. If
    Twilio's list cannot be read the text stays unknown: it is never sent again by itself.
    """
    return sum(_look_up(message, now) for message in _due(now))


def _due(now: datetime) -> list[Message]:
    due = Q()
    for number, after in enumerate(LOOK_UP_AFTER):
        due |= Q(look_ups=number, status_at__lte=now - after)
    return list(Message.objects.filter(due, status=Status.UNKNOWN).order_by("status_at")[:BATCH])


def _look_up(message: Message, now: datetime) -> bool:
    assert message.claimed_at is not None
    since = message.claimed_at - MADE_BEFORE_CLAIM
    try:
        found = gateway.find(to=message.phone, since=since)
    except gateway.CannotTell:
        return False
    mine = [record for record in found if _is_of(record, message)]
    bound = set(Message.objects.filter(sid__in=[record.sid for record in mine]).values_list("sid", flat=True))
    free = sorted((r for r in mine if r.sid not in bound), key=lambda record: record.created_at)
    if free:
        record = free[0]
        return record_news(
            token=message.token, sid=record.sid, status=record.status, error_code=record.error_code, at=now
        )
    unknown = Message.objects.filter(pk=message.pk, status=Status.UNKNOWN, look_ups=message.look_ups)
    if message.look_ups + 1 < len(LOOK_UP_AFTER):
        unknown.update(look_ups=F("look_ups") + 1)
        return False
    return bool(unknown.update(status=Status.NOT_SENT, status_at=now, look_ups=F("look_ups") + 1))


def _is_of(record: gateway.Found, message: Message) -> bool:
    assert message.claimed_at is not None
    in_time = (
        message.claimed_at - MADE_BEFORE_CLAIM <= record.created_at <= message.claimed_at + MADE_AFTER_CLAIM
    )
    return in_time and record.body == message.body and sender_for(message.purpose) in record.senders
