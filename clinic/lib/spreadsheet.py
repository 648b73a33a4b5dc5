"""Text that goes to and comes from spreadsheet programs."""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, IncrementalDecoder, getincrementaldecoder
from collections.abc import Iterable
from itertools import chain

from clinic.lib.sentence import Said, gettext_noop, said

# A full-width sign begins a formula too where the program is set to an East Asian language.
_BEGINS_A_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_MARKED, _UNMARKED = ["utf-16"], ["utf-8-sig", "windows-1252"]  # the surest first
_QUOTED = re.compile(r'"(?:[^"]|"")*"?')


class NotText(Said):
    """Bytes that no text editor could show. `str()` is a sentence for staff."""


def safe_cell(text: str) -> str:
    """`text` such that a spreadsheet shows it and never runs it: an apostrophe before what begins a formula.

    A phone number with its plus sign counts too. Source: OWASP, CSV injection.
    """
    first = text.lstrip(" ")[:1]
    return f"'{text}" if first in _BEGINS_A_FORMULA and text else text


def encoding_of(chunks: Iterable[bytes]) -> str:
    """How an uploaded file is written, for `open`: "utf-8-sig" (with its mark or without), "utf-16" with its
    mark, or else "windows-1252", as Excel writes.

    Reads all of it, one chunk at a time. Raises NotText for anything else, such as a workbook.
    """
    rest = iter(chunks)
    first = b""
    while len(first) < 2 and (chunk := next(rest, b"")):
        first += chunk
    marked = first.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    # Not by "utf-8-sig" itself: its decoder takes one lone byte of the mark for no text at all.
    candidates = {
        name: getincrementaldecoder(name.removesuffix("-sig"))()
        for name in (_MARKED if marked else _UNMARKED)
    }
    for chunk in chain([first], rest, [b""]):
        for name, decoder in list(candidates.items()):
            if not _reads(decoder, chunk):
                del candidates[name]
    if not candidates:
        raise NotText(
            said(
                gettext_noop(
                    "This is not a text file. In the spreadsheet program save it as CSV UTF-8, then try again."
                )
            )
        )
    return next(iter(candidates))


def sniff_separator(first_line: str) -> str:
    """What separates the cells: comma, semicolon or tab, whichever the line has most of outside quotes."""
    bare = _QUOTED.sub("", first_line)
    return max(",;\t", key=bare.count)


def _reads(decoder: IncrementalDecoder, chunk: bytes) -> bool:
    try:
        return "\0" not in decoder.decode(chunk, final=not chunk)
    except UnicodeDecodeError:
        return False
