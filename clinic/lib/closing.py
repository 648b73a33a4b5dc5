"""The line with which a marketing text ends: who writes, and how to hear no more."""

import re

from clinic.lib.names import folded

_REPLY = re.compile(
    r"\b(?:reply|replying|text|txt|send|answer|respond)\b.{0,20}\b(?:stop|stopall|unsubscribe|opt ?out|end|quit)\b",
    re.IGNORECASE | re.DOTALL,
)


def asks_for_a_reply(text: str) -> bool:
    """Whether `text` tells its reader to answer with a word such as STOP."""
    return bool(_REPLY.search(text))


def names(text: str, clinic: str) -> bool:
    """Whether `text` names the clinic; case, accents and spaces do not matter."""
    name = folded(clinic)
    return bool(name) and bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", folded(text)))


def closing_line(text: str, *, clinic: str, opt_out: str) -> str:
    """What a marketing text still lacks of the clinic's name and of `opt_out`, as one line; "" if nothing."""
    lacking = [] if names(text, clinic) else [_sentence(clinic)]
    if not (asks_for_a_reply(text) or folded(opt_out).rstrip(".") in folded(text)):
        lacking.append(opt_out.strip())
    return " ".join(lacking)


def _sentence(words: str) -> str:
    words = words.strip()
    return words if words.endswith((".", "!", "?")) else f"{words}."
