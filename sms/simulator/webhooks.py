"""Signed form POSTs to the application, as Twilio sends them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from sms.simulator.signing import signature

TIMEOUT_S = 15  # Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back: an HTTP status, or the kind of failure in one word."""

    http_status: int | None
    error: str | None = None


class Webhooks:
    """Posts to the application. At most `connections` at a time, nothing is ever tried again."""

    def __init__(self, auth_token: str, connections: int, timeout_s: float = TIMEOUT_S) -> None:
        self._auth_token = auth_token
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=timeout_s),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def post(self, url: str, params: Mapping[str, str]) -> Heard:
        """POST `params` to `url`, signed. Failing to reach it is an answer too, not an exception."""
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": signature(url, params, self._auth_token),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        try:
            # `encoded`: the address must travel letter by letter as it was signed.
            address = URL(url, encoded=True)
            body = urlencode(params).encode()
            async with self._session.post(
                address, data=body, headers=headers, allow_redirects=False
            ) as response:
                await response.read()
                return Heard(response.status)
        except TimeoutError:
            return Heard(None, "timeout")
        except aiohttp.ClientConnectorError:
            return Heard(None, "refused")
        except (aiohttp.ClientError, ValueError, OSError):
            return Heard(None, "broken")

    async def close(self) -> None:
        await self._session.close()
