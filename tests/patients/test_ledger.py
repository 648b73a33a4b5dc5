"""The database itself keeps the ledger append-only."""

import pytest
from django.db import DatabaseError, connection, transaction

from patients.models import ConsentEvent
from settings_app.models import SmsSettings
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db

TABLE = "patients_consentevent"
STATEMENTS = [
    "UPDATE patients_consentevent SET evidence = 'forged'",
    "DELETE FROM patients_consentevent",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_raw_sql_cannot_change_or_remove_a_row(statement: str) -> None:
    PatientFactory.create()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert ConsentEvent.objects.filter(evidence="").count() == 1


def test_the_orm_cannot_change_or_remove_a_row() -> None:
    event = PatientFactory.create().consent_event
    event.to_value = True
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ConsentEvent.objects.update(to_value=True)
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentEvent.objects.all()._raw_delete("default")
    assert ConsentEvent.objects.get().to_value is False


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_a_flush_between_tests_leaves_the_ledger_guarded(turn: int) -> None:
    assert ConsentEvent.objects.count() == 0
    assert SmsSettings.objects.count() == 1
    PatientFactory.create()
    for statement in STATEMENTS:
        with (
            pytest.raises(DatabaseError, match="append-only"),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_guard_is_there_after_all_migrations() -> None:
    """A later migration that rebuilds the table (as SQLite does for many changes) must not lose it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [TABLE])
            expected = {f"{TABLE}_no_delete", f"{TABLE}_no_update"}
        else:
            cursor.execute(
                "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal "
                "AND tgenabled = 'O'",
                [TABLE],
            )
            expected = {f"{TABLE}_append_only"}
        assert {name for (name,) in cursor.fetchall()} == expected
