"""The only place that knows Celery. The rows are the queue; a task is a bell that says there is something to do.

A bell that is lost costs seconds: `tick` rings regularly and finds all work by itself.
"""

import logging
from datetime import timedelta
from uuid import UUID

from celery import Task, current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from sms import composing, delivery, dispatch, erasure, outbox, reminders
from sms.models import GroupMessage, Heartbeat

logger = logging.getLogger(__name__)

# Then the worker turns to the next bell: with every process draining, nobody would hear the tick.
LONGEST_DRAIN = timedelta(seconds=20)
LONGEST_LOOK_UP = timedelta(seconds=20)
# A bell that nobody heard in time is dropped. Else those of an hour of sending would pile up before the tick's.
UNHEARD_SECONDS = 30


@shared_task
def drain() -> None:
    """Send what waits. What others hold locked is left to the next tick."""
    claimed = dispatch.drain(clock=timezone.now, until=timezone.now() + LONGEST_DRAIN)
    composing.finish(at=timezone.now())
    if claimed and outbox.anything_ready(now=timezone.now()):
        _ring(drain)


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
    outbox.sweep(now=now)
    outbox.expire(now=now)
    for group_id in GroupMessage.objects.to_freeze().values_list("pk", flat=True):
        _freeze_or_log(group_id)
    composing.finish(at=now)
    if outbox.anything_ready(now=now):
        _ring(drain)


@shared_task
def look_up_unknown() -> None:
    delivery.look_up_unknown(clock=timezone.now, until=timezone.now() + LONGEST_LOOK_UP)


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


def _ring(task: Task[..., None], *args: str) -> None:
    """Enqueue `task`, at once or never: a broker that does not answer must not hold up a page."""
    try:
        task.apply_async(args, retry=False, expires=UNHEARD_SECONDS)
    except (OperationalError, OSError):
        logger.warning("The broker did not answer; the next tick finds the work", extra={"task": task.name})


def broker_answers() -> bool:
    """Whether a bell would be heard now; the embedded broker is a folder and always there."""
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        return True
    try:
        with current_app.connection_for_write(connect_timeout=2) as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except (OSError, OperationalError):
        return False
    return True
