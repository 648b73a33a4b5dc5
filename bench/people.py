"""Patients, made inside the database. They are born here past the one door, since a million must not take an hour."""

from django.db import connection, models

from patients.models import ConsentEvent, Patient, SuppressedNumber

_SERIES = {
    "postgresql": "generate_series(1, {n}) AS numbers(i)",
    "sqlite": "(WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {n})"
    " SELECT i FROM numbers) AS numbers",
}
_EIGHT_DIGITS = {"postgresql": "lpad(({i})::text, 8, '0')", "sqlite": "printf('%08d', {i})"}

# Names are two or three of these: 22,000 first names and 20,000 last ones, of different lengths, some with accents
# and a few with letters that make a text dear.
_SYLLABLES = "annbelcordanedofelgrahenivojankimlormarnilonaperquirossantimulavanwilxényarzolałabru"
_FOLDED = _SYLLABLES.replace("é", "e")
_FIRST_NAMES, _LAST_NAMES = 28, 27
# In a clinic of any size three people are called so: one of the first, one in the middle and the last.
RARE_NAME = "Zzyzx"


def seed(number: int, *, accepting: bool = False) -> None:
    """Nobody accepts marketing, or seven of ten do; three said so themselves. Every tenth shares a phone.

    Of a hundred two have no number and two a landline, two are archived, one is dead, one is blocked, and one has no
    first name.
    """
    (first_name, last_name), folded = _names(number, _SYLLABLES), _names(number, _FOLDED)
    patient = _columns(
        Patient,
        first_name=first_name,
        last_name=last_name,
        search_name=f"lower(trim({folded[0]} || ' ' || {folded[1]}))",
        phone=f"CASE WHEN i % 50 = 7 THEN '' ELSE '+614' || {_eight_digits()} END",
        phone_kind="CASE i % 50 WHEN 7 THEN '' WHEN 13 THEN 'landline' ELSE 'mobile' END",
        accepts_sms_marketing="i % 10 >= 3" if accepting else "false",
        sms_marketing_source="CASE WHEN i % 10 < 3 THEN 'staff' ELSE 'default' END",
        wants_reminders="true",
        archived_at="CASE i % 50 WHEN 21 THEN CURRENT_TIMESTAMP END",
        deceased_at="CASE i % 100 WHEN 33 THEN CURRENT_TIMESTAMP END",
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
    block = _columns(
        SuppressedNumber, phone="phone", covers="'everything'", source="'sms_stop'", blocked_at="created_at"
    )
    with connection.cursor() as cursor:
        cursor.execute(_insert(Patient, patient, _SERIES[connection.vendor].format(n=number)))
        cursor.execute(_insert(ConsentEvent, event, "patients_patient"))
        cursor.execute(
            _insert(SuppressedNumber, block, "patients_patient WHERE id % 100 = 59 AND phone <> ''")
        )
        cursor.execute(
            "UPDATE patients_patient SET consent_event_id = patients_consentevent.id "
            "FROM patients_consentevent WHERE patient_id = patients_patient.id"
        )
    tidy()


def tidy() -> None:
    """Room of rows that are gone is free again, and each run finds the tables as the one before did."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")


def _names(number: int, text: str) -> tuple[str, str]:
    first = f"CASE WHEN i % 100 = 47 THEN '' ELSE {_name(_FIRST_NAMES, text)} END"
    last = (
        f"CASE WHEN i IN (1, {number // 2}, {number}) THEN '{RARE_NAME}' ELSE {_name(_LAST_NAMES, text)} END"
    )
    return first, last


def _name(syllables: int, text: str) -> str:
    """Two or three of so many syllables, by i; the first letter is a capital."""
    first, second, third = (f"i / {syllables**place} % {syllables} * 3 + 1" for place in range(3))
    return (
        f"upper(substr('{text}', {first}, 1)) || substr('{text}', {first} + 1, 2) || substr('{text}', {second}, 3) "
        f"|| CASE i % 4 WHEN 0 THEN '' ELSE substr('{text}', {third}, i % 4) END"
    )


def _eight_digits() -> str:
    """Different for each i, in no order that could be seen."""
    shared = "CASE i % 10 WHEN 0 THEN i - 1 ELSE i END"
    return _EIGHT_DIGITS[connection.vendor].format(i=f"CAST({shared} AS bigint) * 48271 % 99999989")


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
