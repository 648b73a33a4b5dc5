"""The database itself keeps the ledger append-only."""

import pytest
from django.db import DatabaseError, connection, transaction

from patients.consent import Choice, record_consent
from patients.models import ConsentEvent, ConsentHow, ConsentSource
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory, UserFactory

pytestmark = pytest.mark.django_db

TABLE = "patients_consentevent"
FALSE = "false"
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


class TestErasure:
    """The one change that the database allows: number and words go, once, and the row says when."""

    BLANKED = "phone = '', evidence = '', erased_at = '2026-11-24 01:00:00+00'"

    def execute(self, change: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {TABLE} SET {change}")  # noqa: S608

    @pytest.fixture(autouse=True)
    def _row(self) -> None:
        choice = Choice(True, ConsentSource.STAFF, ConsentHow.PHONE, "their words")
        record_consent(patient_id=PatientFactory.create().pk, choice=choice, at=NOW, by=UserFactory.create())

    def test_is_let_through(self) -> None:
        self.execute(self.BLANKED)
        rows = ConsentEvent.objects.order_by().values_list("phone", "evidence", "erased_at")
        assert set(rows) == {("", "", NOW)}

    def test_is_let_through_once(self) -> None:
        self.execute(self.BLANKED)
        for change in (self.BLANKED, "erased_at = NULL", "evidence = 'their words'"):
            with pytest.raises(DatabaseError, match="append-only"):
                self.execute(change)

    @pytest.mark.parametrize(
        "change",
        [
            "phone = '', evidence = ''",
            "phone = '', erased_at = '2026-11-24 01:00:00+00'",
            "evidence = '', erased_at = '2026-11-24 01:00:00+00'",
            "phone = '', evidence = 'other words', erased_at = '2026-11-24 01:00:00+00'",
            "erased_at = '2026-11-24 01:00:00+00'",
        ],
    )
    def test_that_is_not_whole_is_refused(self, change: str) -> None:
        with pytest.raises(DatabaseError, match="append-only"):
            self.execute(change)

    @pytest.mark.parametrize(
        "column",
        sorted({field.column for field in ConsentEvent._meta.fields} - {"phone", "evidence", "erased_at"}),
    )
    def test_that_changes_anything_else_is_refused(self, column: str) -> None:
        """Whatever column is added later is found here."""
        other = {
            **dict.fromkeys(["from_value", "to_value"], f"NOT coalesce({column}, {FALSE})"),
            "at": "'2020-01-01 00:00:00+00'",
        }
        changed = other.get(
            column, f"{column} || 'x'" if column in {"source", "from_source", "how"} else "4242"
        )
        with pytest.raises(DatabaseError, match="append-only"):
            self.execute(f"{self.BLANKED}, {column} = {changed}")

    def test_does_not_let_the_row_go(self) -> None:
        self.execute(self.BLANKED)
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            ConsentEvent.objects.all()._raw_delete("default")


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
