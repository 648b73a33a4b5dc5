"""Patients, made inside the database. They are born here past the one door, since a million must not take an hour."""

from django.db import connection, models

from patients.models import ConsentEvent, Patient

_SERIES = {
    "postgresql": "generate_series(1, {n}) AS numbers(i)",
    "sqlite": "(WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {n})"
    " SELECT i FROM numbers) AS numbers",
}
_EIGHT_DIGITS = {"postgresql": "lpad(({i})::text, 8, '0')", "sqlite": "printf('%08d', {i})"}


def seed(number: int) -> None:
    """Nobody accepts marketing: three of ten said so themselves. Every tenth shares a phone with the one before."""
    series = _SERIES[connection.vendor].format(n=number)
    digits = _EIGHT_DIGITS[connection.vendor].format(i="CASE WHEN i % 10 = 0 THEN i - 1 ELSE i END")
    patient = _columns(
        Patient,
        first_name="'Patient'",
        last_name="'Number ' || i",
        search_name="'patient number ' || i",
        phone=f"'+614' || {digits}",
        phone_kind="'mobile'",
        accepts_sms_marketing="false",
        sms_marketing_source="CASE WHEN i % 10 < 3 THEN 'staff' ELSE 'default' END",
        wants_reminders="true",
        created_at="CURRENT_TIMESTAMP",
        updated_at="CURRENT_TIMESTAMP",
    )
    event = _columns(
        ConsentEvent,
        patient_id="id",
        to_value="accepts_sms_marketing",
        source="sms_marketing_source",
        phone="phone",
        at="created_at",
    )
    with connection.cursor() as cursor:
        cursor.execute(_insert(Patient, patient, series))
        cursor.execute(_insert(ConsentEvent, event, "patients_patient"))
        cursor.execute(
            "UPDATE patients_patient SET consent_event_id = patients_consentevent.id "
            "FROM patients_consentevent WHERE patient_id = patients_patient.id"
        )
    tidy()


def tidy() -> None:
    """Room of rows that are gone is free again, and each run finds the tables as the one before did."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for table in ("patients_patient", "patients_consentevent", "patients_preferencebatch"):
                cursor.execute(f"VACUUM ANALYZE {table}")
            cursor.execute("CHECKPOINT")


def _insert(model: type[models.Model], columns: dict[str, str], source: str) -> str:
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {source}"


def _columns(model: type[models.Model], **given: str) -> dict[str, str]:
    """What is not given is empty: NULL where it may be, else the field's own default."""
    columns = dict(given)
    for field in model._meta.concrete_fields:
        assert isinstance(field, models.Field)
        the_databases_own = field.db_default is not models.NOT_PROVIDED
        if field.column in columns or field.primary_key or field.null or the_databases_own:
            continue
        columns[field.column] = f"'{field.get_default()}'"
    return columns
