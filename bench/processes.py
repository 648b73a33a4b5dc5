"""Programs in processes of their own, and how much memory each took at most."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# A process is credited with the memory of whoever starts it, so a small one stands between.
_BETWEEN = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(process.pid, 0)
print("\\n" + str(used.ru_maxrss), os.waitstatus_to_exitcode(status))
"""
_TO_MB = 1 / 1024**2 if sys.platform == "darwin" else 1 / 1024


@dataclass(frozen=True, slots=True)
class Ended:
    """What it printed, and its peak memory."""

    said: str
    peak_mb: float


def run(*command: str) -> Ended:
    """Run it to its end. Raises RuntimeError if it fails."""
    between = [sys.executable, "-S", "-E", "-c", _BETWEEN, *command]
    printed = subprocess.run(between, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    said, _, last = printed.rstrip("\n").rpartition("\n")
    peak, code = last.split()
    if code != "0":
        raise RuntimeError(f"{' '.join(command[1:3])} ended with {code}")
    return Ended(said.removesuffix("\n"), int(peak) * _TO_MB)


def manage(*arguments: str) -> Ended:
    """A command of ours."""
    return run(sys.executable, "manage.py", *arguments)


def module(name: str, *arguments: str) -> Ended:
    """`python -m bench.NAME`."""
    return run(sys.executable, "-m", f"bench.{name}", *arguments)
