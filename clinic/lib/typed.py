"""What a browser sends, read with care: anybody may send anything."""

LONGEST = 18  # digits; what has as many fits into a column of any database


def whole_number(text: str) -> int:
    """The number that `text` writes in decimal digits; 0 if it writes none, or one that nobody can mean."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST else 0
