"""The simulator as a process of its own, and the questions that tests put to it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "AC" + "5" * 32
TOKEN = "the simulator's token"
MARKETING = "MG" + "a" * 32
CARE = "MG" + "c" * 32

CALM: dict[str, Any] = {
    "latency_ms": 0,
    "rate": 0,
    "delivery_delay_ms": 0,
    "callbacks": False,
    "magic_endings": True,
    "advanced_opt_out": True,
    "lose": 0,
    "duplicate": 0,
    "reorder": 0,
    "inbound_urls": [],
    "fail_next": [],
}


class Twilio:
    """The judge of what was sent: its ledger holds the texts that were created, its posts what arrived."""

    def __init__(self, url: str) -> None:
        self.url = url

    def texts(self, to: str | None = None) -> list[dict[str, Any]]:
        """The texts that exist, oldest first."""
        query = {"direction": "outbound"} | ({"to": to} if to else {})
        found: list[dict[str, Any]] = self._ask(f"/_simulator/ledger.json?{urlencode(query)}")["messages"]
        return found

    def numbers(self) -> list[str]:
        """The numbers that were texted, once for each text, in order."""
        return sorted(text["to"] for text in self.texts())

    def posts(self, to: str | None = None) -> list[dict[str, Any]]:
        query = f"?{urlencode({'to': to})}" if to else ""
        found: list[dict[str, Any]] = self._ask(f"/_simulator/posts.json{query}")["posts"]
        return found

    def is_quiet(self) -> bool:
        """Whether all callbacks there will be have been made and answered."""
        return bool(self._ask("/_simulator/summary.json")["under_way"] == 0)

    def set(self, **wanted: Any) -> None:
        self._ask("/_simulator/settings", wanted)

    def reply(self, *, from_: str, body: str, to: str | None = None) -> dict[str, Any]:
        return self._ask("/_simulator/inbound", {"from": from_, "body": body, "to": to})

    def reset(self) -> None:
        with urlopen(Request(f"{self.url}/_simulator/ledger", method="DELETE"), timeout=10):  # noqa: S310
            pass
        self.set(**CALM)

    def _ask(self, path: str, content: object = None) -> dict[str, Any]:
        data = None if content is None else json.dumps(content).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json"})  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
            return found


@contextmanager
def running() -> Iterator[Twilio]:
    """A simulator on a free port, until the context ends."""
    command = [sys.executable, "-m", "sms.simulator", "--port", "0"]
    command += ["--account-sid", ACCOUNT, "--auth-token", TOKEN]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Twilio(process.stdout.readline().split()[-1])
        finally:
            process.terminate()
            process.wait(timeout=10)
