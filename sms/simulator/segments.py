"""How many segments a text is billed as."""

import re

_GSM_7 = re.compile(
    "[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,\\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà\f^{}\\\\\\[~\\]|€]*"
)
_ESCAPED = re.compile(r"[\f^{}\\\[~\]|€]")
_SURROGATES = re.compile("[\U00010000-\U0010ffff]")


def count_segments(body: str) -> int:
    """The number of segments of `body`: 160 septets alone or 153 in a series, else 70 or 67 UTF-16 units.

    A character that takes two units never straddles a boundary. Source: 3GPP TS 23.038 and 23.040.
    """
    gsm_7 = _GSM_7.fullmatch(body) is not None
    double = _ESCAPED if gsm_7 else _SURROGATES
    alone, in_series = (160, 153) if gsm_7 else (70, 67)
    if len(body) + len(double.findall(body)) <= alone:
        return 1
    count, room = 0, 0
    for character in body:
        units = 2 if double.match(character) else 1
        if units > room:
            count, room = count + 1, in_series
        room -= units
    return count
