"""Patients from a spreadsheet: everything is read and checked first, then everybody is added, or nobody.

Nothing said here repeats a cell of the file: it may end up in a log.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinic.lib import phone as phones
from clinic.lib.spreadsheet import NotText, decode, sniff_separator
from patients.consent import Choice
from patients.models import ConsentSource, Patient
from patients.models.patient import searchable
from patients.registration import Details, register_many

T = TypeVar("T")


class Column(StrEnum):
    """What a column may hold, as it is called when something is wrong with it."""

    FIRST_NAME = "first name"
    LAST_NAME = "last name"
    PHONE = "mobile number"
    BIRTH_DATE = "date of birth"
    REFERENCE = "reference"
    REMINDERS = "wants reminders"
    MARKETING = "accepts SMS marketing"
    CONSENT_SOURCE = "consent source"
    CONSENT_DATE = "consent date"


# How other systems call them, likeliest first, in small letters and without anything between the words.
HEADERS = {
    Column.FIRST_NAME: ["firstname", "givenname", "givennames", "forename", "first"],
    Column.LAST_NAME: ["lastname", "surname", "familyname", "last"],
    Column.PHONE: [
        *["mobilenumber", "mobile", "mobilephone", "cellphone", "cell", "cellnumber"],
        *["phonenumber", "phone", "telephone", "tel"],
    ],
    Column.BIRTH_DATE: ["dateofbirth", "birthdate", "birthday", "dob", "born"],
    Column.REFERENCE: ["reference", "ref", "patientid", "patientnumber", "mrn", "externalid", "id"],
    Column.REMINDERS: ["wantsreminders", "wantsappointmentreminders", "appointmentreminders", "reminders"],
    Column.MARKETING: [
        "acceptssmsmarketing",
        "acceptsmarketing",
        "smsmarketing",
        "marketing",
        "marketingconsent",
    ],
    Column.CONSENT_SOURCE: ["consentsource", "marketingsource", "smsmarketingsource", "optinsource"],
    Column.CONSENT_DATE: ["consentdate", "marketingdate", "smsmarketingdate", "optindate"],
}
_YES = {"yes", "y", "true", "t", "1", "x", "on"}
_NO = {"no", "n", "false", "f", "0", "off"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the file is not imported. `row` counts as spreadsheets do: the header is row 1. 0 is the whole file."""

    row: int
    reason: str
    column: Column | None = None

    def __str__(self) -> str:
        place = f"Row {self.row}" if self.row else "The file"
        return f"{place}{f', {self.column}' if self.column else ''}: {self.reason}"


@dataclass(frozen=True, slots=True)
class NewPatient:
    """A row that can be imported. `unproved` if its yes to marketing does not count."""

    row: int
    details: Details
    choice: Choice | None
    unproved: bool


@dataclass(slots=True)
class Reading:
    """What a file holds. `problems` stop the import, `notices` are for staff to know."""

    patients: list[NewPatient] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


class HasProblems(Exception):  # named for what the caller must look at
    """A file with problems is not imported."""


class _BadCell(Exception):
    """`str()` says what is wrong with a cell."""


def read(data: bytes, *, country: str, today: date) -> Reading:
    """Read a CSV file whose first row names its columns. Nothing is written.

    `country` is the ISO code for numbers without a country code, and for the order of day and month.
    """
    reading = Reading()
    try:
        text = decode(data)
        separator = sniff_separator(text.lstrip("\r\n").split("\n", 1)[0])
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except NotText as not_text:
        reading.problems.append(Problem(0, str(not_text)))
    except csv.Error:
        reading.problems.append(Problem(0, "Its quotes cannot be made out. Save it as CSV again."))
    else:
        header, places = _header(rows, reading)
        if places:
            _read_rows(rows[header:], places, reading, first=header + 1, country=country, today=today)
    return reading


def save(reading: Reading, *, at: datetime, by: AbstractBaseUser | None = None) -> int:
    """Register everybody in `reading`, or nobody; returns how many.

    Raises HasProblems; IntegrityError if a reference was taken since the file was read.
    """
    if reading.problems:
        raise HasProblems
    with transaction.atomic():
        return register_many(details=[(new.details, new.choice) for new in reading.patients], at=at, by=by)


def _header(rows: list[list[str]], reading: Reading) -> tuple[int, dict[Column, int]]:
    """How many rows come before the patients, and where each column stands; of several that fit, the likeliest."""
    above = next((number for number, row in enumerate(rows) if any(cell.strip() for cell in row)), 0)
    names = [re.sub(r"[\W_]", "", cell).lower() for cell in rows[above]] if rows else []
    places = {
        column: names.index(name)
        for column, known in HEADERS.items()
        if (name := next((name for name in known if name in names), None))
    }
    if Column.LAST_NAME not in places:
        reading.problems.append(
            Problem(0, "Its first row must name the columns, and one of them must be “Last name”.")
        )
        return above + 1, {}
    unused = [str(place + 1) for place, name in enumerate(names) if name and place not in places.values()]
    if unused:
        reading.notices.append(f"Columns that are not used: {', '.join(unused)} (counted from the first).")
    return above + 1, places


def _read_rows(
    rows: list[list[str]],
    places: dict[Column, int],
    reading: Reading,
    *,
    first: int,
    country: str,
    today: date,
) -> None:
    known = _Known()
    for number, row in enumerate(rows, start=first):
        if not any(cell.strip() for cell in row):
            continue
        line = _Line(number, row, places, country, today)
        patient = line.patient()
        if patient is not None:
            line.problems += known.problems(number, patient.details)
            reading.patients.append(patient)
        reading.problems += line.problems
    if not reading.patients and not reading.problems:
        reading.problems.append(Problem(0, "There are no patients in it."))
    reading.notices += _notices(reading.patients)


def _notices(patients: list[NewPatient]) -> Iterator[str]:
    silent = sum(1 for new in patients if new.details.phone and phones.landline_problem(new.details.phone))
    if silent:
        yield f"Numbers that are not mobile numbers and cannot get texts: {silent}."
    unproved = sum(new.unproved for new in patients)
    if unproved:
        yield (
            f"Patients who get the clinic's default, because their yes to marketing has no proof: {unproved}. "
            "To keep it, add the columns “Consent source” and “Consent date”, and fill in both."
        )


class _Known:
    """Who is here already, and who came earlier in the file."""

    def __init__(self) -> None:
        self.references = set(Patient.objects.exclude(reference="").values_list("reference", flat=True))
        people = Patient.objects.values_list("search_name", "birth_date", "phone")
        self.people = {key for person in people.iterator() for key in _same_person(*person)}

    def problems(self, row: int, details: Details) -> Iterator[Problem]:
        if details.reference in self.references:
            yield Problem(row, "Another patient has this reference.", Column.REFERENCE)
        name = searchable(f"{details.first_name} {details.last_name}")
        keys = _same_person(name, details.birth_date, details.phone.e164 if details.phone else "")
        if self.people & keys:
            yield Problem(
                row, "This patient is here already: the same name with the same birth date or number."
            )
        self.people |= keys
        if details.reference:
            self.references.add(details.reference)


def _same_person(name: str, born: date | None, phone: str) -> set[tuple[str, date | str]]:
    if born:
        return {(name, born)}
    return {(name, phone)} if phone else set()


class _Line:
    """One row, and the problems of its cells."""

    def __init__(
        self, number: int, row: list[str], places: dict[Column, int], country: str, today: date
    ) -> None:
        self.number, self.country, self.today = number, country, today
        self.texts = {column: " ".join(row[at].split()) for column, at in places.items() if at < len(row)}
        self.problems: list[Problem] = []

    def patient(self) -> NewPatient | None:
        details = Details(
            first_name=self._cell(Column.FIRST_NAME, _up_to(100)) or "",
            last_name=self._cell(Column.LAST_NAME, _up_to(100), required=True) or "",
            phone=self._cell(Column.PHONE, self._number),
            birth_date=self._cell(Column.BIRTH_DATE, self._past_date),
            reference=self._cell(Column.REFERENCE, _up_to(64)) or "",
            wants_reminders=self._cell(Column.REMINDERS, _yes_or_no) is not False,
        )
        accepts = self._cell(Column.MARKETING, _yes_or_no)
        source = self._cell(Column.CONSENT_SOURCE, _up_to(400))
        given_on = self._cell(Column.CONSENT_DATE, self._past_date)
        if self.problems:
            return None
        # Nobody has to prove a no.
        counts = accepts is False or bool(accepts and source and given_on)
        proof = ", ".join(filter(None, [source, given_on.isoformat() if given_on else ""]))
        choice = Choice(bool(accepts), ConsentSource.IMPORT, evidence=proof) if counts else None
        return NewPatient(self.number, details, choice, unproved=bool(accepts) and not counts)

    def _cell(self, column: Column, parse: Callable[[str], T], *, required: bool = False) -> T | None:
        text = self.texts.get(column, "")
        try:
            if text:
                return parse(text)
            if required:
                raise _BadCell("It is empty.")
        except _BadCell as bad:
            self.problems.append(Problem(self.number, str(bad), column))
        return None

    def _number(self, text: str) -> phones.Phone:
        try:
            return phones.parse(text, country=self.country)
        except phones.InvalidPhone as invalid:
            raise _BadCell(str(invalid)) from None

    def _past_date(self, text: str) -> date:
        numbers = [int(digits) for digits in re.findall(r"\d+", text)]
        if not re.fullmatch(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4}", text, re.ASCII):
            raise _BadCell("Write a date as 1987-03-14, or with day, month and a year of four digits.")
        if numbers[0] < 100:
            numbers.reverse()
            if self.country == "US":
                numbers[1:] = reversed(numbers[1:])
        try:
            found = date(*numbers)
        except ValueError:
            raise _BadCell("There is no such date.") from None
        if not self.today.year - 130 <= found.year or found > self.today:
            raise _BadCell("This date cannot be right. Check the year.")
        return found


def _up_to(longest: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > longest:
            raise _BadCell(f"It is longer than {longest} characters.")
        return text

    return parse


def _yes_or_no(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise _BadCell("Write yes or no.")
