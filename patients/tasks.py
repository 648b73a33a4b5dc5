"""The bells for what is done to many patients behind the page.

A bell that is lost costs seconds: `tick` rings regularly and finds all work by itself.
"""

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from clinic.bells import ring
from patients import batches
from patients.csv_import import behind
from patients.models import ImportState, PatientImport

# Then the worker turns to the next bell: with every process at this, nobody would send.
LONGEST_STRETCH = timedelta(seconds=20)
# An import is all or nothing, so it cannot be done in stretches.
LONGEST_IMPORT_SECONDS = 2 * 60 * 60


@shared_task
def change_patients() -> None:
    """Go on with the change of all patients that is under way."""
    done = list(batches.work_off(clock=timezone.now, until=timezone.now() + LONGEST_STRETCH))
    if done and done[-1].running:
        ring(change_patients)


@shared_task(time_limit=LONGEST_IMPORT_SECONDS)
def work_on_import(import_id: str) -> None:
    """Check or import a large file."""
    behind.work(import_id=UUID(import_id), clock=timezone.now)


@shared_task
def tick() -> None:
    """Find everything that is to be done, whatever bell was lost."""
    if batches.running():
        ring(change_patients)
    behind.tidy(now=timezone.now())
    for import_id in PatientImport.objects.filter(state=ImportState.WAITING).values_list("pk", flat=True):
        ring(work_on_import, str(import_id))


def change_soon() -> None:
    """Ring for the change that has begun once the present transaction is committed."""
    transaction.on_commit(lambda: ring(change_patients))


def import_soon(import_id: UUID) -> None:
    """Ring for a large file once the present transaction is committed."""
    transaction.on_commit(lambda: ring(work_on_import, str(import_id)))
