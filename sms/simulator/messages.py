"""A message as Twilio keeps it, and as it shows it."""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

API_VERSION = "2010-04-01"
FINAL_STATUSES = frozenset({"delivered", "undelivered", "failed", "received"})

# Numbers that no phone will ever have, kept for fiction by the Australian authority (ACMA).
_POOL = tuple(f"+61491570{ending}" for ending in ("006", "156", "157", "158", "159", "110", "313", "737"))


@dataclass(slots=True)
class CallbackAttempt:
    """One status callback that was tried. `http_status` is None if nothing came back, then `error` says why."""

    status: str
    at: float
    http_status: int | None
    error: str | None = None


@dataclass(slots=True)
class Message:
    """One text, out to a phone or in from one. Instants are seconds since 1970, UTC.

    `sender` is what opt-outs are kept for: the messaging service if there is one, else the number or name.
    `outcome` names what the simulator decided should become of it.
    """

    sid: str
    direction: str
    to: str
    from_: str | None
    service_sid: str | None
    body: str
    segments: int
    status: str
    created_at: float
    updated_at: float
    sent_at: float | None = None
    error_code: int | None = None
    status_callback: str | None = None
    validity_period: int | None = None
    outcome: str = "delivered"
    serial: int = 0
    callbacks: list[CallbackAttempt] = field(default_factory=list)

    @property
    def phone(self) -> str:
        """The number at the patient's end."""
        return self.to if self.is_outbound else (self.from_ or "")

    @property
    def is_outbound(self) -> bool:
        return self.direction != "inbound"

    @property
    def sender(self) -> str:
        """The clinic's end: messaging service, number or name."""
        return self.service_sid or (self.from_ if self.is_outbound else self.to) or ""

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES

    def advance(self, status: str, error_code: int | None, at: float) -> None:
        """Take the next status. A service picks its number at the first step after `accepted`, as Twilio does."""
        self.status, self.error_code, self.updated_at = status, error_code, at
        if self.from_ is None and self.service_sid:
            self.from_ = pool_number(self.service_sid)
        if status in ("sent", "failed") and self.sent_at is None:
            self.sent_at = at


def new_sid() -> str:
    return "SM" + secrets.token_hex(16)


@lru_cache(maxsize=1024)
def pool_number(service_sid: str) -> str:
    """The number that texts of this messaging service come from: always the same one for the same service."""
    return _POOL[hashlib.sha256(service_sid.encode()).digest()[0] % len(_POOL)]


def rfc_2822(at: float | None) -> str | None:
    """An instant as Twilio writes it: `Tue, 24 Nov 2026 07:00:00 +0000`."""
    return None if at is None else _rfc_2822_of_second(int(at))


@lru_cache(maxsize=256)
def _rfc_2822_of_second(second: int) -> str:
    return format_datetime(datetime.fromtimestamp(second, UTC))


def iso(at: float | None) -> str | None:
    """An instant for the ledger: ISO 8601, UTC, milliseconds."""
    if at is None:
        return None
    milliseconds = int(at * 1000)
    return f"{_iso_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=256)
def _iso_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def as_twilio(message: Message, account_sid: str) -> dict[str, Any]:
    """The message resource of Twilio's API. Source: https://www.twilio.com/docs/messaging/api/message-resource"""
    path = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}"
    sender_unknown = message.is_outbound and message.from_ is None
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": rfc_2822(message.created_at),
        "date_sent": rfc_2822(message.sent_at),
        "date_updated": rfc_2822(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.from_,
        "messaging_service_sid": message.service_sid,
        "num_media": "0",
        # Until a messaging service has picked a sender Twilio does not count.
        "num_segments": "0" if sender_unknown else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json"},
        "to": message.to,
        "uri": f"{path}.json",
    }


def as_entry(message: Message) -> dict[str, Any]:
    """The message as the ledger tells it: everything, with the callbacks that were tried."""
    return {
        "sid": message.sid,
        "direction": message.direction,
        "to": message.to,
        "from": message.from_,
        "messaging_service_sid": message.service_sid,
        "body": message.body,
        "num_segments": message.segments,
        "status": message.status,
        "error_code": message.error_code,
        "created_at": iso(message.created_at),
        "updated_at": iso(message.updated_at),
        "sent_at": iso(message.sent_at),
        "status_callback": message.status_callback,
        "validity_period": message.validity_period,
        "outcome": message.outcome,
        "callbacks": [
            {
                "status": tried.status,
                "at": iso(tried.at),
                "http_status": tried.http_status,
                "error": tried.error,
            }
            for tried in message.callbacks
        ],
    }
