"""The list of a group SMS: a row for each patient, beside the barest INSERT of the same rows and beside objects."""

from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter

from django.db import connection, transaction

from bench import processes
from bench.databases import Clinics
from bench.figures import Figure, Runs, in_turns, told
from bench.groups import confirmed, forget_texts
from sms import composing
from sms.models import Message

# An object for each text of a million would take seven gigabytes and many minutes: so many are measured.
MOST_OBJECTS = 10_000


def figures(clinics: Clinics, *, number: int, rounds: int) -> Iterator[Figure]:
    with clinics.of(number, accepting=True):
        for is_marketing in (True, False):
            yield _beside_the_floor(number, rounds, is_marketing=is_marketing)
        yield from _beside_objects(number, rounds)


def _beside_the_floor(number: int, rounds: int, *, is_marketing: bool) -> Figure:
    runs = Runs()
    columns = _kept_from_a_first_run(number, is_marketing=is_marketing)
    for name in in_turns(("ours", "floor"), rounds):
        forget_texts()
        start = perf_counter()
        made = freeze(is_marketing=is_marketing) if name == "ours" else _bare(columns)
        runs.add(name, perf_counter() - start)
        assert made == number
    forget_texts()
    ours, floor = runs.median("ours"), runs.median("floor")
    return Figure(
        name="freeze_marketing" if is_marketing else "freeze_service",
        ratio=ours / floor,
        at_most=1.5,
        compared="composing.freeze with one INSERT … SELECT of the finished rows from a table that holds them",
        details=told(patients=number, rounds=rounds, seconds=ours, floor_seconds=floor),
    )


def freeze(*, is_marketing: bool) -> int:
    """Everybody's row; returns how many."""
    return composing.freeze(group_id=confirmed(is_marketing=is_marketing).pk, at=datetime.now(UTC))


def _kept_from_a_first_run(number: int, *, is_marketing: bool) -> str:
    """Keeps what ours writes in a table; returns the columns. It has been run once then, like the floor later."""
    forget_texts()
    assert freeze(is_marketing=is_marketing) == number
    columns = ", ".join(
        field.column
        for field in Message._meta.concrete_fields
        if not field.primary_key and field.column not in {"token"}
    )
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS bench_texts")
        cursor.execute(f"CREATE TABLE bench_texts AS SELECT {columns} FROM sms_message ORDER BY id")
    return columns


def _bare(columns: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO sms_message ({columns}) SELECT {columns} FROM bench_texts")
        return int(cursor.rowcount)


def _beside_objects(number: int, rounds: int) -> Iterator[Figure]:
    """In processes of their own; what a process takes that does nothing does not count."""
    objects = min(number, MOST_OBJECTS)
    runs = Runs()
    memory: dict[str, float] = {"nothing": processes.module("alone", "nothing").peak_mb}
    for name in in_turns(("freeze", "freeze_by_objects"), rounds):
        forget_texts()
        group = str(confirmed(is_marketing=False).pk)
        ended = processes.module(
            "alone", name, group, *([str(objects)] if name == "freeze_by_objects" else [])
        )
        runs.add(name, float(ended.said.splitlines()[-1]))
        memory[name] = max(memory.get(name, 0), ended.peak_mb)
    forget_texts()
    ours, peer = runs.median("freeze") / number, runs.median("freeze_by_objects") / objects
    details = told(
        patients=number,
        peer_patients=objects,
        rounds=rounds,
        seconds=ours * number,
        peer_seconds=peer * objects,
    )
    yield Figure(
        name="freeze_faster_than_objects",
        ratio=peer / ours,
        at_least=3,
        compared="bulk_create of an object for each text with composing.freeze, seconds for each patient",
        details=details,
    )
    # Less than a megabyte is the chance of a page more or less.
    added = {name: max(memory[name] - memory["nothing"], 1) for name in ("freeze", "freeze_by_objects")}
    yield Figure(
        name="freeze_smaller_than_objects",
        ratio=added["freeze_by_objects"] / added["freeze"],
        at_least=20,
        compared="memory that bulk_create adds to a process with what composing.freeze adds",
        details=details | told(**{f"{name}_mb": peak for name, peak in memory.items()}),
    )
