"""How a task is called. The rows are the queue; a task is a bell that says there is something to do."""

import logging

from celery import Task
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

# A bell that nobody heard in time is dropped. Else those of an hour of work would pile up before the tick's.
UNHEARD_SECONDS = 30


def ring(task: Task[..., None], *args: str, in_seconds: int = 0) -> None:
    """Enqueue `task`, at once or never: a broker that does not answer must not hold up a page."""
    try:
        task.apply_async(args, countdown=in_seconds, retry=False, expires=UNHEARD_SECONDS)
    except (OperationalError, OSError):
        logger.warning("The broker did not answer; the next tick finds the work", extra={"task": task.name})
