"""The only place that knows Twilio. Everybody else speaks of outcomes, classes and plain words."""

from sms.gateway.codes import ABOUT_ONE_NUMBER, NO_REASON, NOT_KNOWN, Klass, Meaning, meaning
from sms.gateway.line import Line, open_line
from sms.gateway.outcome import (
    Accepted,
    CannotTell,
    Found,
    NotPosted,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Refused,
    SendingMustStop,
    TooMuch,
    TryLater,
)
from sms.gateway.records import find, news_of, sent_since
from sms.gateway.signature import is_signed

__all__ = [
    "ABOUT_ONE_NUMBER",
    "NOT_KNOWN",
    "NO_REASON",
    "Accepted",
    "CannotTell",
    "Found",
    "Klass",
    "Line",
    "Meaning",
    "NotPosted",
    "Outcome",
    "OutcomeUnknown",
    "Outgoing",
    "Refused",
    "SendingMustStop",
    "TooMuch",
    "TryLater",
    "find",
    "is_signed",
    "meaning",
    "news_of",
    "open_line",
    "sent_since",
]
