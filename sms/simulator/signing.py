"""Twilio's signature over a request, written from its documentation and from nobody's code."""

import base64
import hashlib
import hmac
from collections.abc import Mapping


def signature(url: str, params: Mapping[str, str], auth_token: str) -> str:
    """The value of `X-Twilio-Signature` for a form POST of `params` to `url`.

    HMAC-SHA1, keyed with the auth token, over the address exactly as it is requested (query string included),
    followed by each field's name and value in the order of the names, nothing in between; in base64.
    Source: https://www.twilio.com/docs/usage/security#validating-requests
    """
    signed = url + "".join(name + params[name] for name in sorted(params))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")
