"""How many numbers and words of patients can be read in a log or in what passed through Redis."""

import base64
import binascii
import re

_NUMBER = re.compile(r"(?<![0-9A-Za-z.])(?:\+?61|0061|0|%2B61)?(4[0-9]{8})(?![0-9])")
_PACKED = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")


def secrets_found(content: str, secrets: list[str]) -> int:
    """How many of `secrets` (numbers as E.164, or words) are in `content`, in whichever way they are written.

    Celery packs what it sends in base64, so packed parts are unpacked first.
    """
    whole = content + "\n".join(_unpacked(content))
    numbers = {secret.removeprefix("+61") for secret in secrets if secret.startswith("+61")}
    words = {secret for secret in secrets if not secret.startswith("+")}
    return len(numbers & set(_NUMBER.findall(whole))) + sum(word in whole for word in words)


def _unpacked(content: str) -> list[str]:
    found = []
    for packed in set(_PACKED.findall(content)):
        try:
            found.append(base64.b64decode(packed, validate=True).decode(errors="replace"))
        except binascii.Error:
            continue
    return found
