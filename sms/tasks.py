"""The bells of texting. The rows are the queue; a task is a bell that says there is something to do.

A bell that is lost costs seconds: `tick` rings regularly and finds all work by itself.
"""

import logging
from datetime import timedelta
from uuid import UUID

from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from clinic.bells import ring as _ring
from sms import (
    breaker,
    composing,
    delivery,
    dispatch,
    erasure,
    lost_news,
    outbox,
    reminders,
    restored,
    steering,
    timing,
)
from sms.models import GroupMessage, Heartbeat

logger = logging.getLogger(__name__)

# Then the worker turns to the next bell: with every process draining, nobody would hear the tick.
LONGEST_DRAIN = timedelta(seconds=20)
LONGEST_LOOK_UP = timedelta(seconds=20)


@shared_task
def drain() -> None:
    """Send what waits. What others hold locked is left to the next tick."""
    until = timezone.now() + LONGEST_DRAIN
    claimed = dispatch.drain(clock=timezone.now, until=until)
    composing.finish(at=timezone.now())
    now = timezone.now()
    if claimed and outbox.anything_ready(now=now):
        # If it ended before its time, a sender has reached what it can do: a second later it can do more.
        _ring(drain, in_seconds=0 if now >= until else 1)


@shared_task
def freeze(group_id: str) -> None:
    """Make the list of a confirmed group SMS, then send."""
    composing.freeze(group_id=UUID(group_id), at=timezone.now())
    _ring(drain)


@shared_task
def tick() -> None:
    """Find everything that is to be done, whatever bell was lost."""
    now = timezone.now()
    Heartbeat.beat(at=now)
    may_send = restored.may_send(clock=timezone.now)
    if may_send:
        Heartbeat.compared(at=now)
    outbox.sweep(now=now)
    outbox.expire(now=now)
    steering.stop_leftovers(at=now)
    breaker.check(now=now)
    for group_id in GroupMessage.objects.to_freeze().values_list("pk", flat=True):
        _freeze_or_log(group_id)
    composing.finish(at=now)
    if may_send and outbox.anything_ready(now=now):
        _ring(drain)


@shared_task
def look_up_unknown() -> None:
    delivery.look_up_unknown(clock=timezone.now, until=timezone.now() + LONGEST_LOOK_UP)


@shared_task
def ask_for_lost_news() -> None:
    lost_news.ask(clock=timezone.now, until=timezone.now() + LONGEST_LOOK_UP)


@shared_task
def release_promotions() -> None:
    """After a change of the quiet hours or of a patient's time zone. Everything else is written on the rows."""
    if timing.release(now=timezone.now()):
        _ring(drain)


@shared_task
def queue_due_reminders() -> None:
    if reminders.queue_due_reminders(now=timezone.now()):
        _ring(drain)


@shared_task
def finish_erasures() -> None:
    erasure.finish(at=timezone.now())


def _freeze_or_log(group_id: UUID) -> None:
    try:
        composing.freeze(group_id=group_id, at=timezone.now())
    except Exception:  # A group SMS whose list cannot be made must not hold up all others.
        logger.exception("The list could not be made", extra={"group_message_id": str(group_id)})


def send_soon() -> None:
    """Ring for the sender once the present transaction is committed."""
    transaction.on_commit(lambda: _ring(drain))


def freeze_soon(group_id: UUID) -> None:
    """Ring for the list of a group SMS once the present transaction is committed."""
    transaction.on_commit(lambda: _ring(freeze, str(group_id)))


def broker_answers() -> bool:
    """Whether a bell would be heard now; the embedded broker is a folder and always there."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        return True
    try:
        with current_app.connection_for_write(connect_timeout=1) as broker:
            broker.ensure_connection(max_retries=0)  # Before a second try it would sleep for two seconds.
    except (OSError, OperationalError):
        return False
    return True
