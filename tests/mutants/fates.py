"""What became of each mutant."""

import json
import os
import signal
import sys
import time
import traceback
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from tests.mutants.source import Mutant

KILLED, SURVIVED, TIMED_OUT = "killed", "survived", "timed out"


class Fates:
    """Kept in a file, a line each, so that a run can go on where an earlier one ended."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()

    def known(self) -> dict[str, str]:
        lines = map(json.loads, self.path.read_text().splitlines())
        return {line["mutant"]: line["fate"] for line in lines}

    def tell(self, mutant: Mutant, fate: str, *, by: str, asked: int, seconds: float) -> None:
        line = {"mutant": mutant.key, "fate": fate, "by": by, "asked": asked, "seconds": round(seconds, 2)}
        with self.path.open("a") as file:
            file.write(json.dumps(line) + "\n")
        if fate == SURVIVED:
            sys.stderr.write(f"survived {asked} tests: {mutant.key}\n")

    def table(self, mutants: list[Mutant]) -> list[str]:
        """A line for each file: mutants, killed, timed out, survived."""
        known = self.known()
        by_file: dict[str, list[str]] = defaultdict(list)
        for mutant in mutants:
            by_file[mutant.file].append(known.get(mutant.key, "not tried"))
        return [
            f"{file}: {len(fates)} mutants, {fates.count(KILLED)} killed, {fates.count(TIMED_OUT)} timed out, "
            f"{fates.count(SURVIVED)} survived, {fates.count('not tried')} not tried"
            for file, fates in by_file.items()
        ]


def in_a_fork(by: Callable[[], str], *, seconds: float, silently: bool = True) -> tuple[str, str]:
    """The fate of a mutant, and which test killed it: `by` says so in a child process, "" if none did."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.setsid()
        if silently:
            silence = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silence, 1)
            os.dup2(silence, 2)
        killer = "a crash"
        try:
            killer = by()
        except BaseException:  # noqa: BLE001  Whatever it is, the mutant was noticed; the process ends here.
            if not silently:
                traceback.print_exc()
        finally:
            os.write(writing, killer.encode()[:4000])
            os._exit(bool(killer))
    os.close(writing)
    give_up = time.monotonic() + seconds
    fate = TIMED_OUT
    while fate == TIMED_OUT and time.monotonic() < give_up:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            fate = KILLED if status else SURVIVED
        else:
            time.sleep(0.02)
    _end(child)
    if fate == TIMED_OUT:
        os.waitpid(child, 0)
    with os.fdopen(reading, "rb") as said:
        return fate, said.read().decode() if fate == KILLED else ""


def _end(leader: int) -> None:
    """The process with all that it started."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return
