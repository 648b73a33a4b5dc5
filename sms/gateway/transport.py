"""How requests reach Twilio: the client's own transport, with what it lacks."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from aiohttp import (
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    encode_basic_auth,
)
from django.conf import settings
from twilio.http.async_http_client import (  # type: ignore[import-untyped]  # The package ships no py.typed.
    AsyncTwilioHttpClient,
)
from twilio.http.response import Response  # type: ignore[import-untyped]
from yarl import URL

# `connect` spans the name look-up, the handshakes and any wait for a free connection.
# `total` ends an answer that comes in drips, each in time.
TIMEOUT = ClientTimeout(
    total=settings.TWILIO_READ_TIMEOUT.total_seconds() * 4 / 3,
    connect=5,
    sock_read=settings.TWILIO_READ_TIMEOUT.total_seconds(),
)
LONGEST_PAUSE = timedelta(hours=1)


class NotOk(Exception):
    """An answer other than 2xx: HTTP status, Twilio's own code if readable, and the pause it asks for."""

    def __init__(self, status: int, code: int | None, retry_after: timedelta | None) -> None:
        super().__init__(status)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class Http(AsyncTwilioHttpClient):  # type: ignore[misc]  # An untyped base class.
    """The client's transport with what it lacks: another origin, time limits, a limit to an answer's size.

    It logs nothing, whereas the original logs the query of a list request, and with it the phone number.
    """

    def __init__(self, *, connections: int, largest_answer: int) -> None:
        super().__init__(pool_connections=False, max_retries=None)
        self.largest_answer = largest_answer
        self.session = ClientSession(
            connector=TCPConnector(limit=connections), timeout=TIMEOUT, cookie_jar=DummyCookieJar()
        )

    async def request(
        self,
        method: str,
        url: str,
        params: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """One request; `NotOk` unless the answer is 2xx.

        Time limits are the session's: the client's `timeout` is None, which aiohttp would take as "no limit".
        Redirects are never followed: a POST that moves on may be a second POST.
        """
        # An answer is small, and a packed one could unfold to any size.
        sent = {**(headers or {}), "Accept-Encoding": "identity"}
        if auth:
            sent["Authorization"] = encode_basic_auth(*auth)
        async with self.session.request(
            method,
            _at_origin(settings.TWILIO_API_URL, url),
            params=params,
            data=_encoded(data),
            headers=sent,
            allow_redirects=False,
        ) as answer:
            text = await _text(answer, self.largest_answer)
            if 200 <= answer.status < 300:
                return Response(answer.status, text, answer.headers)
            raise NotOk(answer.status, _code(text), _retry_after(answer.headers.get("Retry-After", "")))


def _encoded(data: dict[str, Any] | None) -> str | None:
    """A form as the client's headers announce it. Yarl, which is compiled, takes a quarter of urllib's time for it."""
    return URL.build(query=data).raw_query_string if data else None


@lru_cache(maxsize=64)
def _at_origin(origin: str, url: str) -> str:
    if not origin:
        return url
    ours = urlsplit(origin)
    return urlsplit(url)._replace(scheme=ours.scheme, netloc=ours.netloc).geturl()


async def _text(answer: ClientResponse, most: int) -> str:
    """The body; "" if it is larger than `most` bytes or breaks off: the status alone is worth having."""
    body = bytearray()
    try:
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > most:
                answer.close()
                return ""
    except (ClientError, OSError):  # Time limits are `OSError`s too.
        return ""
    return body.decode(errors="replace")


def _code(text: str) -> int | None:
    try:
        code = json.loads(text)["code"]
        return int(code) if isinstance(code, int | str) and not isinstance(code, bool) else None
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def _retry_after(header: str) -> timedelta | None:
    """Seconds or an HTTP date, at most `LONGEST_PAUSE`; None if it is neither."""
    try:
        if header.strip().isdecimal():
            wished = timedelta(seconds=min(int(header), LONGEST_PAUSE.total_seconds()))
        else:
            until = parsedate_to_datetime(header)
            wished = (until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(0), min(wished, LONGEST_PAUSE))
