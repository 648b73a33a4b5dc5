"""Tries the mutants that `make.py` wrote, and says of each file how many of them the tests notice.

    python -m tests.mutants MUTANTS.jsonl FATES.jsonl [FILE ...]

A run goes on where an earlier one with the same FATES ended, and tries again what survived; with FILEs only those
files' mutants are tried. See `docs/reliability.md`.
"""

import json
import random
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import pytest

from tests.mutants import fresh, plan
from tests.mutants.fates import SURVIVED, Fates, in_a_fork
from tests.mutants.ready import Ready
from tests.mutants.source import Mutant

LONGEST = 6 * 60 * 60


def run(arguments: list[str], *plugins: object) -> str:
    return "some test" if pytest.main(arguments, plugins=plugins) else ""


def try_ready(mutants: list[Mutant], fates: Fates, tests: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        arguments = [*fresh.QUIETLY, f"--basetemp={folder}/ready", *tests]
        ready = Ready(mutants, fates)
        fate, _ = in_a_fork(lambda: run(arguments, ready), seconds=LONGEST, silently=False)
        if fate != SURVIVED:
            sys.exit("The tests fail without any mutant, or take too long.")


def try_fresh(mutants: list[Mutant], fates: Fates, tests: list[str]) -> None:
    fresh.preload(apps=not plan.KNOWN_TO_APPS & {mutant.file for mutant in mutants})
    if in_a_fork(lambda: run([*fresh.QUIETLY, *tests]), seconds=300) != (SURVIVED, ""):
        sys.exit("The tests fail without any mutant.")
    for mutant in mutants:
        begun = time.monotonic()
        fate, by = in_a_fork(partial(fresh.killer, mutant, tests), seconds=300)
        fates.tell(mutant, fate, by=by, asked=len(tests), seconds=time.monotonic() - begun)


def main(mutants_path: str, fates_path: str, *files: str) -> None:
    fates = Fates(Path(fates_path))
    mutants = [Mutant(**json.loads(line)) for line in Path(mutants_path).read_text().splitlines()]
    known = fates.known()
    left = [m for m in mutants if known.get(m.key) in (None, SURVIVED) and (not files or m.file in files)]
    random.Random(1).shuffle(left)  # So that a run that is cut short has tried a fair sample.
    left.sort(key=lambda mutant: mutant.key not in known)
    for groups, attempt in ((plan.READY, try_ready), (plan.FRESH, try_fresh)):
        for mutated, tests in groups:
            if these := [mutant for mutant in left if mutant.file in mutated]:
                attempt(these, fates, tests)
    sys.stdout.write("\n".join(fates.table(mutants)) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
