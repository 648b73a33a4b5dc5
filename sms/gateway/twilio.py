"""Texts out, by one POST each and never a second one.

Creating a message is not idempotent and Twilio knows no idempotency key. So whatever is not provably
"not created" comes back as `OutcomeUnknown`, and nothing in here tries again.
"""

import json
import logging
import re
from datetime import timedelta
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientResponseError, ConnectionTimeoutError
from django.conf import settings
from twilio.rest import Client  # type: ignore[import-untyped]  # The package ships no py.typed.

from sms.gateway.codes import Klass, meaning
from sms.gateway.outcome import (
    Accepted,
    Outcome,
    OutcomeUnknown,
    Outgoing,
    Refused,
    SendingMustStop,
    TryLater,
)
from sms.gateway.transport import Http, NotOk

logger = logging.getLogger(__name__)

LONGEST_VALIDITY = timedelta(hours=10)
# The answer to one text has about 1 kB, and less than 20 kB if every character is escaped.
MESSAGE_BYTES = 64 * 1024

BAD_CREDENTIALS = 20003
NO_SENDER = 21603
TOO_MANY_REQUESTS = 20429
NOT_CONNECTED = 0

_SID = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")


def has_credentials() -> bool:
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN)


def messages(http: Http) -> Any:
    return _client(http).messages


def _client(http: Http) -> Any:
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=http)


class Poster:
    """Makes the POSTs. The client's own `messages.create` would make an object of every answer, and read three dates
    in it: that is a third of all processor time, for one sid."""

    def __init__(self, http: Http) -> None:
        self._client = _client(http)
        address = f"/Accounts/{settings.TWILIO_ACCOUNT_SID}/Messages.json"
        self._url = self._client.api.v2010.absolute_url(address)

    async def post(self, text: Outgoing) -> Outcome:
        if not text.sender:
            return SendingMustStop(NO_SENDER)
        try:
            answer = await self._client.request_async("POST", self._url, data=_form(text))
            return _created(answer.text)
        except Exception as error:  # noqa: BLE001  The POST may have left: whatever this is must become an outcome.
            return _after(error)


def _form(text: Outgoing) -> dict[str, object]:
    form = {
        "To": text.to,
        "Body": text.body,
        "MessagingServiceSid" if text.sender.startswith("MG") else "From": text.sender,
        "ValidityPeriod": _validity_seconds(text.valid_for),
    }
    return form | {"StatusCallback": text.callback_url} if text.callback_url else form


def _created(answer: str) -> Outcome:
    try:
        told = json.loads(answer)
        sid, status = told["sid"], told.get("status")
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return OutcomeUnknown("unreadable 201")
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        return OutcomeUnknown("unreadable 201")
    return Accepted(sid=sid, status=status if isinstance(status, str) else "")


def _validity_seconds(valid_for: timedelta) -> int:
    return int(max(timedelta(seconds=1), min(valid_for, LONGEST_VALIDITY)).total_seconds())


def _after(error: Exception) -> Outcome:
    """What an exception proves. Only the first two kinds prove anything, all others mean "unknown"."""
    match error:
        case NotOk():
            return _judged(error)
        case ClientConnectorError() | ConnectionTimeoutError():
            # Name look-up, connecting or the TLS handshake failed: the request had not been written yet.
            return TryLater(NOT_CONNECTED, None)
        case TimeoutError():
            return OutcomeUnknown("timeout")
        case ClientResponseError():
            return OutcomeUnknown("not http")
        case ClientError() | OSError():
            # Also a kept-alive connection that the server closed as we wrote: it may have read us before.
            return OutcomeUnknown("reset")
    logger.warning("Sending ended in an unforeseen %s.", type(error).__name__)
    return OutcomeUnknown(f"unforeseen {type(error).__name__}")


def _judged(answer: NotOk) -> Outcome:
    """What an answer other than 2xx proves. A 4xx counts only if Twilio's own code can be read in it."""
    status, code = answer.status, answer.code
    if status == 429:
        if code is not None and meaning(code).klass is Klass.STOP_EVERYTHING:
            return SendingMustStop(code)
        return TryLater(code or TOO_MANY_REQUESTS, answer.retry_after)
    if status == 401:
        return SendingMustStop(code or BAD_CREDENTIALS)
    if not 400 <= status < 500 or status == 408:
        return OutcomeUnknown(f"http {status}")
    if code is None:
        return OutcomeUnknown(f"unreadable {status}")
    match meaning(code).klass:
        case Klass.STOP_EVERYTHING:
            return SendingMustStop(code)
        case Klass.TRANSIENT_RETRY:
            return TryLater(code, answer.retry_after)
        case Klass.AMBIGUOUS:
            return OutcomeUnknown(f"http {status}")
        case klass:
            return Refused(code, klass)
