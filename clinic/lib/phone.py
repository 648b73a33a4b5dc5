"""Phone numbers as people type them, and E.164 as we keep and dial it.

No message made here contains the number: it may end up in a log.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from clinic.lib import countries as places
from clinic.lib import phone_search
from clinic.lib.sentence import Said, gettext_noop, said

E164 = r"^\+[1-9][0-9]{6,14}$"  # as the database checks it
MAX_E164 = 16  # a plus sign and 15 digits: ITU-T E.164


class PhoneKind(StrEnum):
    MOBILE = "mobile"
    MAYBE_MOBILE = "maybe_mobile"  # the plan does not tell, as in the United States and Canada
    LANDLINE = "landline"
    OTHER = "other"  # toll-free, premium, internet, pager


class Problem(StrEnum):
    NOT_A_NUMBER = "not_a_number"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NOT_IN_USE = "not_in_use"
    UNKNOWN_COUNTRY = "unknown_country"
    EXTENSION = "extension"


# Without a place and with one: other languages bend the name.
_SENTENCES = {
    Problem.NOT_A_NUMBER: [gettext_noop("This is not a phone number.")],
    Problem.TOO_SHORT: [
        gettext_noop("This number is too short."),
        gettext_noop("This number is too short for %(place)s."),
    ],
    Problem.TOO_LONG: [
        gettext_noop("This number is too long."),
        gettext_noop("This number is too long for %(place)s."),
    ],
    Problem.NOT_IN_USE: [
        gettext_noop("No such number is in use. Check its digits."),
        gettext_noop("No such number is in use in %(place)s. Check its digits."),
    ],
    Problem.UNKNOWN_COUNTRY: [
        gettext_noop("No country has this country code. Start with a plus sign and the code, such as +61.")
    ],
    Problem.EXTENSION: [
        gettext_noop(
            "This number has an extension, and a text cannot reach an extension. Enter a mobile number."
        )
    ],
}


class InvalidPhone(Said):
    """Text that is no phone number. `str()` is one or two sentences for staff, without the number."""

    def __init__(self, problem: Problem, region: str = "") -> None:
        self.problem = problem
        sentences = _SENTENCES[problem]
        if region in places.NAMES:
            super().__init__(said(sentences[-1], place=places.in_a_sentence(region)))
        else:
            super().__init__(said(sentences[0]))


@dataclass(frozen=True, slots=True)
class Phone:
    """A number that exists: `e164` as "+61412345678", `region` its ISO country ("001" if it has none)."""

    e164: str
    kind: PhoneKind
    region: str


_KINDS = {
    PhoneNumberType.MOBILE: PhoneKind.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: PhoneKind.MAYBE_MOBILE,
    PhoneNumberType.FIXED_LINE: PhoneKind.LANDLINE,
}

_EXTENSION = re.compile(r"(\d[ ).,;]*)(?:ext(?:n|ension)?|x|#)[ .:=]*\d+ *$", re.IGNORECASE)
_TYPED = re.compile(r"[ ()\[\]]*\+*[\d ()\[\]./-]*")
_OPTIONAL_ZERO = re.compile(r"\( *0 *\)")


def parse(text: str, *, country: str) -> Phone:
    """Read a number as somebody typed or pasted it.

    `country` is the ISO code for a number without a country code. Raises InvalidPhone.
    """
    typed = tidy(text)
    without_extension = _EXTENSION.sub(r"\1", typed)
    if not _TYPED.fullmatch(without_extension) or not re.search(r"\d", typed):
        raise InvalidPhone(Problem.NOT_A_NUMBER)
    if without_extension != typed:
        raise InvalidPhone(Problem.EXTENSION)
    problem = InvalidPhone(Problem.NOT_A_NUMBER)
    for reading in _readings(typed):
        try:
            return _read(reading, country)
        except InvalidPhone as invalid:
            problem = invalid  # the last reading is the likeliest to be what was meant
    raise problem


def landline_problem(phone: Phone) -> str:
    """Why `phone` cannot get texts, as a sentence to translate for a form, or "" if it can."""
    if phone.kind == PhoneKind.LANDLINE:
        return gettext_noop("This is a landline, so it cannot get texts. Enter a mobile number.")
    if phone.kind == PhoneKind.OTHER:
        return gettext_noop("This is not a mobile number, so it cannot get texts. Enter a mobile number.")
    return ""


def display(e164: str) -> str:
    """`e164` grouped for reading: "+61 412 345 678". Text that is no number comes back as it is."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return e164


def masked(e164: str) -> str:
    """`e164` for a log: the country code and the last three digits, "+61•••••678". Never raises."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return "•••••"
    national = phonenumbers.national_significant_number(number)
    return f"+{number.country_code}•••••{national[-3:] if len(national) > 6 else ''}"


def search_digits(text: str, *, country: str) -> list[str]:
    """Digits to look for, any of them, inside a stored E.164 number, for any part of a number as it is typed.

    "0412 34" gives "041234" and "41234"; "+61 (0)412" gives "61412"; text with letters gives nothing.
    """
    typed = tidy(text)
    return phone_search.digits(typed, country=country) if _TYPED.fullmatch(typed) else []


def sort_key(name: str) -> bytes:
    """By the letters without their accents: Åland stands beside Albania."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore")


def countries() -> list[tuple[str, str]]:
    """(ISO code, English name) of every country whose numbers can be read, by name."""
    return sorted(
        places.NAMES.items(),
        key=lambda item: sort_key(item[1]),
    )


def tidy(text: str) -> str:
    """`text` in ASCII digits, spaces and dashes, whatever its script, without what numbers come wrapped in:
    the invisible marks of pasted contacts, the apostrophe of spreadsheets, "tel:"."""
    if not text.isascii():
        text = "".join(map(_plain, unicodedata.normalize("NFKC", text)))
    text = " ".join(text.split()).lstrip("' ")
    return text[4:].lstrip() if text[:4].lower() == "tel:" else text


def _plain(character: str) -> str:
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    match unicodedata.category(character):
        case "Cf":
            return ""
        case "Pd":
            return "-"
    return {"\N{MINUS SIGN}": "-", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}.get(character, character)


def _readings(typed: str) -> list[str]:
    """What `typed` may mean, the literal reading first: "(0)" may be a zero too many, "00" may be a plus."""
    plus = "+" if "+" in typed else ""
    digits = _digits(typed)
    readings = [plus + digits]
    if _OPTIONAL_ZERO.search(typed):
        readings.append(plus + _digits(_OPTIONAL_ZERO.sub("", typed)))
    readings += [
        "+" + reading.removeprefix("+")[2:] for reading in readings if reading.startswith(("00", "+00"))
    ]
    return readings


def _digits(typed: str) -> str:
    return re.sub(r"\D", "", typed)


def _read(reading: str, country: str) -> Phone:
    try:
        number = phonenumbers.parse(reading, country)
    except NumberParseException as refused:
        raise InvalidPhone(_parse_problem(refused), "" if "+" in reading else country) from None
    number_type = phonenumbers.number_type(number)
    if (
        number_type == PhoneNumberType.UNKNOWN
    ):  # so it is not valid either, which would be asked by the same patterns
        raise InvalidPhone(_length_problem(number), _plan_of(number, country))
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if len(e164) > MAX_E164:
        raise InvalidPhone(Problem.TOO_LONG, _plan_of(number, country))
    kind = _KINDS.get(number_type, PhoneKind.OTHER)
    return Phone(e164, kind, phonenumbers.region_code_for_number(number) or "001")


def _parse_problem(refused: NumberParseException) -> Problem:
    match refused.error_type:
        case NumberParseException.INVALID_COUNTRY_CODE:
            return Problem.UNKNOWN_COUNTRY
        case NumberParseException.TOO_LONG:
            return Problem.TOO_LONG
    return Problem.TOO_SHORT


def _length_problem(number: PhoneNumber) -> Problem:
    # Against the length of mobile numbers: Australia has service numbers of five digits, so by the whole plan
    # a mobile number that lacks a digit is not too short.
    match phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE):
        case ValidationResult.TOO_SHORT | ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
            return Problem.TOO_SHORT
        case ValidationResult.TOO_LONG:
            return Problem.TOO_LONG
    return Problem.NOT_IN_USE


def _plan_of(number: PhoneNumber, country: str) -> str:
    """The country to name in a message: several share +1 and +44, then the clinic's own is meant."""
    regions = phonenumbers.region_codes_for_country_code(number.country_code or 0)
    return country if country in regions else regions[0]
