"""Keeps programs running, and takes them along when it ends, however it ends. Standard library only.

Each program leads a process group of its own. A small watchdog process holds the reading end of a pipe whose
writing end only the supervisor has: when the supervisor is gone, even by kill -9, the pipe ends, and the watchdog
ends every group that was announced in it. A new child announces itself before it becomes the program, so there is
no moment in which it could be forgotten. (Linux's PR_SET_PDEATHSIG would reach the children, not theirs.)
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import FrameType

TICK = 0.1  # seconds between two looks at the children
LOG_BYTES = 5_000_000  # of a log and of its predecessor
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run. `environment` is the whole of it; the output goes to `name`.log."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long to wait before a restart (doubling from `first` to `longest`) and for an orderly end."""

    first: timedelta = timedelta(seconds=0.5)
    longest: timedelta = timedelta(seconds=15)
    healthy_after: timedelta = timedelta(seconds=30)
    orderly_end: timedelta = timedelta(seconds=10)

    def delay(self, failures: int) -> float:
        """Seconds to wait after that many failures in a row."""
        return min(self.first.total_seconds() * 2.0 ** min(failures, 20), self.longest.total_seconds())


@dataclass
class _Child:
    program: Program
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0  # all three by time.monotonic()
    start_at: float = 0.0
    failures: int = 0


@dataclass
class Supervisor:
    """Runs `programs` until told to stop by Ctrl-C, SIGTERM or SIGHUP; a second signal stops without waiting.

    `say` gets one sentence for each restart. Logs go to `log_folder`, each bounded to twice LOG_BYTES.
    """

    programs: Sequence[Program]
    log_folder: Path
    say: Callable[[str], None]
    patience: Patience = field(default_factory=Patience)

    def __post_init__(self) -> None:
        self._children = [
            _Child(program, self.log_folder / f"{program.name}.log") for program in self.programs
        ]
        self._signals = 0

    def run(
        self, *, is_ready: Callable[[], bool] = lambda: True, announce: Callable[[], None] = lambda: None
    ) -> None:
        """Start everything, call `announce` once `is_ready` is true, and return when all of it has ended."""
        self.log_folder.mkdir(parents=True, exist_ok=True)
        announced = False
        with self._listening():
            self._watchdog = Watchdog()
            try:
                while not self._signals:
                    self._look_after_children()
                    if not announced and is_ready():
                        announced = True
                        announce()
                    time.sleep(TICK)
            finally:
                self._stop()
                self._watchdog.dismiss()

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        def note(_number: int, _frame: FrameType | None) -> None:
            self._signals += 1

        before = {number: signal.signal(number, note) for number in STOP_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _look_after_children(self) -> None:
        if not self._watchdog.is_alive():
            self._watchdog = Watchdog()
            for child in self._children:
                if child.process:
                    self._watchdog.guard(child.process.pid)
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, child.process)
            if child.process is None and time.monotonic() >= child.start_at:
                self._start(child)
            _bound(child.log)

    def _start(self, child: _Child) -> None:
        with child.log.open("ab") as log:
            child.process = subprocess.Popen(  # noqa: S603 - our own programs, without a shell
                child.program.command,
                cwd=child.program.folder,
                env=dict(child.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # A group of its own, and Ctrl-C in the terminal reaches only us.
                preexec_fn=self._watchdog.guard_this_process,  # Safe: there are no threads here.
            )
        child.started_at = time.monotonic()

    def _bury(self, child: _Child, process: subprocess.Popen[bytes]) -> None:
        # What the dead one leaves behind could still hold the port or the queue.
        _signal_group(process.pid, signal.SIGKILL)
        self._watchdog.release(process.pid)
        now = time.monotonic()
        if now - child.started_at >= self.patience.healthy_after.total_seconds():
            child.failures = 0
        delay = self.patience.delay(child.failures)
        child.process, child.start_at = None, now + delay
        child.failures += 1
        how = _how(process.returncode)
        self.say(f"{child.program.name} ended ({how}); starting it again in {delay:g} s. See {child.log}")

    def _stop(self) -> None:
        """Ask each program to end, wait, and end whole groups that are left by force."""
        asked, running = self._signals, [child.process for child in self._children if child.process]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + self.patience.orderly_end.total_seconds()
        while self._signals <= asked and time.monotonic() < deadline:
            if all(process.poll() is not None for process in running):
                break
            time.sleep(TICK)
        for process in running:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        for child in self._children:
            child.process = None


class Watchdog:
    """The process that outlives us for as long as it takes to end our children."""

    def __init__(self) -> None:
        # -I -S: nothing but the standard library, so it is small and starts in no time.
        self._process = subprocess.Popen(  # noqa: S603 - this very file
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            bufsize=0,
        )
        assert self._process.stdin is not None
        self._pipe = self._process.stdin

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def guard(self, group: int) -> None:
        self._tell(f"+{group}\n")

    def guard_this_process(self) -> None:
        """Called in the new child, between fork and exec, when it leads its group already."""
        self.guard(os.getpid())

    def release(self, group: int) -> None:
        self._tell(f"-{group}\n")

    def dismiss(self) -> None:
        self._pipe.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        # A watchdog that died is replaced at the next look; a line is far below PIPE_BUF, so it arrives whole.
        with contextlib.suppress(BrokenPipeError):
            self._pipe.write(line.encode())


def _watch(lines: Iterator[str]) -> None:
    """The watchdog's life: keep count of the groups until the pipe ends, then end those that are left."""
    groups: set[int] = set()
    for line in lines:
        (groups.add if line[0] == "+" else groups.discard)(int(line[1:]))
    for number, seconds in ((signal.SIGTERM, 3.0), (signal.SIGKILL, 0.0)):
        for group in groups:
            _signal_group(group, number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and any(_signal_group(group, 0) for group in groups):
            time.sleep(TICK)


def _signal_group(group: int, number: int) -> bool:
    """Whether there was anybody to signal. 0 only asks."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS says the second of a group that has just ended.
        return False
    return True


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _bound(log: Path) -> None:
    """Move what a full log holds aside. The program appends, so it goes on at the new beginning."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


if __name__ == "__main__":
    _watch(iter(sys.stdin.readline, ""))
