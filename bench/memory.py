"""A worker's peak memory: with a list of everybody in the clinic, and with one of a thousand."""

from collections.abc import Iterator

from bench import dispatch, processes
from bench.databases import Clinics
from bench.figures import Figure, told
from bench.groups import confirmed

SMALL = 1000


def figures(clinics: Clinics, *, number: int, rounds: int) -> Iterator[Figure]:
    small, large = (_peaks(clinics, size) for size in (SMALL, number))
    for name, what in (("freeze", "makes a list"), ("dispatch", "sends from a list")):
        yield Figure(
            name=f"{name}_memory",
            ratio=large[name] / small[name],
            at_most=1.2,
            compared=f"peak memory of a worker that {what} of {number:,} with one of {SMALL:,}",
            details=told(patients=number, rounds=1, peak_mb=large[name], small_peak_mb=small[name]),
        )


def _peaks(clinics: Clinics, size: int) -> dict[str, float]:
    """In megabytes: of the process that freezes, and of one that sends what waits then."""
    with clinics.of(size, accepting=True):
        freeze = processes.module("alone", "freeze", str(confirmed(is_marketing=False).pk)).peak_mb
        with dispatch.wire(0):
            [sender] = dispatch.workers(1)
    return {"freeze": freeze, "dispatch": sender["peak_mb"]}
