import re

import phonenumbers
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat

from clinic.lib import phone

# Trunk prefixes 0, 06, 8, 80, 1 and none; leading zeros that stay; an infix that goes.
# fmt: off
REGIONS = [
    "AR", "AU", "BR", "BY", "CN", "DE", "FR", "GB", "HU", "IE", "IN", "IT", "JP",
    "KZ", "MC", "MN", "MX", "NZ", "PH", "PL", "RU", "SG", "TM", "US", "ZA",
]
# fmt: on


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("345 678", ["345678"]),
        ("+61 412", ["61412"]),
        ("0412 34", ["041234", "41234"]),
        ("(0412)", ["0412", "412"]),
        ("+61 (0)412", ["610412", "61412"]),
        ("+61 0412", ["610412", "61412"]),
        ("\u202a+61 412\u202c", ["61412"]),
        ("'0412", ["0412", "412"]),
        ("tel:+61412", ["61412"]),
        ("\uff10\uff14\uff11\uff12", ["0412", "412"]),
        ("0", ["0"]),
        ("", []),
        ("  ", []),
        ("()", []),
        ("+", []),
        ("Nguyen", []),
        ("Nguyen 0412", []),
        ("0412 x 5", []),
        ("50%", []),
        ("4_1", []),
    ],
)
def test_what_is_typed_in_australia_becomes_digits_to_look_for(typed: str, digits: list[str]) -> None:
    assert phone.search_digits(typed, country="AU") == digits


@pytest.mark.parametrize("typed", ["0061 412 34", "0011 61 412 34", "00 61 (0)412 34"])
def test_a_number_dialled_from_abroad_is_found(typed: str) -> None:
    assert "6141234" in phone.search_digits(typed, country="AU")


def test_another_country_s_number_is_found_as_typed_there() -> None:
    assert _finds("07911 866921", "+447911866921", country="US")


def test_a_different_number_is_not_found() -> None:
    assert not _finds("0412 345 679", "+61412345678", country="AU")
    assert not _finds("+61 413", "+61412345678", country="AU")


def test_an_argentine_area_code_that_ends_in_zero_loses_only_the_infix() -> None:
    assert _finds("0 15", "+5492320440044", country="AR")


def test_an_unknown_country_still_finds_by_digits() -> None:
    assert _finds("0412 34", "+61412345678", country="")


@st.composite
def numbers(draw: st.DrawFn, region: str) -> PhoneNumber:
    """Valid numbers of `region`, drawn from the patterns of its numbering plan."""
    plan = PhoneMetadata.metadata_for_region(region)
    assert plan is not None
    kinds = [kind.national_number_pattern for kind in (plan.mobile, plan.fixed_line) if kind]
    pattern: str = draw(st.sampled_from([kind for kind in kinds if kind]))
    national = draw(st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True))
    zeros = len(national) - len(national.lstrip("0"))
    number = PhoneNumber(
        country_code=plan.country_code,
        national_number=int(national),
        italian_leading_zero=zeros > 0 or None,
        number_of_leading_zeros=zeros if zeros > 1 else None,
    )
    assume(phonenumbers.is_valid_number(number))
    return number


@pytest.mark.parametrize("region", REGIONS)
@settings(max_examples=25)  # every part of each number, in every region
@given(data=st.data())
def test_any_part_of_a_number_as_written_at_home_or_abroad_finds_it(region: str, data: st.DataObject) -> None:
    number = data.draw(numbers(region))
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    style = data.draw(st.sampled_from([PhoneNumberFormat.NATIONAL, PhoneNumberFormat.INTERNATIONAL]))
    shown = phonenumbers.format_number(number, style)

    for start in range(len(shown)):
        for end in range(start + 1, len(shown) + 1):
            part = shown[start:end]
            if len(re.sub(r"\D", "", part)) >= 3:  # fewer may be a trunk prefix alone: "06" in Hungary
                assert _finds(part, e164, country=region), f"{part!r} of {shown!r}"


def _finds(typed: str, e164: str, *, country: str) -> bool:
    return any(digits in e164 for digits in phone.search_digits(typed, country=country))
