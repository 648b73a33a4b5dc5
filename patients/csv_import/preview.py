"""Rows as a person looks at them before the import: as they were understood, or as typed where that failed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext

from clinic.lib.phone import display
from patients.csv_import.cells import Line, Problem
from patients.csv_import.columns import Column
from patients.csv_import.importing import Shown
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """`patient` is who is here already. A cell that cannot be read is shown as it was typed."""

    row: int
    name: str
    phone: str
    birth_date: date | str
    reference: str
    marketing: str
    problems: list[Problem]
    patient: Patient | None


def preview_rows(examples: Iterable[Shown]) -> list[PreviewRow]:
    examples = list(examples)
    known = Patient.objects.in_bulk([shown.patient for shown in examples if shown.patient])
    return [_row(shown.line, known.get(shown.patient or 0)) for shown in examples]


def _row(line: Line, patient: Patient | None) -> PreviewRow:
    typed, read = line.texts.get, line.details
    number = read.phone if read else None
    return PreviewRow(
        row=line.row,
        name=f"{typed(Column.FIRST_NAME, '')} {typed(Column.LAST_NAME, '')}".strip(),
        phone=display(number.e164) if number else typed(Column.PHONE, ""),
        birth_date=(read.birth_date if read else None) or typed(Column.BIRTH_DATE, ""),
        reference=typed(Column.REFERENCE, ""),
        marketing=gettext("stays as it is") if patient else _marketing(line),
        problems=line.problems,
        patient=patient,
    )


def _marketing(line: Line) -> str:
    if line.details is None:
        return line.texts.get(Column.MARKETING, "")
    if line.choice is None:
        return (
            gettext("the clinic's default: its yes has no proof")
            if line.unproved
            else gettext("the clinic's default")
        )
    said = gettext("yes") if line.choice.accepts else gettext("no")
    return f"{said} ({line.choice.evidence})" if line.choice.evidence else said
