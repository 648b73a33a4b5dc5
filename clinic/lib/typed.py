"""What a browser sends, read with care: anybody may send anything."""

import unicodedata

LONGEST = 18  # digits; what has as many fits into a column of any database


def whole_number(text: str) -> int:
    """The number that `text` writes in decimal digits; 0 if it writes none, or one that nobody can mean."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST else 0


def has_unseen(text: str) -> bool:
    """Whether `text` holds characters that no screen shows: controls, and numbers that are no characters.

    Marks that steer the direction or join emoji are none of them: they are seen by what they do. XML allows none of
    these characters either.
    """
    return any(unicodedata.category(each) in {"Cc", "Cs"} or _is_none(ord(each)) for each in text)


def _is_none(number: int) -> bool:
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF
