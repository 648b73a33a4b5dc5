"""`python -m bench`: a JSON line for each figure, and exit code 1 if one is not good enough.

BENCH=smoke measures 20,000 patients once instead of 1,000,000 three times, BENCH=5000 that many; BENCH_ROUNDS says how
often, BENCH_ONLY=apply_default,freeze which modules of `MODULES` alone. On a busy machine what takes less than a second
is soon taken to be twice as slow: a small bench fails only where a target is missed twice over.
"""

import os
import sys
from collections.abc import Iterator
from importlib import import_module

import django

from bench.databases import Clinics, own_databases
from bench.figures import Figure

SIZES = {"": 1_000_000, "full": 1_000_000, "smoke": 20_000}
# From so many patients on, the targets are meant as they stand.
LARGE = 100_000

# Each is a module of `bench` with a generator `figures(clinics, *, number, rounds)`, which opens the clinics it needs.
MODULES = (
    "apply_default",
    "freeze",
    "review",
    "growth",
    "dispatch",
    "memory",
)


def main() -> int:
    """What `make bench` does; returns the exit code."""
    asked = os.environ.get("BENCH", "")
    number = SIZES[asked] if asked in SIZES else int(asked)
    is_large = number >= LARGE
    rounds = int(os.environ.get("BENCH_ROUNDS", "3" if is_large else "1"))
    modules = _chosen(os.environ.get("BENCH_ONLY", ""))
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    with own_databases() as clinics:
        django.setup()
        print(f"{number:,} patients, {rounds} rounds, {clinics.kind}", file=sys.stderr)
        all_ok = True
        for figure in _figures(clinics, modules, number=number, rounds=rounds):
            print(figure.line(), flush=True)
            all_ok = all_ok and figure.is_within(1 if is_large else 2)
    return 0 if all_ok else 1


def _chosen(only: str) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()] or list(MODULES)
    if unknown := sorted(set(names) - set(MODULES)):
        sys.exit(f"BENCH_ONLY knows {', '.join(MODULES)}; not {', '.join(unknown)}.")
    return names


def _figures(clinics: Clinics, modules: list[str], *, number: int, rounds: int) -> Iterator[Figure]:
    """They import models, so they cannot be imported sooner."""
    for name in modules:
        yield from import_module(f"bench.{name}").figures(clinics, number=number, rounds=rounds)


if __name__ == "__main__":
    sys.exit(main())
