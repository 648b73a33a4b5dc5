"""What each patient costs in the large clinic, beside what one costs among ten thousand."""

from collections.abc import Iterator
from time import perf_counter

from bench import apply_default, freeze
from bench.databases import Clinics
from bench.figures import Figure, Runs, told
from bench.groups import draft, forget_texts
from patients.eligibility import counts
from settings_app.models import SmsSettings
from sms import audience, tally

SIZES = (1000, 10_000, 100_000)
BASE = 10_000
DEEDS = ("freeze", "apply", "undo", "counts", "parts")


def figures(clinics: Clinics, *, number: int, rounds: int) -> Iterator[Figure]:
    """The small ones are done more often: a tenth of a second is soon twice as long."""
    if number <= BASE:
        return  # There is nothing to compare with.
    sizes = [size for size in SIZES if size < number] + [number]
    runs = {size: _runs(clinics, size, rounds * (1 if size == number else 5)) for size in sizes}
    for name in DEEDS:
        each = {size: runs[size].median(name) / size * 1e6 for size in sizes}
        yield Figure(
            name=f"{name}_growth",
            ratio=each[number] / each[BASE],
            at_most=1.15,
            compared=f"microseconds for each of {number:,} patients with those for each of {BASE:,}",
            details=told(
                patients=number, rounds=rounds, **{f"us_of_{size}": us for size, us in each.items()}
            ),
        )


def _runs(clinics: Clinics, size: int, times: int) -> Runs:
    runs, applied = Runs(), Runs()
    with clinics.of(size, accepting=True):
        for _ in range(times):
            forget_texts()
            start = perf_counter()
            freeze.freeze(is_marketing=True)
            runs.add("freeze", perf_counter() - start)
            _review(runs)
        forget_texts()
    with clinics.of(size):
        for _ in range(times):
            apply_default.applied_and_taken_back(applied, size)
    for what in ("apply", "undo"):
        runs.seconds[what] = applied.seconds[f"ours {what}"]
    return runs


def _review(runs: Runs) -> None:
    group = draft(is_marketing=True)
    template = audience.whole(group, SmsSettings.load())
    start = perf_counter()
    counts(audience.everybody(group))
    runs.add("counts", perf_counter() - start)
    start = perf_counter()
    tally.of(group, template)
    runs.add("parts", perf_counter() - start)
