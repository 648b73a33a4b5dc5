"""Patients and their consents as CSV, row by row, such that no spreadsheet program runs any of it."""

import csv
import logging
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from clinic.lib.spreadsheet import safe_cell
from patients.models import ConsentEvent, Patient
from patients.models.consent import CHOSEN

logger = logging.getLogger(__name__)

CHUNK = 2000
BYTE_ORDER_MARK = "\ufeff"  # or else Excel takes it for Windows-1252

PATIENTS_HEADER = (
    *("Reference", "First name", "Last name", "Mobile number", "Date of birth", "Wants reminders"),
    *("Accepts SMS marketing", "Consent source", "Consent date", "Archived", "Deceased", "Time zone"),
)
CONSENTS_HEADER = (
    *("Reference", "First name", "Last name", "Recorded at", "From", "To", "Source", "How", "Evidence"),
    *("Number at that time", "Recorded by"),
)


def patients_csv(*, zone: ZoneInfo, user: int) -> Iterator[str]:
    """Everybody, the archived and deceased too, with columns that an import reads again.

    What was not the patient's own choice has no consent source: an import must not take it for proof.
    `user` is the primary key of who asked; it is logged with the number of rows, and no person's data.
    """
    rows = Patient.objects.not_erased().select_related("consent_event").order_by("pk").iterator(CHUNK)
    return _lines(PATIENTS_HEADER, (_patient(patient, zone) for patient in rows), user=user, what="patients")


def consents_csv(*, zone: ZoneInfo, user: int) -> Iterator[str]:
    """The whole ledger, oldest first. Logged as `patients_csv` is."""
    rows = ConsentEvent.objects.select_related("patient", "recorded_by").order_by("pk").iterator(CHUNK)
    return _lines(CONSENTS_HEADER, (_consent(event, zone) for event in rows), user=user, what="consents")


def _patient(patient: Patient, zone: ZoneInfo) -> list[str]:
    event = patient.consent_event
    proof = event if event and event.source in CHOSEN else None
    return [
        patient.reference,
        patient.first_name,
        patient.last_name,
        patient.phone,
        patient.birth_date.isoformat() if patient.birth_date else "",
        _yes_or_no(patient.wants_reminders),
        _yes_or_no(patient.accepts_sms_marketing),
        _where(proof) if proof else "",
        proof.at.astimezone(zone).date().isoformat() if proof else "",
        _time(patient.archived_at, zone),
        _time(patient.deceased_at, zone),
        patient.time_zone,
    ]


def _consent(event: ConsentEvent, zone: ZoneInfo) -> list[str]:
    return [
        event.patient.reference,
        event.patient.first_name,
        event.patient.last_name,
        _time(event.at, zone),
        "" if event.from_value is None else _yes_or_no(event.from_value),
        _yes_or_no(event.to_value),
        event.get_source_display(),
        event.get_how_display(),
        event.evidence,
        event.phone,
        event.recorded_by.get_username() if event.recorded_by else "",
    ]


def _where(event: ConsentEvent) -> str:
    said = [event.get_source_display(), event.get_how_display(), event.evidence]
    return ", ".join(filter(None, said))[:400]  # as much as an import takes


def _yes_or_no(value: bool) -> str:
    return "yes" if value else "no"


def _time(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(" ", "seconds") if at else ""


def _lines(header: tuple[str, ...], rows: Iterable[list[str]], *, user: int, what: str) -> Iterator[str]:
    written = -1
    line = csv.writer(_Echo()).writerow
    try:
        yield BYTE_ORDER_MARK + _safe(line, header)
        for written, row in enumerate(rows):  # noqa: B007
            yield _safe(line, row)
    finally:  # also when the browser goes away half-way: that much has left the house
        logger.info("Exported", extra={"user": user, "what": what, "rows": written + 1})


def _safe(line: Callable[[Iterable[str]], Any], cells: Iterable[str]) -> str:
    return str(line([safe_cell(cell) for cell in cells]))


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
