"""A file checked against who is here, and imported: all of it or nothing."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TextIO

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.translation import gettext, gettext_lazy

from clinic.lib import phone as phones
from patients.batches import keep_away
from patients.consent import Choice
from patients.csv_import.cells import Line, Problem, Reader
from patients.csv_import.columns import Column, Places, letter
from patients.csv_import.matching import Earlier, find_known
from patients.csv_import.sheet import Sheet, Unreadable
from patients.models import ConsentSource
from patients.registration import Details, register_many

BATCH = 500
SHOWN = 50  # rows of each outcome that a person is shown; the others are counted
NO_LAST_NAME = gettext_lazy(
    "No column holds the last name. The first row must name the columns, one of them “Last name”."
)


Note = Callable[[str, int], None]  # told what is being done ("read", "add") and with how many rows it is done


def _nothing_more(_checked: object) -> None:
    """For an import that nobody keeps a record of."""


def _nobody_looks(_doing: str, _rows: int) -> None:
    """For a file that is read while somebody waits."""


class Outcome(StrEnum):
    NEW = "new"
    HERE = "here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as the preview shows it; `patient` is the primary key of who is here already."""

    line: Line
    outcome: Outcome
    patient: int | None


@dataclass(slots=True)
class Checked:
    """What an import would do, or has done: how many rows have which outcome, and examples of each."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    shown: dict[Outcome, list[Shown]] = field(default_factory=lambda: {outcome: [] for outcome in Outcome})
    problem: Problem | None = None  # of the whole file
    unused: list[str] = field(default_factory=list)  # letters of the columns that nothing is read from
    said_yes: int = 0
    said_no: int = 0
    unproved: int = 0
    landlines: int = 0

    @property
    def may_run(self) -> bool:
        return self.problem is None and not self.counts[Outcome.REFUSED]

    @property
    def problems(self) -> list[Problem]:
        """The first of them, in the order of the file."""
        of_rows = [problem for shown in self.shown[Outcome.REFUSED] for problem in shown.line.problems]
        return [*([self.problem] if self.problem else []), *of_rows]

    @property
    def default(self) -> int:
        """How many of the new patients get the clinic's default."""
        return self.counts[Outcome.NEW] - self.said_yes - self.said_no

    @property
    def notices(self) -> list[str]:
        """What staff should know although it stops nothing."""
        return list(_notices(self))


class HasProblems(Exception):  # named for what the caller must look at
    """A file with problems is not imported; `checked` says which."""

    def __init__(self, checked: Checked) -> None:
        super().__init__()
        self.checked = checked


class Changed(HasProblems):
    """Since somebody looked at the preview, other patients have come: it must be looked at again."""


def check(
    sheet: Sheet,
    places: Places,
    *,
    country: str,
    today: date,
    plan: TextIO | None = None,
    note: Note = _nobody_looks,
) -> Checked:
    """Read and match every row. Nothing is written but the new patients, to `plan`, one a line.

    `country` is the ISO code for numbers without a country code, and for the order of day and month.
    """
    checked = Checked()
    if Column.LAST_NAME not in places:
        checked.problem = Problem(0, str(NO_LAST_NAME))
        return checked
    used = places.values()
    checked.unused = [letter(at) for at, name in enumerate(sheet.header) if name.strip() and at not in used]
    reader = Reader(places, country, today)
    try:
        with closing(Earlier()) as earlier:
            for lines in _batches(reader.read(row, cells) for row, cells in sheet.rows()):
                _check_batch(lines, checked, earlier, plan)
                note("read", sum(checked.counts.values()))
    except Unreadable as unreadable:
        checked.problem = Problem(0, str(unreadable))
    if not any(checked.counts.values()) and checked.problem is None:
        checked.problem = Problem(0, gettext("There are no patients in it."))
    return checked


def run(
    sheet: Sheet,
    places: Places,
    *,
    country: str,
    today: date,
    at: datetime,
    by: AbstractBaseUser | None = None,
    seen: dict[str, int] | None = None,
    folder: Path | None = None,
    note: Note = _nobody_looks,
    alongside: Callable[[Checked], None] = _nothing_more,
) -> Checked:
    """Register everybody new in the file, in one transaction; patients who are here already are left alone.

    `seen` holds the counts that somebody agreed to. What is to be written lies meanwhile in a nameless file in
    `folder`, so that neither memory nor the transaction grows with the time that reading takes. `alongside` is
    called in the same transaction.
    Raises HasProblems, Changed; IntegrityError if a reference was taken since the file was read.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", dir=folder) as plan:
        checked = check(sheet, places, country=country, today=today, plan=plan, note=note)
        if not checked.may_run:
            raise HasProblems(checked)
        if seen is not None and seen != checked.counts:
            raise Changed(checked)
        plan.seek(0)
        with transaction.atomic():
            keep_away()
            register_many(details=map(_planned, _counted(plan, note)), at=at, by=by)
            alongside(checked)
    return checked


def _counted(plan: TextIO, note: Note) -> Iterator[str]:
    for number, line in enumerate(plan):
        if number % BATCH == 0:
            note("add", number)
        yield line


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    iterator = iter(lines)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def _check_batch(lines: list[Line], checked: Checked, earlier: Earlier, plan: TextIO | None) -> None:
    known = find_known(lines)
    for line in lines:
        earlier.check(line)
        outcome = Outcome.REFUSED if line.problems else Outcome.HERE if line.row in known else Outcome.NEW
        checked.counts[outcome] += 1
        if len(checked.shown[outcome]) < SHOWN:
            checked.shown[outcome].append(Shown(line, outcome, known.get(line.row)))
        if outcome == Outcome.NEW:
            _count(line, checked)
            if plan is not None and checked.may_run:
                plan.write(_plan(line))


def _count(line: Line, checked: Checked) -> None:
    assert line.details is not None
    checked.landlines += bool(line.details.phone and phones.landline_problem(line.details.phone))
    checked.unproved += line.unproved
    if line.choice:
        checked.said_yes += line.choice.accepts
        checked.said_no += not line.choice.accepts


def _notices(checked: Checked) -> Iterator[str]:
    if checked.unused:
        yield f"Columns that are not used: {', '.join(checked.unused)}."
    if here := checked.counts[Outcome.HERE]:
        yield f"Patients who are here already and are left as they are, whatever the file says: {here}."
    if checked.landlines:
        yield f"Numbers that are not mobile numbers and cannot get texts: {checked.landlines}."
    if checked.unproved:
        yield (
            "Patients who get the clinic's default, because their yes to marketing has no proof: "
            f"{checked.unproved}. "
            "To keep it, add the columns “Consent source” and “Consent date”, and fill in both."
        )


def _plan(line: Line) -> str:
    details, choice = line.details, line.choice
    assert details is not None
    number = (details.phone.e164, details.phone.kind, details.phone.region) if details.phone else None
    said = (choice.accepts, choice.evidence) if choice else None
    born = details.birth_date.isoformat() if details.birth_date else ""
    names = (details.first_name, details.last_name)
    facts = [number, born, details.reference, details.wants_reminders, details.time_zone]
    return json.dumps([*names, *facts, said]) + "\n"


def _planned(text: str) -> tuple[Details, Choice | None]:
    first_name, last_name, number, born, reference, wants_reminders, time_zone, said = json.loads(text)
    details = Details(
        first_name=first_name,
        last_name=last_name,
        phone=phones.Phone(number[0], phones.PhoneKind(number[1]), number[2]) if number else None,
        birth_date=date.fromisoformat(born) if born else None,
        reference=reference,
        wants_reminders=wants_reminders,
        time_zone=time_zone,
    )
    return details, Choice(said[0], ConsentSource.IMPORT, evidence=said[1]) if said else None
