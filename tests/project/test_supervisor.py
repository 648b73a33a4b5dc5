"""The supervisor, with real processes: what dies is started again, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clinic import supervisor
from clinic.supervisor import Patience

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 10.0  # seconds; a loaded machine is slow, and each wait ends as soon as it may

# A program with a child of its own, as gunicorn and Celery have: both write their process ids into the folder.
FAMILY = """
    import os, signal, sys, time
    from pathlib import Path
    {preparation}
    child = os.fork()
    Path(sys.argv[1], f"{{'grandchild' if child == 0 else 'child'}}-{{os.getpid()}}").touch()
    time.sleep(60)
"""
IGNORES_SIGTERM = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"

# The module is loaded by itself: the package `clinic` would bring Django and Celery, and a second of waiting.
SUPERVISION = """
    import importlib.util, sys
    from datetime import timedelta
    from pathlib import Path
    found = importlib.util.spec_from_file_location("supervisor", "clinic/supervisor.py")
    sys.modules["supervisor"] = module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    from supervisor import Patience, Program, Supervisor
    folder = Path(sys.argv[1])
    program = Program(
        name="family", command=[sys.executable, "-c", sys.argv[2], str(folder)], environment={}, folder=folder
    )
    patience = Patience(first=timedelta(seconds=0.05), orderly_end=timedelta(seconds=float(sys.argv[3])))
    Supervisor([program], folder / "logs", lambda text: print(text, flush=True), patience).run(
        announce=lambda: print("ready", flush=True)
    )
    print("ended", flush=True)
"""


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


class Family:
    """A supervisor in a process of its own, over one program that has a child."""

    def __init__(self, folder: Path, *, preparation: str = "", orderly_end: float = 5) -> None:
        self.folder = folder
        program = textwrap.dedent(FAMILY).format(preparation=preparation)
        self.supervisor = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(SUPERVISION), str(folder), program, str(orderly_end)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )

    def members(self, name: str) -> list[int]:
        return sorted(int(path.name.rpartition("-")[2]) for path in self.folder.glob(f"{name}-*"))

    def wait_until_born(self) -> tuple[int, int]:
        assert eventually(lambda: self.members("child") and self.members("grandchild"))
        return self.members("child")[-1], self.members("grandchild")[-1]

    def everybody(self) -> list[int]:
        return [*self.members("child"), *self.members("grandchild")]

    def nobody_is_left(self) -> bool:
        return not any(runs(process) for process in self.everybody())


def runs(process: int) -> bool:
    """Whether it exists and is no zombie: an orphan waits for whoever is process 1 to collect it."""
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Family]]:
    started: list[Family] = []

    def start_family(**options: object) -> Family:
        started.append(Family(tmp_path, **options))  # type: ignore[arg-type]
        return started[-1]

    yield start_family
    for family in started:
        family.supervisor.kill()
        family.supervisor.communicate()
        for process in family.everybody():
            if runs(process):
                os.kill(process, signal.SIGKILL)


def test_what_is_killed_is_started_again_and_said(start: Callable[..., Family]) -> None:
    family = start()
    child, grandchild = family.wait_until_born()
    os.kill(child, signal.SIGKILL)
    assert eventually(lambda: len(family.members("child")) == 2)
    assert eventually(lambda: not runs(grandchild)), "what the dead one left behind is ended, too"
    family.supervisor.send_signal(signal.SIGINT)
    said, _ = family.supervisor.communicate(timeout=PATIENCE)
    assert "family ended (SIGKILL); starting it again in 0.05 s" in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_orderly_end_leaves_nothing_running(start: Callable[..., Family], number: signal.Signals) -> None:
    family = start()
    family.wait_until_born()
    family.supervisor.send_signal(number)
    said, _ = family.supervisor.communicate(timeout=PATIENCE)
    assert family.supervisor.returncode == 0
    assert said == "ready\nended\n"
    assert family.nobody_is_left()


def test_a_program_that_will_not_end_is_ended(start: Callable[..., Family]) -> None:
    family = start(preparation=IGNORES_SIGTERM, orderly_end=0.3)
    family.wait_until_born()
    family.supervisor.send_signal(signal.SIGTERM)
    family.supervisor.communicate(timeout=PATIENCE)
    assert family.nobody_is_left()


def test_a_second_ctrl_c_does_not_wait(start: Callable[..., Family]) -> None:
    family = start(preparation=IGNORES_SIGTERM, orderly_end=60)
    family.wait_until_born()
    family.supervisor.send_signal(signal.SIGINT)
    time.sleep(0.3)
    assert family.supervisor.poll() is None, "it waits for the first"
    family.supervisor.send_signal(signal.SIGINT)
    family.supervisor.communicate(timeout=PATIENCE)
    assert family.nobody_is_left()


@pytest.mark.parametrize("preparation", ["", IGNORES_SIGTERM])
def test_kill_9_of_the_supervisor_leaves_nothing_running(
    start: Callable[..., Family], preparation: str
) -> None:
    family = start(preparation=preparation)
    family.wait_until_born()
    family.supervisor.kill()
    family.supervisor.wait()
    assert eventually(family.nobody_is_left)


def test_kill_9_of_the_supervisor_and_its_children_leaves_no_grandchild(start: Callable[..., Family]) -> None:
    family = start()
    child, _ = family.wait_until_born()
    family.supervisor.kill()
    os.kill(child, signal.SIGKILL)
    assert eventually(family.nobody_is_left)


def test_a_killed_watchdog_is_replaced(start: Callable[..., Family]) -> None:
    family = start()
    child, _ = family.wait_until_born()
    os.kill(watchdog_of(family), signal.SIGKILL)
    assert eventually(lambda: family.supervisor.poll() is None and runs(watchdog_of(family)))
    assert runs(child)
    family.supervisor.kill()
    family.supervisor.wait()
    assert eventually(family.nobody_is_left)


def watchdog_of(family: Family) -> int:
    """The supervisor's child that runs this module as a program; 0 while there is none."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(family.supervisor.pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [line.split()[0] for line in listed.stdout.splitlines() if "supervisor.py" in line]
    return int(found[0]) if found else 0


def test_waits_double_up_to_a_limit() -> None:
    delays = [Patience().delay(failures) for failures in (0, 1, 2, 5, 10_000)]
    assert delays == [0.5, 1, 2, 15, 15]


def test_a_full_log_moves_aside_and_the_program_writes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as program:
        program.write(b"more than ten bytes\n")
        supervisor._bound(log)
        program.write(b"and on\n")
        supervisor._bound(log)
    assert log.read_bytes() == b"and on\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"more than ten bytes\n"


def test_output_goes_to_the_log(start: Callable[..., Family], tmp_path: Path) -> None:
    family = start(preparation="print('hello from', 'the program', flush=True)")
    family.wait_until_born()
    assert (tmp_path / "logs" / "family.log").read_text().startswith("hello from the program\n")
