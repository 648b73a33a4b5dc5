"""Hashes of personal data that only somebody with the application's secret key can compare with anything."""

import hashlib
import hmac

from django.conf import settings


def digests(text: str, *, salt: str) -> list[str]:
    """`text` hashed under each key, today's first: "key id:hex". `salt` names what the hash is for.

    Each begins with the id of its key, so that one made with a key that is gone can be told from one that matches
    nothing: see `key_ids`.
    """
    return [f"{_id(key, salt)}:{_hmac(key, salt, text)}" for key in _keys()]


def key_ids(*, salt: str) -> set[str]:
    """The ids of the keys at hand. A digest that begins with another id can never match anything again."""
    return {_id(key, salt) for key in _keys()}


def _keys() -> list[str]:
    return [settings.SECRET_KEY, *settings.OLD_SECRET_KEYS]


def _id(key: str, salt: str) -> str:
    return _hmac(key, f"{salt} key id", "")[:8]


def _hmac(key: str, salt: str, text: str) -> str:
    own = hashlib.sha256(f"{salt}\n{key}".encode()).digest()
    return hmac.new(own, text.encode(), hashlib.sha256).hexdigest()
