"""What the simulator is started with: the command line, shared by `python -m sms.simulator` and `manage.py`."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sms.simulator.settings import Settings

# What a simulator without any settings answers to. Neither is worth anything anywhere else.
DEFAULT_ACCOUNT_SID = "AC" + "0" * 32
DEFAULT_AUTH_TOKEN = "simulator"  # noqa: S105
DEFAULT_PORT = 8100
DEFAULT_KEEP = 200_000


@dataclass(frozen=True, slots=True)
class Options:
    """How to start. Port 0 takes any free one; `keep` is how many messages stay in memory."""

    host: str
    port: int
    account_sid: str
    auth_token: str
    ledger: Path | None
    keep: int
    settings: Settings


def add_arguments(parser: argparse.ArgumentParser, environ: Mapping[str, str] = os.environ) -> None:
    sid = environ.get("TWILIO_ACCOUNT_SID") or DEFAULT_ACCOUNT_SID
    token = environ.get("TWILIO_AUTH_TOKEN") or DEFAULT_AUTH_TOKEN
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", type=int, default=DEFAULT_PORT, help=f"port, 0 for any free one (default: {DEFAULT_PORT})")
    add("--account-sid", default=sid, help="default: TWILIO_ACCOUNT_SID, else AC and 32 zeros")
    add("--auth-token", default=token, help="default: TWILIO_AUTH_TOKEN, else the word simulator")
    add(
        "--ledger",
        type=Path,
        metavar="FILE",
        help="append every event to FILE as JSON lines, and begin with what it holds",
    )
    add("--keep", type=int, default=DEFAULT_KEEP, help=f"messages kept in memory (default: {DEFAULT_KEEP})")
    add("--latency-ms", type=float, default=0, help="time to answer (default: 0)")
    add(
        "--rate",
        type=float,
        default=0,
        help="messages per second beyond which to answer 429 (default: no limit)",
    )
    add(
        "--delivery-delay-ms",
        type=float,
        default=500,
        help="time between one status and the next (default: 500)",
    )
    add("--inbound-url", action="append", default=[], help="where replies are posted; may be repeated")


def read_options(given: Mapping[str, Any]) -> Options:
    """The options of a parsed command line. Raises settings.InvalidSetting."""
    return Options(
        host=given["host"],
        port=given["port"],
        account_sid=given["account_sid"],
        auth_token=given["auth_token"],
        ledger=given["ledger"],
        keep=max(1, given["keep"]),
        settings=Settings(
            latency_ms=given["latency_ms"],
            rate=given["rate"],
            delivery_delay_ms=given["delivery_delay_ms"],
            inbound_urls=list(given["inbound_url"]),
        ),
    )
