"""Did this request come from Twilio?"""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings
from twilio.request_validator import (  # type: ignore[import-untyped]  # The package ships no py.typed.
    RequestValidator,
    add_port,
    remove_port,
)


class _Fields(dict[str, list[str]]):
    """The fields in the shape in which the validator sees repeated ones too."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def accepted_tokens() -> list[str]:
    """The auth tokens whose signatures count. While a token is being replaced there may be two."""
    tokens = [settings.TWILIO_AUTH_TOKEN, settings.TWILIO_AUTH_TOKEN_PREVIOUS]
    return [token for token in tokens if token]


def is_signed(*, url: str, params: Mapping[str, list[str]], signature: str) -> bool:
    """True if `signature` (the X-Twilio-Signature header) was made with one of our tokens.

    `url` is the configured public address with the raw path and query of the request, never the Host header.
    `params` are all form fields that arrived, repeated ones as longer lists. Without a token nobody can sign.
    There is no time in a signature: a request seen once can be played back for ever.
    Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """
    if not signature:
        return False
    try:
        expected = [
            RequestValidator(token).compute_signature(spelling, _Fields(params))
            for token in accepted_tokens()
            for spelling in _spellings(url)
        ]
    except ValueError:
        # A path that is no text, or no number for a port: nobody signs such an address.
        return False
    # Each in constant time, and all of them, so that the time taken tells nothing.
    given = signature.encode(errors="replace")
    matches = [hmac.compare_digest(given, one.encode()) for one in expected]
    return any(matches)


def _spellings(url: str) -> list[str]:
    """Twilio signs an address sometimes with and sometimes without its port."""
    parts = urlsplit(url)
    return [url, add_port(parts), remove_port(parts)]
