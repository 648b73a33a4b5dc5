"""Texts out, by one POST each and never a second one.

Creating a message is not idempotent and Twilio knows no idempotency key. So whatever is not provably
"not created" comes back as `OutcomeUnknown`, and nothing in here tries again.
"""

import asyncio
import json
import logging
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from aiohttp import ClientConnectorError, ClientError, ClientResponseError, ConnectionTimeoutError
from django.conf import settings
from twilio.base import values  # type: ignore[import-untyped]  # The package ships no py.typed.
from twilio.rest import Client  # type: ignore[import-untyped]

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


def send_all_blocking(texts: Sequence[Outgoing], *, concurrency: int = 20) -> list[Outcome]:
    """`send_all` for callers without an event loop, such as a Celery worker process or thread."""
    return asyncio.run(send_all(texts, concurrency=concurrency))


async def send_all(texts: Sequence[Outgoing], *, concurrency: int = 20) -> list[Outcome]:
    """One POST for each of `texts`, at most `concurrency` at once; the outcomes in the same order.

    Raises for no text: what went wrong is its outcome. Without credentials or a sender nothing is posted.
    """
    if not has_credentials():
        return [SendingMustStop(BAD_CREDENTIALS) for _ in texts]
    async with Http(connections=concurrency, largest_answer=MESSAGE_BYTES) as http:
        resource = messages(http)
        turn = asyncio.Semaphore(concurrency)

        async def in_turn(text: Outgoing) -> Outcome:
            async with turn:
                return await _send(resource, text)

        return list(await asyncio.gather(*map(in_turn, texts)))


def has_credentials() -> bool:
    return bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN)


def messages(http: Http) -> Any:
    return Client(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN, http_client=http).messages


async def _send(messages: Any, text: Outgoing) -> Outcome:
    if not text.sender:
        return SendingMustStop(NO_SENDER)
    service = text.sender.startswith("MG")
    try:
        created = await messages.create_async(
            to=text.to,
            body=text.body,
            messaging_service_sid=text.sender if service else values.unset,
            from_=values.unset if service else text.sender,
            status_callback=text.callback_url or values.unset,
            validity_period=_validity_seconds(text.valid_for),
        )
    except Exception as error:  # noqa: BLE001  The POST may have left: whatever this is must become an outcome.
        return _after(error)
    if not isinstance(created.sid, str) or not _SID.fullmatch(created.sid):
        return OutcomeUnknown("unreadable 201")
    return Accepted(sid=created.sid, status=created.status if isinstance(created.status, str) else "")


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
        case json.JSONDecodeError() | TypeError() | AttributeError():
            return OutcomeUnknown("unreadable 201")
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
