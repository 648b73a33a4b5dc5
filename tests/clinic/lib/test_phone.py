import re

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib import countries, phone
from clinic.lib.phone import InvalidPhone, Phone, PhoneKind, Problem

SYDNEY_MOBILE = "+61412345678"


@pytest.mark.parametrize(
    "typed",
    [
        "0412345678",
        "0412 345 678",
        " 0412-345-678 ",
        "(0412) 345.678",
        "0412/345678",
        "412345678",
        "61412345678",
        "+61412345678",
        "+61 412 345 678",
        "(+61) 412 345 678",
        "++61 412 345 678",
        "+61 (0)412 345 678",
        "+61 ( 0 ) 412 345 678",
        "+61 0412 345 678",
        "0061 412 345 678",
        "+0061 412 345 678",
        "0061 (0)412 345 678",
        "0011 61 412 345 678",
        "\N{FULLWIDTH PLUS SIGN}\uff16\uff11\uff14\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
        "\uff08\uff10\uff14\uff11\uff12\uff09\u3000\uff13\uff14\uff15\u3000\uff16\uff17\uff18",
        "\u0660\u0664\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
        "0412\N{NO-BREAK SPACE}345\N{NARROW NO-BREAK SPACE}678",
        "0412\N{EN DASH}345\N{NON-BREAKING HYPHEN}678",
        "0412\N{MINUS SIGN}345\N{MINUS SIGN}678",
        "\u202a+61 412 345 678\u202c",
        "\u2066+61\u00ad412345678\u2069",
        "'0412345678",
        "'+61412345678",
        "\N{RIGHT SINGLE QUOTATION MARK}0412345678",
        "tel:+61-412-345-678",
        "TEL: 0412 345 678",
        "0412 345 678\r\n",
    ],
)
def test_an_australian_mobile_is_one_number_however_it_is_written(typed: str) -> None:
    assert phone.parse(typed, country="AU") == Phone(SYDNEY_MOBILE, PhoneKind.MOBILE, "AU")


@pytest.mark.parametrize(
    ("typed", "country", "expected"),
    [
        ("07911 866921", "GB", Phone("+447911866921", PhoneKind.MOBILE, "GB")),
        ("07797 712345", "GB", Phone("+447797712345", PhoneKind.MOBILE, "JE")),
        ("+44 (0)7911 866921", "AU", Phone("+447911866921", PhoneKind.MOBILE, "GB")),
        ("0044 7911 866921", "US", Phone("+447911866921", PhoneKind.MOBILE, "GB")),
        ("(212) 555-2368", "US", Phone("+12125552368", PhoneKind.MAYBE_MOBILE, "US")),
        ("1-604-555-2368", "US", Phone("+16045552368", PhoneKind.MAYBE_MOBILE, "CA")),
        ("347 123 4567", "IT", Phone("+393471234567", PhoneKind.MOBILE, "IT")),
        ("+39 (0)347 123 4567", "AU", Phone("+393471234567", PhoneKind.MOBILE, "IT")),
        ("06 1234 5678", "IT", Phone("+390612345678", PhoneKind.LANDLINE, "IT")),
        ("8 (900) 123-45-67", "RU", Phone("+79001234567", PhoneKind.MOBILE, "RU")),
        ("011 15-2345-6789", "AR", Phone("+5491123456789", PhoneKind.MOBILE, "AR")),
        ("(02) 9876 5432", "AU", Phone("+61298765432", PhoneKind.LANDLINE, "AU")),
        ("1300 975 707", "AU", Phone("+611300975707", PhoneKind.OTHER, "AU")),
        ("1800 801 920", "AU", Phone("+611800801920", PhoneKind.OTHER, "AU")),
        ("+800 1234 5678", "AU", Phone("+80012345678", PhoneKind.OTHER, "001")),
    ],
)
def test_numbers_of_other_countries_and_kinds_are_told_apart(
    typed: str, country: str, expected: Phone
) -> None:
    assert phone.parse(typed, country=country) == expected


@pytest.mark.parametrize(
    ("typed", "problem", "sentence"),
    [
        ("", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("  ", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("+", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("none", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("0412 345 678 (Mum)", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("1300 FLOWERS", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("0412 345 678 +", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("0412*345*678", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("ext 12", Problem.NOT_A_NUMBER, "This is not a phone number."),
        ("5", Problem.TOO_SHORT, "This number is too short for Australia."),
        ("0412 345 67", Problem.TOO_SHORT, "This number is too short for Australia."),
        ("9876 5432", Problem.TOO_SHORT, "This number is too short for Australia."),
        ("+61", Problem.TOO_SHORT, "This number is too short."),
        ("0061 412 345", Problem.TOO_SHORT, "This number is too short for Australia."),
        ("+44 7911", Problem.TOO_SHORT, "This number is too short for the United Kingdom."),
        ("0412 345 6789", Problem.TOO_LONG, "This number is too long for Australia."),
        ("0412 345 678 / 0412 345 679", Problem.TOO_LONG, "This number is too long for Australia."),
        ("+44 7911 8669 2100", Problem.TOO_LONG, "This number is too long for the United Kingdom."),
        ("1" * 300, Problem.TOO_LONG, "This number is too long for Australia."),
        ("0912 345 678", Problem.NOT_IN_USE, "No such number is in use in Australia. Check its digits."),
        ("+800 0", Problem.TOO_SHORT, "This number is too short."),
        (
            "+999 1234 5678",
            Problem.UNKNOWN_COUNTRY,
            "No country has this country code. Start with a plus sign and the code, such as +61.",
        ),
        (
            "02 9876 5432 ext. 12",
            Problem.EXTENSION,
            "This number has an extension, and a text cannot reach an extension. Enter a mobile number.",
        ),
        (
            "0412345678x5",
            Problem.EXTENSION,
            "This number has an extension, and a text cannot reach an extension. Enter a mobile number.",
        ),
    ],
)
def test_a_refusal_says_what_is_wrong_in_a_sentence(typed: str, problem: Problem, sentence: str) -> None:
    with pytest.raises(InvalidPhone) as refused:
        phone.parse(typed, country="AU")

    assert (refused.value.problem, str(refused.value)) == (problem, sentence)


@pytest.mark.parametrize("country", ["", "XX", "au"])
def test_without_a_country_a_number_needs_its_country_code(country: str) -> None:
    assert phone.parse("+61412345678", country=country).e164 == SYDNEY_MOBILE
    with pytest.raises(InvalidPhone) as refused:
        phone.parse("0412345678", country=country)
    assert refused.value.problem == Problem.UNKNOWN_COUNTRY


def test_countries_that_share_a_code_are_named_as_the_clinic_would() -> None:
    assert "for Canada." in _refusal("+1 604 555", country="CA")
    assert "for the United States." in _refusal("+1 604 555", country="AU")


def test_a_number_longer_than_e164_allows_is_refused_even_where_the_plan_has_it() -> None:
    # German radio paging numbers have up to 14 national digits, and so 16 with the country code.
    assert "too long for Germany" in _refusal("+49 16 9123 4567 8901", country="DE")


@given(st.text())
def test_nothing_but_a_number_or_a_refusal_without_it_comes_of_odd_text(text: str) -> None:
    try:
        outcome = phone.parse(text, country="AU").e164
    except InvalidPhone as refused:
        outcome = str(refused).replace("+61", "")

    assert re.fullmatch(r"\+[1-9]\d{1,14}|\D+", outcome)


@given(st.text(alphabet="+0123456789 ()-x'/\u00a0", max_size=25), st.sampled_from(["AU", "US", "IT", "AR"]))
def test_a_number_read_once_reads_the_same_again(text: str, country: str) -> None:
    try:
        found = phone.parse(text, country=country)
    except InvalidPhone:
        return
    assert phone.parse(found.e164, country="AU") == found
    assert phone.parse(phone.display(found.e164), country="NZ") == found


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("0412 345 678", ""),
        ("+1 212 555 2368", ""),
        ("02 9876 5432", "This is a landline, so it cannot get texts. Enter a mobile number."),
        ("1300 975 707", "This is not a mobile number, so it cannot get texts. Enter a mobile number."),
    ],
)
def test_a_number_that_cannot_get_texts_is_explained(typed: str, sentence: str) -> None:
    assert phone.landline_problem(phone.parse(typed, country="AU")) == sentence


@pytest.mark.parametrize(
    ("e164", "shown", "in_a_log"),
    [
        ("+61412345678", "+61 412 345 678", "+61•••••678"),
        ("+12125552368", "+1 212-555-2368", "+1•••••368"),
        ("+390669821234", "+39 06 6982 1234", "+39•••••234"),
        ("+4412", "+44 12", "+44•••••"),
        ("+9991234567", "+9991234567", "•••••"),
        ("0412345678", "0412345678", "•••••"),
        ("", "", "•••••"),
        ("unknown", "unknown", "•••••"),
    ],
)
def test_a_number_is_grouped_for_people_and_masked_for_logs(e164: str, shown: str, in_a_log: str) -> None:
    assert phone.display(e164) == shown
    assert phone.masked(e164) == in_a_log


@given(st.text())
def test_showing_and_masking_never_fail(text: str) -> None:
    phone.display(text)
    assert len(re.sub(r"\D", "", phone.masked(text))) <= 6


def test_every_country_with_a_numbering_plan_has_a_name_and_no_other() -> None:
    assert {code for code, _ in phone.countries()} == set(phonenumbers.SUPPORTED_REGIONS)


def test_countries_are_in_the_order_of_their_names_whatever_the_accents() -> None:
    names = [name for _, name in phone.countries()]

    assert len(names) == len(set(names))
    assert names[:3] == ["Afghanistan", "Åland Islands", "Albania"]
    assert names[-1] == "Zimbabwe"
    assert names.index("São Tomé and Príncipe") < names.index("Saudi Arabia") < names.index("Senegal")


def test_a_name_takes_its_article_in_a_sentence() -> None:
    assert countries.in_a_sentence("NL") == "the Netherlands"
    assert countries.in_a_sentence("NZ") == "New Zealand"


def _refusal(typed: str, *, country: str) -> str:
    with pytest.raises(InvalidPhone) as refused:
        phone.parse(typed, country=country)
    return str(refused.value)
