"""The bells for what is done to many patients behind the page.

A bell that is lost costs seconds: `tick` rings regularly and finds all work by itself.
"""

from datetime import timedelta

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from clinic.bells import ring
from patients import batches

# Then the worker turns to the next bell: with every process at this, nobody would send.
LONGEST_STRETCH = timedelta(seconds=20)


@shared_task
def change_patients() -> None:
    """Go on with the change of all patients that is under way."""
    done = list(batches.work_off(clock=timezone.now, until=timezone.now() + LONGEST_STRETCH))
    if done and done[-1].running:
        ring(change_patients)


@shared_task
def tick() -> None:
    """Find everything that is to be done, whatever bell was lost."""
    if batches.running():
        ring(change_patients)


def change_soon() -> None:
    """Ring for the change that has begun once the present transaction is committed."""
    transaction.on_commit(lambda: ring(change_patients))
