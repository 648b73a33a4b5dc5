"""`python -m bench`: a JSON line for each figure, and exit code 1 if one is not good enough.

BENCH=smoke measures 20,000 patients instead of 1,000,000, BENCH=5000 that many; BENCH_ROUNDS says how often,
BENCH_ONLY=apply_default,freeze which modules of `MODULES` alone.
"""

import os
import sys
from collections.abc import Iterator
from importlib import import_module

import django

from bench.databases import own_database
from bench.figures import Figure

SIZES = {"": 1_000_000, "full": 1_000_000, "smoke": 20_000}

# Each is a module of `bench` with a generator `figures(*, number, rounds)`, and leaves the patients as it found them.
MODULES = ("apply_default",)


def main() -> int:
    """What `make bench` does; returns the exit code."""
    asked = os.environ.get("BENCH", "")
    number = SIZES[asked] if asked in SIZES else int(asked)
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    modules = _chosen(os.environ.get("BENCH_ONLY", ""))
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    with own_database() as kind:
        django.setup()
        # They import models, so they cannot be imported sooner.
        from django.db import connection

        from bench import people

        print(f"{number:,} patients, {rounds} rounds, {kind}", file=sys.stderr)
        people.seed(number)
        all_ok = True
        for figure in _figures(modules, number=number, rounds=rounds):
            print(figure.line(), flush=True)
            all_ok = all_ok and figure.ok
        connection.close()
    return 0 if all_ok else 1


def _chosen(only: str) -> list[str]:
    names = [name.strip() for name in only.split(",") if name.strip()] or list(MODULES)
    if unknown := sorted(set(names) - set(MODULES)):
        sys.exit(f"BENCH_ONLY knows {', '.join(MODULES)}; not {', '.join(unknown)}.")
    return names


def _figures(modules: list[str], *, number: int, rounds: int) -> Iterator[Figure]:
    for name in modules:
        yield from import_module(f"bench.{name}").figures(number=number, rounds=rounds)


if __name__ == "__main__":
    sys.exit(main())
