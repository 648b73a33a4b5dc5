"""The only place that knows Twilio. Everybody else speaks of outcomes, classes and plain words."""

from sms.gateway.codes import ABOUT_ONE_NUMBER, NO_REASON, NOT_KNOWN, Klass, Meaning, meaning
from sms.gateway.outcome import (
    Accepted,
    CannotTell,
    Found,
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
from sms.gateway.twilio import send_all, send_all_blocking

__all__ = [
    "ABOUT_ONE_NUMBER",
    "NOT_KNOWN",
    "NO_REASON",
    "Accepted",
    "CannotTell",
    "Found",
    "Klass",
    "Meaning",
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
    "send_all",
    "send_all_blocking",
    "sent_since",
]
