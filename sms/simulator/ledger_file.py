"""The ledger on disk: one JSON line per event, handed to the operating system before anybody hears of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from sms.simulator.messages import CallbackAttempt, Message

_FIELDS = (
    "sid", "direction", "to", "from_", "service_sid", "body", "segments", "status", "created_at", "updated_at",
    "sent_at", "error_code", "status_callback", "validity_period", "outcome",
)  # fmt: skip


class LedgerFile:
    """Appends events to a file. Unbuffered, so that a line outlives `kill -9` of this process (not of the machine)."""

    def __init__(self, path: Path) -> None:
        torn = _ends_in_mid_line(path)
        self._file: BinaryIO = path.open("ab", buffering=0)
        if torn:
            self._file.write(b"\n")

    def created(self, message: Message) -> None:
        self._write({"event": "created", **{name: getattr(message, name) for name in _FIELDS}})

    def status(self, message: Message) -> None:
        self._write(
            {
                "event": "status",
                "sid": message.sid,
                "status": message.status,
                "error_code": message.error_code,
                "at": message.updated_at,
            }
        )

    def callback(self, sid: str, tried: CallbackAttempt) -> None:
        self._write(
            {
                "event": "callback",
                "sid": sid,
                "status": tried.status,
                "at": tried.at,
                "http_status": tried.http_status,
                "error": tried.error,
            }
        )

    def reset(self) -> None:
        self._write({"event": "reset"})

    def close(self) -> None:
        self._file.close()

    def _write(self, event: dict[str, Any]) -> None:
        self._file.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")


def _ends_in_mid_line(path: Path) -> bool:
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as written:
        written.seek(-1, 2)
        return written.read(1) != b"\n"


def events(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a file, in order; none if there is no file. A line torn by a crash is passed over."""
    if not path.is_file():
        return
    with path.open("rb") as lines:
        for line in lines:
            try:
                event = json.loads(line)
            except ValueError:
                continue
            if isinstance(event, dict):
                yield event


def message_of(event: dict[str, Any]) -> Message:
    """The message of a `created` event."""
    return Message(**{name: event[name] for name in _FIELDS})


def attempt_of(event: dict[str, Any]) -> CallbackAttempt:
    """The attempt of a `callback` event."""
    return CallbackAttempt(event["status"], event["at"], event["http_status"], event["error"])
