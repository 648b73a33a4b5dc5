"""A clinic on a day that does not change, with its pages on a server of its own. Nothing is sent.

The clock stands still, so that what its pages show differs only where the pages do.
`python -m tests.journeys.still PORT STATE` is that server.
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import django
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.core.servers.basehttp import run
from django.core.wsgi import get_wsgi_application

from tests.journeys.clinic import ROOT, free_port, wait

OPENED_AT = datetime(2026, 11, 18, 10, 4, tzinfo=ZoneInfo("Australia/Sydney"))
MANAGER = ("manager", "quiet-harbour-71")  # as sms/demo/staff.py makes them
VALUES = "values.json"


@dataclass(frozen=True)
class Still:
    """Where its pages are, where its data lies, and values for the arguments of addresses, by name."""

    url: str
    folder: Path
    values: dict[str, list[Any]]


@contextmanager
def open_still(state: str, **environment: str) -> Iterator[Still]:
    """A clinic in one of the states of `tests.journeys.states`, until the context ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        environment |= {
            "PATH": os.environ["PATH"],
            "CLINIC_DATA_DIR": folder,
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
            "PUBLIC_BASE_URL": url,
            "TWILIO_MARKETING_SENDER": "MG" + "a1" * 16,
            "TWILIO_CARE_SENDER": "MG" + "b2" * 16,
        }
        command = [sys.executable, "-m", "tests.journeys.still", str(port), state]
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
        ) as server:
            try:
                wait(lambda: _answers(port) or server.poll() is not None, "the clinic", 300)
                assert server.poll() is None, f"The clinic did not open: it ended with {server.returncode}."
                yield Still(url, Path(folder), json.loads(Path(folder, VALUES).read_text()))
                assert server.poll() is None, (
                    f"The clinic did not stay open: it ended with {server.returncode}."
                )
            finally:
                server.terminate()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
            return True
    except OSError:
        return False


def _end_with_the_parent() -> None:
    """However that ends: then nobody holds the other end of the pipe any more."""
    sys.stdin.read()
    os._exit(0)


def main(port: int, state: str) -> None:
    Thread(target=_end_with_the_parent, daemon=True).start()
    django.setup()
    states = import_module("tests.journeys.states")  # only now, as Django demands
    call_command("migrate", interactive=False, verbosity=0)
    values = getattr(states, state)(OPENED_AT)
    Path(settings.DATA_DIR, VALUES).write_text(json.dumps(values, default=str))
    run("127.0.0.1", port, get_wsgi_application(), threading=True)


if __name__ == "__main__":
    with time_machine.travel(OPENED_AT, tick=False):
        main(int(sys.argv[1]), sys.argv[2])
