"""Finding a stored number by any part of it, as people write it at home and abroad.

A stored number holds no trunk prefix: the 0 of 0412 345 678, the 8 of a Russian number. Whoever types it
still expects to find the number, so each way to read the typed digits gives digits to look for.
"""

import re
from collections.abc import Iterator

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_OPTIONAL_ZERO = re.compile(r"\( *0 *\)")


def digits(typed: str, *, country: str) -> list[str]:
    """Digits to look for, any of them, in "+61412345678". `typed` is tidy: ASCII digits and punctuation.

    A trunk prefix alone is no part of a stored number, so it finds only what holds the same digit.
    """
    found: list[str] = []
    for written in (typed, _OPTIONAL_ZERO.sub("", typed)):
        raw = re.sub(r"\D", "", written)
        found.append(raw)
        found += _after_plus(raw) if "+" in written else _without_prefixes(raw, country)
    return [part for part in dict.fromkeys(found) if part]


def _after_plus(raw: str) -> Iterator[str]:
    """+61 0412: people keep the zero of home."""
    for length in (1, 2, 3):
        if int(raw[:length] or 0) in COUNTRY_CODE_TO_REGION_CODE and raw[length : length + 1] == "0":
            yield raw[:length] + raw[length + 1 :]


def _without_prefixes(raw: str, country: str) -> Iterator[str]:
    plan = PhoneMetadata.metadata_for_region(country, None)
    abroad = (plan.international_prefix if plan else None) or "00"
    for dialled in {"00", abroad}:
        if prefix := re.match(dialled, raw):
            yield raw[prefix.end() :]
    trunk = (plan.national_prefix if plan else None) or ""
    # "0" is the trunk prefix nearly everywhere, so a number of another country typed as at home is found as
    # well. Belarus writes 8 0 in front, of which only the 8 is in the plan.
    for start in ("0", trunk, trunk + "0"):
        if start and raw.startswith(start):
            yield raw.removeprefix(start)
    if country == "AR":
        yield from _argentine_mobile(raw)
        yield from _argentine_mobile(raw.removeprefix("0"))


def _argentine_mobile(raw: str) -> Iterator[str]:
    """At home an Argentine mobile is 011 15-2345-6789, from abroad +54 9 11 2345-6789: leave out the 15 after
    the area code of two to four digits, or as much of it as was typed."""
    for start in range(min(5, len(raw))):
        if raw.startswith("15", start):
            yield raw[:start] + raw[start + 2 :]
    if len(raw) <= 5:
        yield raw.removesuffix("1")
    yield raw.removeprefix("5")
