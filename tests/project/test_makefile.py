"""make: its help, its aliases, and the order of its checks."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text()
CHECKS = [
    "lint",
    "types",
    "imports",
    "templates",
    "migrations",
    "deploy",
    "security",
    "containers",
    "services",
    "suite",
    "smoke",
]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def make(*arguments: str) -> str:
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def targets() -> set[str]:
    phony = re.search(r"\.PHONY:((?:.*\\\n)*.*)", MAKEFILE)
    assert phony
    return set(phony[1].replace("\\", " ").split())


def test_help_explains_every_target_and_is_the_default() -> None:
    explained = dict(line.split(maxsplit=2)[1:] for line in make("help").splitlines())
    assert set(explained) == targets()
    assert all(len(text) > 5 for text in explained.values())
    assert make() == make("help")


@pytest.mark.parametrize("command", ["demo", "test"])
def test_demo_and_test_are_aliases(command: str) -> None:
    assert make("-n", command, "ARGS=--port 8010").strip() == f"python3 bootstrap.py {command} --port 8010"


def test_check_runs_the_cheap_checks_first_and_leaves_none_out() -> None:
    assert re.findall(r'^echo "--- (\w+)"$', make("-n", "check"), re.MULTILINE) == CHECKS


def test_the_lock_files_are_written_without_the_name_of_a_registry() -> None:
    commands = make("-n", "lock").replace("\\\n", "")
    assert commands.count("--generate-hashes --no-emit-index-url") == 2
