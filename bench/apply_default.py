"""Apply the default to everybody and take it back, beside the two bare statements each."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import perf_counter

from django.db import connection, transaction

from bench import floor, peers, processes
from bench.databases import Clinics
from bench.figures import Figure, Runs, in_turns, told
from bench.people import tidy
from patients import batches
from patients.models import PreferenceBatch

EVERYONE = PreferenceBatch.Scope.EVERYONE
MEMORY_MB = 200
SAVED_BY_PEER = 2000


def figures(clinics: Clinics, *, number: int, rounds: int) -> Iterator[Figure]:
    """`number` patients change in each of `rounds`; ours and the bare statements take turns in going first."""
    with clinics.of(number):
        runs = Runs()
        yield from _beside_the_floor(runs, number, rounds)
        yield _memory("apply_default_memory", number, "--accept")
        batch = PreferenceBatch.objects.latest("id")
        yield _memory("undo_default_memory", number, "--undo", str(batch.pk))
        yield _beside_a_loop(runs.median("ours apply") / number, number)


def applied_and_taken_back(runs: Runs, number: int) -> None:
    """Adds the seconds of "ours apply" and "ours undo"; the clinic is as it was afterwards."""
    _rolled_back_run("ours", runs, number)


def _beside_the_floor(runs: Runs, number: int, rounds: int) -> Iterator[Figure]:
    for name in in_turns(("ours", "floor"), rounds):
        _rolled_back_run(name, runs, number)
    for what in ("apply", "undo"):
        ours, bare = runs.median(f"ours {what}"), runs.median(f"floor {what}")
        yield Figure(
            name=f"{what}_default",
            ratio=ours / bare,
            at_most=1.5,
            compared="batches, ledger included, with the two bare statements that write the same rows",
            details=told(patients=number, rounds=rounds, seconds=ours, floor_seconds=bare),
        )


def _beside_a_loop(ours: float, number: int) -> Figure:
    """Last, since it leaves the first patients changed."""
    saved = min(number, SAVED_BY_PEER)
    start = perf_counter()
    peers.apply(accept=True, limit=saved)
    peer = (perf_counter() - start) / saved
    return Figure(
        name="apply_default_faster_than_a_loop",
        ratio=peer / ours,
        at_least=50,
        compared="a loop that saves each patient and a ledger row with batches, seconds for each patient",
        details=told(patients=number, peer_patients=saved, seconds=ours * number, peer_seconds=peer * saved),
    )


def _memory(name: str, number: int, *arguments: str) -> Figure:
    """The command as staff run it, committed."""
    ended = processes.manage("apply_sms_default", *arguments, "--yes")
    assert f": {number}. To " in ended.said, ended.said
    return Figure(
        name=name,
        ratio=ended.peak_mb / MEMORY_MB,
        at_most=1.0,
        compared=f"peak memory of the process of apply_sms_default with {MEMORY_MB} MB",
        details=told(patients=number, rounds=1, peak_mb=ended.peak_mb),
    )


def _ours(name: str, runs: Runs, number: int) -> None:
    with _timed(runs, f"{name} apply"):
        batch = _whole(batches.apply_default(accept=True, scope=EVERYONE, at=_now()))
    with _timed(runs, f"{name} undo"):
        undone = _whole(batches.undo(batch_id=batch.pk, at=_now()))
    assert batch.changed == undone.changed == number


def _whole(batch: PreferenceBatch) -> PreferenceBatch:
    """Slice after slice, as a worker does it."""
    for done in batches.work_off(clock=_now):
        batch = done
    return batch


def _floor(name: str, runs: Runs, number: int) -> None:
    at = _now()
    done, undone = (PreferenceBatch.objects.create(to_value=True, scope=EVERYONE, at=at) for _ in range(2))
    with _timed(runs, f"{name} apply"):
        applied = floor.apply(batch=done.pk, at=at)
    with _timed(runs, f"{name} undo"):
        restored = floor.undo(done=done.pk, batch=undone.pk, at=at)
    assert applied == restored == number


_DEEDS = {"ours": _ours, "floor": _floor}


def _rolled_back_run(name: str, runs: Runs, number: int) -> None:
    with _rolled_back():
        _DEEDS[name](name, runs, number)
    tidy()


@contextmanager
def _timed(runs: Runs, name: str) -> Iterator[None]:
    """Foreign keys are checked within the time, as a commit would."""
    start = perf_counter()
    yield
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    runs.add(name, perf_counter() - start)


@contextmanager
def _rolled_back() -> Iterator[None]:
    """The ledger only grows; a run that is rolled back leaves it as it was for the next one."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _now() -> datetime:
    return datetime.now(UTC)
