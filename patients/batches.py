"""Apply the default to all existing patients, and take it back: at once for few, in slices for many."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q

from patients import slices
from patients.models import ConsentEvent, Patient, PreferenceBatch, SuppressedNumber
from patients.models.consent import CHOSEN

Scope = PreferenceBatch.Scope

AT_ONCE = 5_000  # patients who change in the transaction, and so in the request, that begins it
SLICE = 10_000  # patients looked at in one transaction: others wait for a locked one a second at most
BREATH = timedelta(seconds=0.25)  # between two slices, where there is one writer at a time


@dataclass(frozen=True, slots=True)
class Preview:
    """What applying the default would do, in patients."""

    to_yes: int
    to_no: int
    unchanged: int
    choices_overwritten: int
    blocked: int

    @property
    def changed(self) -> int:
        return self.to_yes + self.to_no


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What undoing a batch would do, in patients."""

    restored: int
    touched_since: int


class AlreadyUndone(Exception):
    """This batch has been undone before."""


class CountChanged(Exception):
    """Not as many patients would change as was confirmed, so nobody has been changed."""

    def __init__(self, *, confirmed: int, found: int) -> None:
        self.confirmed, self.found = confirmed, found
        super().__init__(f"{confirmed} patients were confirmed, {found} would change.")


class AnotherUnderWay(Exception):
    """Somebody else is changing or importing patients at this very moment, so nobody has been changed."""


def preview(*, accept: bool, scope: Scope) -> Preview:
    """Count, in one query, who would change. `blocked` are those whose number stays blocked in any case."""
    in_scope, changing = slices.in_scope(scope), Q(accepts_sms_marketing=not accept)
    on_blocked = Exists(SuppressedNumber.objects.in_force().filter(phone=OuterRef("phone")))
    found = in_scope.annotate(on_blocked=on_blocked).aggregate(
        changed=Count("pk", filter=changing),
        unchanged=Count("pk", filter=~changing),
        overwritten=Count("pk", filter=changing & Q(sms_marketing_source__in=CHOSEN)),
        blocked=Count("pk", filter=Q(on_blocked=True)),
    )
    return Preview(
        to_yes=found["changed"] if accept else 0,
        to_no=0 if accept else found["changed"],
        unchanged=found["unchanged"],
        choices_overwritten=found["overwritten"],
        blocked=found["blocked"],
    )


def undo_preview(batch: PreferenceBatch) -> UndoPreview:
    """Count whom undoing `batch` would restore, and who has been touched since and stays as they are."""
    restored = slices.untouched(batch).count()
    return UndoPreview(restored=restored, touched_since=batch.changed - restored)


def apply_default(
    *,
    accept: bool,
    scope: Scope,
    at: datetime,
    by: AbstractBaseUser | None = None,
    confirmed: int | None = None,
    at_once: int | None = None,
) -> PreferenceBatch:
    """Set the preference of every patient in `scope` to `accept`, with a ledger row for each that changes.

    If more than `at_once` (AT_ONCE) would change, nobody has been changed yet: the batch is `running`, and
    `work_off` does it. Patients who come or are changed after this call are left alone. Numbers blocked by STOP
    stay blocked.
    Raises CountChanged, and changes nobody, if not exactly `confirmed` patients (where given) would change;
    AnotherUnderWay.
    """
    with transaction.atomic():
        _be_the_only_one()
        batch = PreferenceBatch(to_value=accept, scope=scope, recorded_by_id=_pk(by), at=at)
        found = _begin(batch, at_once=at_once)
        if confirmed is not None and found != confirmed:
            raise CountChanged(confirmed=confirmed, found=found)
    return batch


def undo(
    *, batch_id: int, at: datetime, by: AbstractBaseUser | None = None, at_once: int | None = None
) -> PreferenceBatch:
    """Give back what a batch took, to exactly the patients whom nobody has touched since.

    Like `apply_default` it only begins if more than `at_once` would change. Undoing an undo works the same way.
    Raises PreferenceBatch.DoesNotExist, AlreadyUndone, AnotherUnderWay.
    """
    with transaction.atomic():
        _be_the_only_one()
        done = PreferenceBatch.objects.select_for_update().get(pk=batch_id)
        if done.undos.exists():
            raise AlreadyUndone
        batch = PreferenceBatch(to_value=None, scope=done.scope, undo_of=done, recorded_by_id=_pk(by), at=at)
        _begin(batch, at_once=at_once)
    return batch


def running() -> PreferenceBatch | None:
    """The batch that is being worked off; there is one at most."""
    return PreferenceBatch.objects.select_related("undo_of").filter(running=True).first()


def work_off(*, clock: Callable[[], datetime], until: datetime | None = None) -> Iterator[PreferenceBatch]:
    """Change slice after slice, and yield how far the batch is after each, until it is done or time is up.

    It may be left at any point, by a crash too: whoever calls next goes on where the last whole slice ended.
    """
    batch = running()
    while batch is not None:
        if (batch := next_slice(batch.pk)) is None:
            return
        yield batch
        if not batch.running or (until is not None and clock() >= until):
            return
        if connection.vendor == "sqlite":
            # It has one writer at a time, and whoever waits only looks every tenth of a second.
            time.sleep(BREATH.total_seconds())


def next_slice(batch_id: int, *, patients: int = SLICE) -> PreferenceBatch | None:
    """Change those of the next so many `patients`, and how far the batch is, in one transaction.

    None if somebody else is at work on it just now.
    """
    with transaction.atomic():
        # Not "of" anything else: an undo's batch is joined, and stays free.
        free = PreferenceBatch.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        batch = free.select_related("undo_of").filter(pk=batch_id).first()
        if batch is None or not batch.running:
            return batch
        up_to = slices.end_of_slice(batch, patients=patients)
        batch.changed += slices.change(batch, after=batch.done_up_to, up_to=up_to)
        batch.done_up_to, batch.running = up_to, up_to < batch.last_patient
        batch.save(update_fields=["changed", "done_up_to", "running"])
    return batch


def keep_away() -> None:
    """Until the transaction ends nobody begins to change all patients: those made in it would be half in."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtext(%s))", [_LOCK])


_LOCK = PreferenceBatch._meta.db_table


def _be_the_only_one() -> None:
    """Until the transaction ends nobody else changes all patients; whoever tries is told at once.

    SQLite needs no more than its one writer at a time: the second one waits, and then finds other figures.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s))", [_LOCK])
            if not cursor.fetchone()[0]:
                raise AnotherUnderWay
    if PreferenceBatch.objects.filter(running=True).exists():
        raise AnotherUnderWay


def _begin(batch: PreferenceBatch, *, at_once: int | None) -> int:
    """Write down what is to be done, and do it if it is little; returns how many patients (would) change."""
    batch.last_patient = Patient.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    batch.last_event = ConsentEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    everybody = {"after": 0, "up_to": batch.last_patient}
    batch.expected = slices.changing(batch, **everybody).count()
    batch.running = batch.expected > (AT_ONCE if at_once is None else at_once)
    batch.save(force_insert=True)
    if batch.running:
        return batch.expected
    batch.changed = slices.change(batch, **everybody)
    batch.save(update_fields=["changed"])
    return batch.changed


def _pk(user: AbstractBaseUser | None) -> int | None:
    return user.pk if user else None
