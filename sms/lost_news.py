"""Texts that Twilio took and of which no callback brought the end: it is asked, at a few spaced times."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Q

from sms import delivery, gateway
from sms.models import Message

logger = logging.getLogger(__name__)

# When to ask, counted from the claim. After the last one the text stays as it is: "no final news".
ASK_AFTER = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
BATCH = 50

Clock = Callable[[], datetime]


def ask(*, clock: Clock, until: datetime) -> int:
    """Ask Twilio about texts without a last word, a batch at a time; returns how many it spoke of."""
    told = 0
    while clock() < until and (due := _due(clock())):
        try:
            told += _ask(due, clock)
        except gateway.CannotTell as reason:
            logger.warning("News could not be asked for: %s", reason)
            break
    return told


def _due(now: datetime) -> list[Message]:
    due = Q()
    for number, after in enumerate(ASK_AFTER):
        due |= Q(news_asked=number, claimed_at__lte=now - after)
    # Whatever has gone wrong with the oldest, the newest are not kept waiting by them.
    return list(Message.objects.in_flight().filter(due).exclude(sid="").order_by("-claimed_at")[:BATCH])


def _ask(due: list[Message], clock: Clock) -> int:
    answers = gateway.news_of(message.sid for message in due)
    for message in due:
        if found := answers.get(message.sid):
            delivery.record_answer(message_id=message.pk, record=found, at=clock())
    # Also those that Twilio did not speak of: their next turn comes.
    for number in range(1, len(ASK_AFTER) + 1):
        asked = [message.pk for message in due if _turn(message, clock()) == number]
        Message.objects.filter(pk__in=asked).update(news_asked=number)
    return sum(found is not None for found in answers.values())


def _turn(message: Message, now: datetime) -> int:
    """How many of the times have come: after a long silence one question does for all of them."""
    assert message.claimed_at is not None
    return sum(message.claimed_at + after <= now for after in ASK_AFTER)
