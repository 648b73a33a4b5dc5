"""Text that goes to and comes from spreadsheet programs."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE

# A full-width sign begins a formula too where the program is set to an East Asian language.
_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')


class NotText(ValueError):
    """Bytes that no text editor could show. `str()` is a sentence for staff."""


def safe_cell(text: str) -> str:
    """`text` such that a spreadsheet shows it and never runs it: an apostrophe before what begins a formula.

    A phone number with its plus sign counts too. Source: OWASP, CSV injection.
    """
    first = text.lstrip(" ")[:1]
    return f"'{text}" if first in _BEGINS_A_FORMULA and text else text


def decode(data: bytes) -> str:
    """The text of an uploaded file: UTF-8, UTF-16 with its mark, or else Windows-1252, as Excel writes.

    Raises NotText for anything else, such as a workbook.
    """
    try:
        text = _decoded(data)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise NotText(
            "This is not a text file. In the spreadsheet program save it as CSV UTF-8, then try again."
        )
    return text


def sniff_separator(first_line: str) -> str:
    """What separates the cells: comma, semicolon or tab, whichever the line has most of outside quotes."""
    bare = _QUOTED.sub("", first_line)
    return max(",;\t", key=bare.count)


def _decoded(data: bytes) -> str:
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("windows-1252")
