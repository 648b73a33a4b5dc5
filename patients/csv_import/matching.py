"""Whether somebody in a file is a patient who is here already. When in doubt, a person decides."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext, gettext_noop

from patients.csv_import.cells import Line, Problem
from patients.csv_import.columns import Column
from patients.models import Patient
from patients.models.patient import searchable
from patients.registration import Details

_OTHER_NAME = gettext_noop(
    "A patient here has this reference, but another name, and neither the birth date nor the number agrees. "
    "Correct the reference, or take the row out."
)
_TWO = gettext_noop(
    "There are several such patients here: the same name, birth date and number. Take the row out."
)
_OTHER_REFERENCE = gettext_noop(
    "This patient is here under another reference. Correct one of the two, or take the row out."
)
_OTHER_NUMBER = gettext_noop(
    "A patient here has the same name and birth date, but another number. If it is the same person, change the "
    "number there and take the row out."
)
_NO_BIRTH_DATE = gettext_noop(
    "A patient here has the same name and number, and the birth date is known only there or only in the file. "
    "Fill it in, or take the row out."
)


@dataclass(frozen=True, slots=True)
class Known:
    """As much of a patient as tells people apart."""

    pk: int
    name: str
    birth_date: date | None
    phone: str
    reference: str


def find_known(lines: Sequence[Line]) -> dict[int, int]:
    """The patients who are here already: row number to primary key, for readable lines.

    Lines that nobody but a person can decide get a problem. The same reference is the same patient if the name,
    birth date or number agrees too; else the name, birth date and number must be the same, one of the latter two
    known. Two queries, however many lines.
    """
    readable = [(line, line.details) for line in lines if line.details is not None]
    by_reference = _by_reference({details.reference for _, details in readable} - {""})
    names = {line.row: name_of(details) for line, details in readable}
    by_name = _by_name(set(names.values()))
    found: dict[int, int] = {}
    for line, details in readable:
        answer = _judge(details, by_reference.get(details.reference), by_name.get(names[line.row], []))
        if isinstance(answer, int):
            found[line.row] = answer
        elif answer:
            column = Column.REFERENCE if answer is _OTHER_NAME else None
            line.problems.append(Problem(line.row, gettext(answer), column))
    return found


def name_of(details: Details) -> str:
    longest: int = Patient._meta.get_field("search_name").max_length or 0
    return searchable(f"{details.first_name} {details.last_name}")[:longest]


class Earlier:
    """Who came earlier in the file. Keeps a number for each, not the person.

    In a nameless file, which goes when this is closed: memory does not grow with the rows.
    """

    def __init__(self) -> None:
        self._kept = sqlite3.connect("")
        self._kept.execute("PRAGMA journal_mode = OFF")
        self._kept.execute("CREATE TABLE earlier (key INTEGER PRIMARY KEY, in_row INTEGER NOT NULL)")

    def close(self) -> None:
        self._kept.close()

    def check(self, line: Line) -> None:
        """Add a problem to a line that repeats an earlier one, and remember it."""
        details = line.details
        if details is None:
            return
        reference = [hash(details.reference)] if details.reference else []
        for key in [*reference, *self._person(details)]:
            earlier = self._first_row(key, line.row)
            if earlier != line.row:
                is_reference = key in reference
                said = (
                    gettext("Row %(row)s has the same reference. Take one of them out.")
                    if is_reference
                    else gettext("Row %(row)s is the same patient. Take one of them out.")
                )
                column = Column.REFERENCE if is_reference else None
                line.problems.append(Problem(line.row, said % {"row": earlier}, column))
                return

    def _first_row(self, key: int, row: int) -> int:
        insert = "INSERT INTO earlier VALUES (?, ?) ON CONFLICT DO NOTHING"
        if self._kept.execute(insert, (key, row)).rowcount:
            return row
        ((first,),) = self._kept.execute("SELECT in_row FROM earlier WHERE key = ?", (key,))
        return int(first)

    @staticmethod
    def _person(details: Details) -> list[int]:
        name = name_of(details)
        if details.birth_date:
            return [hash((name, details.birth_date))]
        return [hash((name, details.phone.e164))] if details.phone else []


def _by_reference(references: set[str]) -> dict[str, Known]:
    # The second condition is the index's own: without it the database does not use it.
    rows = Patient.objects.filter(~Q(reference=""), reference__in=references)
    return {known.reference: known for known in _known(rows)} if references else {}


def _by_name(names: set[str]) -> dict[str, list[Known]]:
    found = defaultdict(list)
    for known in _known(Patient.objects.filter(search_name__in=names)):
        found[known.name].append(known)
    return found


def _known(patients: object) -> list[Known]:
    rows = patients.order_by().values_list("pk", "search_name", "birth_date", "phone", "reference")  # type: ignore[attr-defined]
    return [Known(*row) for row in rows.iterator()]


def _judge(details: Details, same_reference: Known | None, same_name: list[Known]) -> int | str | None:
    """The primary key of the patient this is, or why nobody can tell, or None: somebody new."""
    phone = details.phone.e164 if details.phone else ""
    if same_reference:
        agrees = same_reference.name == name_of(details)
        agrees |= bool(phone) and same_reference.phone == phone
        agrees |= details.birth_date is not None and same_reference.birth_date == details.birth_date
        return same_reference.pk if agrees else _OTHER_NAME
    same = [known for known in same_name if (known.birth_date, known.phone) == (details.birth_date, phone)]
    if same and (phone or details.birth_date):
        if len(same) > 1:
            return _TWO
        return _OTHER_REFERENCE if details.reference and same[0].reference else same[0].pk
    if details.birth_date and any(known.birth_date == details.birth_date for known in same_name):
        return _OTHER_NUMBER
    half_known = [known for known in same_name if (known.birth_date is None) != (details.birth_date is None)]
    return _NO_BIRTH_DATE if phone and any(known.phone == phone for known in half_known) else None
