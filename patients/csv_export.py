"""Patients and their consents as CSV, row by row, such that no spreadsheet program runs any of it."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from clinic.downloads import CHUNK, csv_lines, time_cell
from patients.models import ConsentEvent, Patient
from patients.models.consent import CHOSEN

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
    return csv_lines(
        PATIENTS_HEADER, (_patient(patient, zone) for patient in rows), user=user, what="patients"
    )


def consents_csv(*, zone: ZoneInfo, user: int) -> Iterator[str]:
    """The whole ledger, oldest first. Logged as `patients_csv` is."""
    rows = ConsentEvent.objects.select_related("patient", "recorded_by").order_by("pk").iterator(CHUNK)
    return csv_lines(CONSENTS_HEADER, (_consent(event, zone) for event in rows), user=user, what="consents")


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
        time_cell(patient.archived_at, zone),
        time_cell(patient.deceased_at, zone),
        patient.time_zone,
    ]


def _consent(event: ConsentEvent, zone: ZoneInfo) -> list[str]:
    return [
        event.patient.reference,
        event.patient.first_name,
        event.patient.last_name,
        time_cell(event.at, zone),
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
