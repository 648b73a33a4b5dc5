"""The barest statements that write the same rows: no locks, no batch to keep, nobody asked."""

from datetime import datetime

from django.db import connection

_LEDGER = (
    "INSERT INTO patients_consentevent (patient_id, from_value, from_source, to_value, source, how, evidence, "
    "phone, batch_id, at) "
)

_APPLY = (
    _LEDGER + "SELECT id, accepts_sms_marketing, sms_marketing_source, true, 'bulk_default', '', '', phone, "
    "%(batch)s, %(at)s FROM patients_patient WHERE accepts_sms_marketing = false"
)
_FOLLOW_APPLY = (
    "UPDATE patients_patient SET accepts_sms_marketing = event.to_value, sms_marketing_source = event.source, "
    "consent_event_id = event.id, updated_at = %(at)s FROM patients_consentevent AS event "
    "WHERE event.batch_id = %(batch)s AND event.patient_id = patients_patient.id"
)

_UNDO = (
    _LEDGER
    + "SELECT patient.id, accepts_sms_marketing, sms_marketing_source, done.from_value, 'undo', '', '', "
    "patient.phone, %(batch)s, %(at)s FROM patients_patient AS patient "
    "JOIN patients_consentevent AS done ON done.id = patient.consent_event_id WHERE done.batch_id = %(done)s"
)
_FOLLOW_UNDO = (
    "UPDATE patients_patient SET accepts_sms_marketing = event.to_value, sms_marketing_source = done.from_source, "
    "consent_event_id = event.id, updated_at = %(at)s "
    "FROM patients_consentevent AS event, patients_consentevent AS done "
    "WHERE event.batch_id = %(batch)s AND event.patient_id = patients_patient.id "
    "AND done.batch_id = %(done)s AND done.patient_id = patients_patient.id"
)


def apply(*, batch: int, at: datetime) -> int:
    """Everybody who rejects accepts from now on; returns how many."""
    return _run(_APPLY, _FOLLOW_APPLY, {"batch": batch, "at": at})


def undo(*, done: int, batch: int, at: datetime) -> int:
    """Everybody whose newest entry is of `done` has again what they had before; returns how many."""
    return _run(_UNDO, _FOLLOW_UNDO, {"done": done, "batch": batch, "at": at})


def _run(ledger: str, follow: str, values: dict[str, int | datetime]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(ledger, values)
        cursor.execute(follow, values)
        return int(cursor.rowcount)
