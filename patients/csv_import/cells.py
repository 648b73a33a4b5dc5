"""What is written in a cell, read as what it means. Nothing said here repeats the cell: it may end up in a log."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import TypeVar

from django.utils.translation import gettext

from clinic.lib import clock
from clinic.lib import phone as phones
from clinic.lib.typed import has_unseen
from clinic.one_line import UNSEEN
from clinic.words import in_words
from patients.consent import Choice
from patients.csv_import.columns import Column, Places
from patients.models import ConsentSource
from patients.registration import Details

T = TypeVar("T")

# "SMS" and the like stand in the reminder columns of other systems, where "email" and "none" mean: no texts.
_YES = {"yes", "y", "true", "t", "1", "x", "on", "accepted", "sms", "sms & email", "sms and email"}
_NO = {"no", "n", "false", "f", "0", "off", "rejected", "none", "email"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why the file is not imported. `row` counts as spreadsheets do: the header is row 1. 0 is the whole file."""

    row: int
    reason: str
    column: Column | None = None

    def __str__(self) -> str:
        place = f"Row {self.row}" if self.row else "The file"
        return f"{place}{f', {self.column}' if self.column else ''}: {self.reason}"


@dataclass(slots=True)
class Line:
    """One row: its `texts` as typed, and what they mean. `details` is None if a cell cannot be read.

    `unproved` if its yes to marketing does not count.
    """

    row: int
    texts: dict[Column, str]
    details: Details | None = None
    choice: Choice | None = None
    unproved: bool = False
    problems: list[Problem] = field(default_factory=list)


class _BadCell(Exception):
    """`str()` says what is wrong with a cell."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the rows of one file. `country` is the ISO code for numbers without a country code, and for the
    order of day and month."""

    places: Places
    country: str
    today: date

    def read(self, row: int, cells: Sequence[str]) -> Line:
        line = Line(
            row, {name: " ".join(cells[at].split()) for name, at in self.places.items() if at < len(cells)}
        )
        read = partial(_cell, line)
        details = Details(
            first_name=read(Column.FIRST_NAME, _up_to(100)) or "",
            last_name=read(Column.LAST_NAME, _up_to(100), required=True) or "",
            phone=read(Column.PHONE, self._number),
            birth_date=read(Column.BIRTH_DATE, self._past_date),
            reference=read(Column.REFERENCE, _up_to(64)) or "",
            time_zone=read(Column.TIME_ZONE, _time_zone) or "",
            wants_reminders=read(Column.REMINDERS, _yes_or_no) is not False,
        )
        accepts = read(Column.MARKETING, _yes_or_no)
        source = read(Column.CONSENT_SOURCE, _up_to(400))
        given_on = read(Column.CONSENT_DATE, self._past_date)
        if line.problems:
            return line
        line.details = details
        # Nobody has to prove a no.
        if accepts is False or (accepts and source and given_on):
            proof = ", ".join(filter(None, [source, given_on.isoformat() if given_on else ""]))
            line.choice = Choice(accepts, ConsentSource.IMPORT, evidence=proof)
        line.unproved = bool(accepts) and line.choice is None
        return line

    def _number(self, text: str) -> phones.Phone:
        try:
            return phones.parse(text, country=self.country)
        except phones.InvalidPhone as invalid:
            raise _BadCell(in_words(invalid)) from None

    def _past_date(self, text: str) -> date:
        if not re.fullmatch(r"\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2\d{4}", text, re.ASCII):
            raise _BadCell(
                gettext("Write a date as 1987-03-14, or with day, month and a year of four digits.")
            )
        numbers = [int(digits) for digits in re.findall(r"\d+", text)]
        if numbers[0] < 100:
            numbers.reverse()
            if self.country == "US":
                numbers[1:] = reversed(numbers[1:])
        try:
            found = date(*numbers)
        except ValueError:
            raise _BadCell(gettext("There is no such date.")) from None
        if not self.today.year - 130 <= found.year or found > self.today:
            raise _BadCell(gettext("This date cannot be right. Check the year."))
        return found


def _cell(line: Line, column: Column, parse: Callable[[str], T], *, required: bool = False) -> T | None:
    text = line.texts.get(column, "")
    try:
        if text:
            return parse(text)
        if required:
            raise _BadCell(gettext("It is empty."))
    except _BadCell as bad:
        line.problems.append(Problem(line.row, str(bad), column))
    return None


def _up_to(longest: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if len(text) > longest:
            raise _BadCell(gettext("It is longer than %(number)s characters.") % {"number": longest})
        if has_unseen(text):
            raise _BadCell(str(UNSEEN))
        return text

    return parse


def _time_zone(text: str) -> str:
    if clock.is_zone(text):
        return text
    raise _BadCell(gettext("Write a time zone as Australia/Perth, or leave it empty for the clinic’s."))


def _yes_or_no(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise _BadCell(gettext("Write yes or no."))
