"""Processes that a scenario may kill, each with its log, none of them outliving the run."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from clinic.supervisor import Watchdog

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(happened: Callable[[], bool], what: str, *, seconds: float = 60, every: float = 0.05) -> float:
    """Look `every` so often; returns the seconds it took. Raises TimeoutError with `what` was waited for."""
    began = time.monotonic()
    while not happened():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(every)
    return time.monotonic() - began


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """One program, with its output in a log. `is_ready` sees the part of the log that belongs to this start."""

    watchdog: Watchdog | None = None

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        is_ready: Callable[[str], bool],
        user: str | None = None,
    ) -> None:
        self.name, self.command, self.environment = name, [*command], dict(environment)
        self.log, self.is_ready, self.user = folder / f"{name}.log", is_ready, user
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self._begins_at = 0

    def start(self, *, wait: bool = True) -> None:
        Program.watchdog = Program.watchdog or Watchdog()
        self.log.touch()
        self._begins_at = self.log.stat().st_size
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd="/" if self.user else ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                user=self.user,
                extra_groups=[] if self.user else None,
            )
        Program.watchdog.guard(self.process.pid)
        self.starts += 1
        if wait:
            self.wait_ready()

    def wait_ready(self) -> None:
        wait_until(lambda: self.ended() or self.is_ready(self.said()), f"{self.name} to be ready", seconds=90)
        if self.ended():
            raise RuntimeError(f"{self.name} ended as it started:\n{self.said()[-2000:]}")

    def said(self) -> str:
        """The log since the last start."""
        with self.log.open("rb") as log:
            log.seek(self._begins_at)
            return log.read().decode(errors="replace")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def tell(self, number: int) -> None:
        """To the program alone, not to its children."""
        os.kill(self.pid, number)

    def kill_all(self) -> None:
        """SIGKILL to the program and all its children, at once."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()

    def end(self, number: int = signal.SIGTERM, *, seconds: float = 60) -> float:
        """Ask with a signal and wait; whoever has not gone by then is killed. Returns the seconds it took."""
        began = time.monotonic()
        if not self.ended():
            self.tell(number)
            assert self.process is not None
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
        self.kill_all()
        return time.monotonic() - began

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]
