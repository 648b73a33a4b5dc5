"""`python -m bench`: a JSON line for each figure, and exit code 1 if one is not good enough.

BENCH=smoke measures 20,000 patients instead of 1,000,000, BENCH=5000 that many; BENCH_ROUNDS says how often.
"""

import os
import sys

import django

from bench.databases import own_database

SIZES = {"": 1_000_000, "full": 1_000_000, "smoke": 20_000}


def main() -> int:
    """What `make bench` does; returns the exit code."""
    asked = os.environ.get("BENCH", "")
    number = SIZES[asked] if asked in SIZES else int(asked)
    rounds = int(os.environ.get("BENCH_ROUNDS", "3"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "clinic.settings"
    with own_database() as kind:
        django.setup()
        # They import models, so they cannot be imported sooner.
        from django.db import connection

        from bench import apply_default, people

        print(f"{number:,} patients, {rounds} rounds, {kind}", file=sys.stderr)
        people.seed(number)
        all_ok = True
        for figure in apply_default.figures(number=number, rounds=rounds):
            print(figure.line(), flush=True)
            all_ok = all_ok and figure.ok
        connection.close()
    return 0 if all_ok else 1


if __name__ == "__main__":
    sys.exit(main())
