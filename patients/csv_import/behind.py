"""Large files, checked and imported behind the page: asked for, done by a worker, and found again after a crash.

The row says what is to be done and what came of it; what stands in the file stays in the folder of uploads. Who
finishes a step says so in the same transaction, and only if nobody has given it up meanwhile.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from patients.csv_import import uploads
from patients.csv_import.columns import Column
from patients.csv_import.importing import Checked, HasProblems, check, run
from patients.csv_import.sheet import Sheet
from patients.csv_import.stored import Preview, to_text
from patients.models import ImportState, PatientImport, Step
from settings_app.models import SmsSettings

logger = logging.getLogger(__name__)

LARGE_BYTES = 300_000  # some 4,000 rows: what takes a second or two is done while the person waits


class _GivenUp(Exception):
    """Somebody has given this step up: it has been silent for too long."""


def is_large(name: str) -> bool:
    """Raises uploads.Gone."""
    return uploads.path_of(name).stat().st_size > LARGE_BYTES


def ask(*, seen: uploads.Seen, step: Step, at: datetime, by: User) -> PatientImport:
    """Write down that a file is to be checked or imported.

    A file that is to be imported is taken, which happens once. Raises uploads.Gone.
    """
    with uploads.path_of(seen.name).open("rb") as file:
        rows = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(65_536), b""))
    try:
        with transaction.atomic():
            asked = PatientImport.objects.create(
                file=seen.name,
                rows=rows,
                step=step,
                places={column.value: place for column, place in seen.places.items()},
                seen=seen.counts if step == Step.IMPORT else None,
                asked_by=by,
                asked_at=at,
            )
            if step == Step.IMPORT:
                uploads.claim(seen.name)
    except IntegrityError:
        raise uploads.Gone from None
    return asked


def of(user: User) -> QuerySet[PatientImport]:
    """What `user` asked for that is not finished, and checks that wait to be looked at, newest first."""
    to_look_at = Q(step=Step.CHECK, state=ImportState.DONE, file__in=uploads.names())
    unfinished = Q(state__in=[ImportState.WAITING, ImportState.WORKING])
    return PatientImport.objects.filter(to_look_at | unfinished, asked_by=user)


def seen_of(asked: PatientImport, counts: dict[str, int] | None = None) -> uploads.Seen:
    """What the person who asked may sign for."""
    places = {Column(name): place for name, place in asked.places.items()}
    return uploads.Seen(asked.file, asked.asked_by_id, places, counts or asked.seen or {})


def notes_of(asked: PatientImport) -> uploads.Notes:
    return uploads.Notes(asked.file, asked.pk.hex)


def work(*, import_id: UUID, clock: Callable[[], datetime]) -> None:
    """Do one step that waits. Whatever goes wrong, the file is where it was and nobody has been added."""
    waiting = PatientImport.objects.filter(pk=import_id, state=ImportState.WAITING)
    if not waiting.update(state=ImportState.WORKING, begun_at=clock()):
        return
    asked = PatientImport.objects.select_related("asked_by").get(pk=import_id)
    notes_of(asked).note("read", 0)
    try:
        (_check if asked.step == Step.CHECK else _import)(asked, clock)
    except _GivenUp:
        logger.warning("An import was given up while it was under way", extra={"import": str(asked.pk)})
    except (uploads.Gone, FileNotFoundError):
        _end(asked, ImportState.GONE, clock())
    except (HasProblems, IntegrityError):
        _end(asked, ImportState.REFUSED, clock())
    except Exception:  # The person must hear of it, whatever it was; so must whoever reads the log.
        logger.exception("An import broke off", extra={"import": str(asked.pk)})
        _end(asked, ImportState.BROKEN, clock())


def tidy(*, now: datetime) -> None:
    """Give up what has been silent for too long, and remove files that were imported by somebody who then died."""
    for asked in PatientImport.objects.filter(state=ImportState.WORKING):
        heard_at = max(filter(None, [notes_of(asked).heard_at(), asked.begun_at]))
        if heard_at < now - uploads.SILENT_AFTER:
            _end(asked, ImportState.BROKEN, now)
    for asked in PatientImport.objects.filter(state=ImportState.DONE, step=Step.IMPORT).exclude(file=""):
        _forget_file(asked)


def _check(asked: PatientImport, clock: Callable[[], datetime]) -> None:
    notes = notes_of(asked)
    sheet = Sheet.open(uploads.path_of(asked.file))
    checked = check(sheet, seen_of(asked).places, **_here_and_now(clock()), note=notes.note)
    notes.keep_preview(to_text(Preview.of(checked)))
    _finish(asked, checked, clock())


def _import(asked: PatientImport, clock: Callable[[], datetime]) -> None:
    at = clock()
    run(
        Sheet.open(uploads.taken(asked.file)),
        seen_of(asked).places,
        **_here_and_now(at),
        at=at,
        by=asked.asked_by,
        seen=asked.seen,
        folder=uploads.folder(),
        note=notes_of(asked).note,
        alongside=lambda checked: _finish(asked, checked, clock()),
    )
    _forget_file(asked)


def _here_and_now(at: datetime) -> dict[str, Any]:
    settings = SmsSettings.load()
    return {"country": settings.country, "today": at.astimezone(settings.zone).date()}


def _finish(asked: PatientImport, checked: Checked, at: datetime) -> None:
    counts = {outcome.value: count for outcome, count in checked.counts.items()}
    mine = PatientImport.objects.filter(pk=asked.pk, state=ImportState.WORKING)
    if not mine.update(state=ImportState.DONE, counts=counts, finished_at=at):
        raise _GivenUp


def _end(asked: PatientImport, state: ImportState, at: datetime) -> None:
    """Nothing was done: the file may be looked at again, unless somebody else has said so already."""
    mine = PatientImport.objects.filter(pk=asked.pk, state=ImportState.WORKING)
    if mine.update(state=state, finished_at=at) and asked.step == Step.IMPORT:
        uploads.release(asked.file)


def _forget_file(asked: PatientImport) -> None:
    uploads.remove(asked.file)
    PatientImport.objects.filter(pk=asked.pk).update(file="")
