"""What goes to the provider, and what can come of it. Each outcome is named for what the caller must do."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sms.gateway.codes import Klass


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text to hand over.

    `to` is E.164; `sender` is a messaging service ("MG..."), a number or a name; `callback_url` is where news
    of this one text comes to; after `valid_for` (taken as 1 second to 10 hours) the provider gives up.
    """

    to: str
    body: str
    sender: str
    callback_url: str
    valid_for: timedelta


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has it, under this `sid`. `status` is the provider's word, "" if it gave none."""

    sid: str
    status: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Provably not created, and never to be sent again as it is."""

    code: int
    klass: Klass


@dataclass(frozen=True, slots=True)
class TryLater:
    """Provably not created; the same text may be sent again, not before `retry_after` if that is known.

    `code` is 0 when no connection came about, so that not one byte of the text left.
    """

    code: int
    retry_after: timedelta | None


@dataclass(frozen=True, slots=True)
class NotPosted:
    """Its turn came too late, and nothing left: what was known when it was handed over is old by now."""


@dataclass(frozen=True, slots=True)
class SendingMustStop:
    """Provably not created, and no other text would get through before somebody has put things right."""

    code: int


@dataclass(frozen=True, slots=True)
class OutcomeUnknown:
    """The text may have been created: ask the provider, never send again blindly.

    `detail` is a short kind for the log, such as "http 500", "timeout", "reset", "unreadable 201".
    """

    detail: str


Outcome = Accepted | Refused | TryLater | NotPosted | SendingMustStop | OutcomeUnknown


@dataclass(frozen=True, slots=True)
class Found:
    """One message as the provider keeps it.

    `senders` holds the messaging service it went through and the number or name it came from, as far as they are
    known; `created_at` is UTC, in whole seconds. `by_api` says that an application made it, as ours does: it is
    neither a reply nor an automatic answer to one.
    """

    sid: str
    status: str
    error_code: int | None
    senders: frozenset[str]
    created_at: datetime
    body: str
    to: str = ""
    by_api: bool = True


class CannotTell(Exception):
    """The provider's list could not be read in full, so that absence from it proves nothing."""


class TooMuch(CannotTell):
    """The list is longer than we are ready to read."""
