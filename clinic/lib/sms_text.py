"""How a text travels: which alphabet, how many segments, and which characters make it dear."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

MAX_CHARACTERS = 1600  # Twilio refuses longer bodies with error 21617


class Encoding(StrEnum):
    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a text, and how much of a segment it fills: septets in GSM-7, UTF-16 units in UCS-2."""

    text: str
    units: int


@dataclass(frozen=True, slots=True)
class CostlyCharacter:
    """A character that GSM-7 lacks, with its `positions` in the text.

    A letter with a separate accent, as macOS writes it, is one. `replacement` says the same in GSM-7, "" if
    the character can go, None if there is nothing obvious.
    """

    character: str
    positions: tuple[int, ...]
    replacement: str | None

    @property
    def name(self) -> str:
        """What to call a character that cannot be seen: "no-break space"."""
        if self.character == "\t":
            return "tab"
        return unicodedata.name(unicodedata.normalize("NFC", self.character)[0], "control character").lower()


# 3GPP TS 23.038, section 6.2.1, in its order. The extension table costs an escape and so two septets.
BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"

_GSM_7 = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*")
_TWO_SEPTETS = re.compile(f"[{re.escape(EXTENSION)}]")
_TWO_UTF16_UNITS = re.compile("[\U00010000-\U0010ffff]")
_MARKS = "\u0300-\u036f"
_COSTLY = re.compile(f"[^{_MARKS}][{_MARKS}]+|[^{re.escape(BASIC + EXTENSION)}]")

_REPLACEMENTS = str.maketrans(
    dict.fromkeys("‘’‚‛′`´ʼ", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−•·●", "-")
    | dict.fromkeys(
        "\t\N{NO-BREAK SPACE}\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a", " "
    )
    | dict.fromkeys("\N{NARROW NO-BREAK SPACE}\u205f\N{IDEOGRAPHIC SPACE}", " ")
    | dict.fromkeys("\u2028\u2029\x85\v", "\n")
    # Invisible, for nobody to read. Joiners and right-to-left marks stay: scripts that need them would break.
    | dict.fromkeys("\N{ZERO WIDTH SPACE}\N{WORD JOINER}\N{ZERO WIDTH NO-BREAK SPACE}\N{SOFT HYPHEN}", "")
    | dict.fromkeys("\N{LEFT-TO-RIGHT MARK}\u202a\u202c\u202d\u2066\u2069", "")
    | {"…": "...", "×": "x", "½": "1/2", "¼": "1/4", "¾": "3/4", "ﬁ": "fi", "ﬂ": "fl", "‹": "<", "›": ">"}
)


def encoding(text: str) -> Encoding:
    """The alphabet in which `text` travels: GSM-7 if it holds every character, else UCS-2."""
    return Encoding.GSM_7 if _GSM_7.fullmatch(text) else Encoding.UCS_2


def segments(text: str) -> list[Segment]:
    """Split `text` as a phone network would.

    A segment holds 160 septets alone or 153 in a series (GSM-7), 70 or 67 UTF-16 units otherwise.
    Packed, not divided: an escape pair or a surrogate pair never straddles a boundary. An empty text is no
    segments.
    Source: 3GPP TS 23.038 and 23.040.
    """
    if not text:
        return []
    if _GSM_7.fullmatch(text):
        return _packed(text, _TWO_SEPTETS, alone=160, in_series=153)
    return _packed(text, _TWO_UTF16_UNITS, alone=70, in_series=67)


def costly_characters(text: str) -> list[CostlyCharacter]:
    """The characters that make `text` UCS-2, in the order in which they first appear."""
    positions: dict[str, list[int]] = {}
    for costly in _COSTLY.finditer(text):
        positions.setdefault(costly[0], []).append(costly.start())
    return [CostlyCharacter(costly, tuple(at), _replacement(costly)) for costly, at in positions.items()]


def swap_costly(text: str) -> str:
    """`text` with every costly character replaced that has an obvious replacement; the others stay."""
    return _COSTLY.sub(_swapped, text)


def _packed(text: str, double: re.Pattern[str], *, alone: int, in_series: int) -> list[Segment]:
    """Each segment the longest piece that fits. A character of `double` takes two units, any other one."""
    units = len(text) + len(double.findall(text))
    if units <= alone:
        return [Segment(text, units)]
    packed = []
    start = 0
    while start < len(text):
        piece = text[start : start + in_series]
        while (over := len(piece) + (doubles := len(double.findall(piece))) - in_series) > 0:
            piece = piece[: -((over + 1) // 2)]  # at least so many must go: none frees more than two units
        packed.append(Segment(piece, len(piece) + doubles))
        start += len(piece)
    return packed


def _replacement(costly: str) -> str | None:
    replaced = unicodedata.normalize("NFC", costly).translate(_REPLACEMENTS)
    return replaced if _GSM_7.fullmatch(replaced) else None


def _swapped(costly: re.Match[str]) -> str:
    replaced = _replacement(costly[0])
    return costly[0] if replaced is None else replaced
