"""Apply the default to all existing patients, and take it back."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction

from patients import batches, consent
from patients.batches import AlreadyUndone, CountChanged, apply_default, preview, undo, undo_preview
from patients.consent import Choice, record_consent
from patients.eligibility import Purpose, Reason, reasons_for
from patients.models import ConsentEvent, ConsentSource, Patient, PreferenceBatch
from patients.registration import Details, archive, change_details
from tests.factories import NOW, PatientFactory, block

pytestmark = pytest.mark.django_db

EVERYONE, NEVER_CHOSE = PreferenceBatch.Scope.EVERYONE, PreferenceBatch.Scope.NEVER_CHOSE
LATER = NOW + timedelta(days=1)
NO = Choice(False, ConsentSource.STAFF)
YES = Choice(True, ConsentSource.STAFF)


@pytest.fixture
def people() -> dict[str, Patient]:
    return {
        "default": PatientFactory.create(last_name="Default"),
        "yes": PatientFactory.create(last_name="Yes", accepts=True),
        "no": PatientFactory.create(last_name="No", accepts=False),
    }


def preferences() -> dict[str, tuple[bool, str]]:
    rows = Patient.objects.values_list("last_name", "accepts_sms_marketing", "sms_marketing_source")
    return {name.lower(): (accepts, source) for name, accepts, source in rows}


BEFORE = {"default": (False, "default"), "yes": (True, "staff"), "no": (False, "staff")}


class TestApply:
    def test_to_everyone_overwrites_every_preference(self, people: dict[str, Patient], manager: User) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW, by=manager)
        assert preferences() == {
            "default": (True, "bulk_default"),
            "yes": (True, "staff"),
            "no": (True, "bulk_default"),
        }
        assert (batch.changed, batch.to_value, batch.recorded_by, batch.at) == (2, True, manager, NOW)
        assert not consent.out_of_step().exists()

    def test_writes_a_ledger_row_for_each_who_changes_and_for_nobody_else(
        self, people: dict[str, Patient], manager: User
    ) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW, by=manager)
        events = {event.patient_id: event for event in batch.events.all()}
        assert events.keys() == {people["default"].pk, people["no"].pk}
        event = events[people["no"].pk]
        assert (event.from_value, event.from_source, event.to_value) == (False, "staff", True)
        assert (event.source, event.how, event.evidence) == ("bulk_default", "", "")
        assert (event.phone, event.recorded_by, event.at) == (people["no"].phone, manager, NOW)

    def test_to_those_who_never_chose_leaves_choices_alone(self, people: dict[str, Patient]) -> None:
        apply_default(accept=True, scope=NEVER_CHOSE, at=NOW)
        assert preferences() == BEFORE | {"default": (True, "bulk_default")}

    def test_a_choice_that_an_earlier_batch_overwrote_is_still_a_choice(
        self, people: dict[str, Patient]
    ) -> None:
        apply_default(accept=True, scope=EVERYONE, at=NOW)
        apply_default(accept=False, scope=EVERYONE, at=NOW)
        apply_default(accept=True, scope=NEVER_CHOSE, at=NOW)
        assert preferences()["no"] == (False, "bulk_default")
        assert preferences()["default"] == (True, "bulk_default")

    def test_to_no(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=False, scope=EVERYONE, at=NOW)
        assert batch.changed == 1
        assert preferences() == BEFORE | {"yes": (False, "bulk_default")}

    def test_with_nobody_to_change_changes_nobody(self) -> None:
        assert apply_default(accept=True, scope=EVERYONE, at=NOW).changed == 0

    def test_leaves_a_blocked_number_blocked(self) -> None:
        patient = PatientFactory.create(accepts=True)
        block(patient.phone)
        apply_default(accept=True, scope=EVERYONE, at=NOW)
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is True
        assert reasons_for(patient)[Purpose.MARKETING] is Reason.NUMBER_BLOCKED

    def test_another_number_than_confirmed_changes_nobody(self, people: dict[str, Patient]) -> None:
        with pytest.raises(CountChanged) as changed:
            apply_default(accept=True, scope=EVERYONE, at=NOW, confirmed=3)
        assert (changed.value.confirmed, changed.value.found) == (3, 2)
        assert preferences() == BEFORE
        assert not PreferenceBatch.objects.exists()

    def test_the_confirmed_number_goes_through(self, people: dict[str, Patient]) -> None:
        assert apply_default(accept=True, scope=EVERYONE, at=NOW, confirmed=2).changed == 2

    def test_takes_as_many_statements_for_many_as_for_few(
        self, people: dict[str, Patient], django_assert_num_queries: Callable[..., contextmanager]
    ) -> None:
        # Savepoint, another?, newest patient and event, how many, batch, ledger, patients, changed, savepoint;
        # PostgreSQL also locks.
        number = 11 if connection.vendor == "postgresql" else 10
        with django_assert_num_queries(number):
            apply_default(accept=True, scope=EVERYONE, at=NOW)
        for _ in range(10):
            PatientFactory.create()
        with django_assert_num_queries(number):
            apply_default(accept=True, scope=EVERYONE, at=NOW)


class TestPreview:
    @pytest.mark.parametrize("accept", [True, False])
    @pytest.mark.parametrize("scope", [EVERYONE, NEVER_CHOSE])
    def test_says_what_apply_then_does(
        self, people: dict[str, Patient], accept: bool, scope: PreferenceBatch.Scope
    ) -> None:
        foretold = preview(accept=accept, scope=scope)
        assert apply_default(accept=accept, scope=scope, at=NOW).changed == foretold.changed
        assert preview(accept=accept, scope=scope).changed == 0

    def test_counts_each_way(self, people: dict[str, Patient]) -> None:
        blocked = PatientFactory.create(accepts=True)
        block(blocked.phone)
        assert preview(accept=True, scope=EVERYONE) == batches.Preview(
            to_yes=3, to_no=0, unchanged=1, choices_overwritten=2, blocked=1
        )
        assert preview(accept=False, scope=EVERYONE) == batches.Preview(
            to_yes=0, to_no=1, unchanged=3, choices_overwritten=1, blocked=1
        )
        assert preview(accept=True, scope=NEVER_CHOSE) == batches.Preview(
            to_yes=1, to_no=0, unchanged=0, choices_overwritten=0, blocked=0
        )


class TestUndo:
    def test_restores_preference_and_source(self, people: dict[str, Patient], manager: User) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        undone = undo(batch_id=batch.pk, at=LATER, by=manager)
        assert preferences() == BEFORE
        assert (undone.changed, undone.undo_of, undone.to_value) == (2, batch, None)
        event = ConsentEvent.objects.filter(patient=people["no"]).first()
        assert (event.source, event.from_value, event.to_value) == ("undo", True, False)
        assert (event.recorded_by, event.at, event.batch) == (manager, LATER, undone)
        assert not consent.out_of_step().exists()

    @pytest.mark.parametrize("choice", [NO, YES])
    def test_leaves_alone_whom_somebody_has_touched_since(
        self, people: dict[str, Patient], choice: Choice
    ) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        record_consent(patient_id=people["default"].pk, choice=choice, at=NOW)
        assert undo_preview(batch) == batches.UndoPreview(restored=1, touched_since=1)
        assert undo(batch_id=batch.pk, at=LATER).changed == 1
        assert preferences() == BEFORE | {"default": (choice.accepts, "staff")}

    def test_leaves_alone_who_answered_stop_since(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=False, scope=EVERYONE, at=NOW)
        block(people["yes"].phone)
        assert undo(batch_id=batch.pk, at=LATER).changed == 0
        assert preferences()["yes"] == (False, "sms_stop")

    def test_leaves_alone_whom_a_later_batch_changed(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        apply_default(accept=False, scope=EVERYONE, at=NOW)
        assert undo(batch_id=batch.pk, at=LATER).changed == 0

    def test_of_a_later_batch_makes_the_earlier_one_undoable_no_more(
        self, people: dict[str, Patient]
    ) -> None:
        """The ledger has moved on: its newest row is the undo's, not the first batch's."""
        first = apply_default(accept=True, scope=EVERYONE, at=NOW)
        second = apply_default(accept=False, scope=EVERYONE, at=NOW)
        undo(batch_id=second.pk, at=NOW)
        assert preferences()["no"] == (True, "bulk_default")
        assert undo_preview(first).restored == 0

    def test_a_changed_name_or_number_or_state_is_no_touch(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        archive(patient_id=people["no"].pk, at=NOW)
        change_details(patient_id=people["default"].pk, details=Details(last_name="Default"))
        assert undo(batch_id=batch.pk, at=LATER).changed == 2

    def test_patients_who_came_later_are_not_in_it(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        PatientFactory.create(last_name="New", accepts=True)
        undo(batch_id=batch.pk, at=LATER)
        assert preferences()["new"] == (True, "staff")

    def test_twice_is_refused(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        undo(batch_id=batch.pk, at=LATER)
        with pytest.raises(AlreadyUndone):
            undo(batch_id=batch.pk, at=LATER)
        assert PreferenceBatch.objects.count() == 2

    def test_can_be_undone_and_that_again(self, people: dict[str, Patient]) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        applied = preferences()
        first = undo(batch_id=batch.pk, at=LATER)
        second = undo(batch_id=first.pk, at=LATER)
        assert (second.changed, preferences()) == (2, applied)
        third = undo(batch_id=second.pk, at=LATER)
        assert (third.changed, preferences()) == (2, BEFORE)
        assert not consent.out_of_step().exists()

    def test_of_a_batch_that_never_was(self) -> None:
        with pytest.raises(PreferenceBatch.DoesNotExist):
            undo(batch_id=999, at=NOW)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time: nothing can meet"
)
@pytest.mark.django_db(transaction=True)
class TestMeetingARefusal:
    """A refusal that is being saved while everybody is changed: the change waits, then looks again."""

    @contextmanager
    def refusal_under_way(self, patient: Patient, deed: Callable[[], PreferenceBatch]) -> Iterator[list]:
        """Yields what `deed` gave, after the refusal that it had to wait for was committed."""
        result: list[PreferenceBatch | CountChanged] = []

        def work() -> None:
            try:
                result.append(deed())
            except CountChanged as changed:
                result.append(changed)
            finally:
                connections.close_all()

        worker = threading.Thread(target=work)
        with transaction.atomic():
            record_consent(patient_id=patient.pk, choice=NO, at=NOW)
            worker.start()
            self.wait_until_somebody_waits()
        worker.join(timeout=10)
        yield result

    def wait_until_somebody_waits(self) -> None:
        deadline = time.monotonic() + 10
        with connection.cursor() as cursor:
            while time.monotonic() < deadline:
                cursor.execute(
                    "SELECT count(*) FROM pg_locks "
                    "WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
                )
                if cursor.fetchone()[0]:
                    return
                time.sleep(0.02)
        raise AssertionError("Nobody waited for the locked patient.")

    def test_it_counts_as_a_choice_that_is_left_alone(self) -> None:
        patient = PatientFactory.create()
        other = PatientFactory.create()
        with self.refusal_under_way(
            patient, lambda: apply_default(accept=True, scope=NEVER_CHOSE, at=NOW)
        ) as result:
            patient.refresh_from_db()
            other.refresh_from_db()
            assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "staff")
            assert other.accepts_sms_marketing is True
            assert result[0].changed == 1
        assert not consent.out_of_step().exists()

    def test_it_stands_even_if_everybody_is_changed(self) -> None:
        patient = PatientFactory.create()
        other = PatientFactory.create()
        with self.refusal_under_way(
            patient, lambda: apply_default(accept=True, scope=EVERYONE, at=NOW)
        ) as result:
            assert (result[0].changed, result[0].left_alone) == (1, 1)
        assert patient.consent_events.first().source == "staff"
        assert other.consent_events.first().source == "bulk_default"
        assert not consent.out_of_step().exists()

    def test_who_is_no_longer_to_be_changed_has_no_ledger_row(self) -> None:
        patient = PatientFactory.create(accepts=True)
        with self.refusal_under_way(
            patient, lambda: apply_default(accept=False, scope=EVERYONE, at=NOW)
        ) as result:
            assert result[0].changed == 0
        assert patient.consent_events.first().source == "staff"

    def test_the_confirmed_number_no_longer_holds(self) -> None:
        patient = PatientFactory.create(accepts=True)
        with self.refusal_under_way(
            patient, lambda: apply_default(accept=False, scope=EVERYONE, at=NOW, confirmed=1)
        ) as result:
            assert isinstance(result[0], CountChanged)
        assert not PreferenceBatch.objects.exists()

    def test_an_undo_leaves_it_alone(self) -> None:
        patient = PatientFactory.create()
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        with self.refusal_under_way(patient, lambda: undo(batch_id=batch.pk, at=LATER)) as result:
            assert result[0].changed == 0
        patient.refresh_from_db()
        assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "staff")
        assert not consent.out_of_step().exists()
