"""Many patients are changed in slices, behind the page: what may happen in between, and what may not."""

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction

from bench import people
from patients import batches, consent
from patients.batches import AlreadyUndone, AnotherUnderWay, CountChanged, apply_default, next_slice, undo
from patients.consent import Choice, record_consent
from patients.models import ConsentEvent, ConsentSource, Patient, PreferenceBatch
from tests.factories import NOW, PatientFactory, block
from tests.sms.workers import surroundings

EVERYONE, NEVER_CHOSE = PreferenceBatch.Scope.EVERYONE, PreferenceBatch.Scope.NEVER_CHOSE
LATER = NOW + timedelta(hours=1)
NO, YES = (Choice(accepts, ConsentSource.STAFF) for accepts in (False, True))


def begin(*, accept: bool = True, scope: PreferenceBatch.Scope = EVERYONE) -> PreferenceBatch:
    return apply_default(accept=accept, scope=scope, at=NOW, at_once=0)


def slice_(batch: PreferenceBatch, patients: int = 2) -> PreferenceBatch:
    done = next_slice(batch.pk, patients=patients)
    assert done
    return done


def finish(batch: PreferenceBatch) -> PreferenceBatch:
    while (batch := slice_(batch)).running:
        pass
    assert not consent.out_of_step().exists()
    return batch


def accepting() -> list[bool]:
    return list(Patient.objects.order_by("pk").values_list("accepts_sms_marketing", flat=True))


@pytest.fixture
def five(db: None) -> list[Patient]:
    """Two have the default (no), one chose no, one chose yes, one has the default."""
    return [PatientFactory.create(accepts=accepts) for accepts in (None, None, False, True, None)]


class TestBeginning:
    def test_changes_nobody_yet(self, five: list[Patient], manager: User) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW, by=manager, at_once=3)
        assert (batch.running, batch.expected, batch.changed, batch.done_up_to) == (True, 4, 0, 0)
        assert accepting() == [False, False, False, True, False]
        assert batches.running() == batch

    def test_is_for_more_than_may_be_done_at_once(self, five: list[Patient]) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW, at_once=4)
        assert (batch.running, batch.expected, batch.changed) == (False, 4, 4)
        assert batches.running() is None

    def test_with_another_number_than_confirmed_changes_nothing(self, five: list[Patient]) -> None:
        with pytest.raises(CountChanged):
            apply_default(accept=True, scope=EVERYONE, at=NOW, confirmed=5, at_once=0)
        assert not PreferenceBatch.objects.exists()

    def test_while_another_is_under_way_is_refused(self, five: list[Patient]) -> None:
        earlier = apply_default(accept=True, scope=NEVER_CHOSE, at=NOW)
        begin()
        with pytest.raises(AnotherUnderWay):
            apply_default(accept=False, scope=EVERYONE, at=NOW)
        with pytest.raises(AnotherUnderWay):
            undo(batch_id=earlier.pk, at=NOW)
        assert PreferenceBatch.objects.count() == 2

    def test_while_another_is_under_way_is_refused_by_the_database(self, five: list[Patient]) -> None:
        begin()
        with pytest.raises(IntegrityError), transaction.atomic():
            PreferenceBatch.objects.create(to_value=True, scope=EVERYONE, at=NOW, running=True)


class TestSlices:
    def test_go_through_the_patients_in_order(self, five: list[Patient]) -> None:
        batch = begin()
        batch = slice_(batch)
        assert (batch.running, batch.changed, batch.done_up_to) == (True, 2, five[1].pk)
        assert accepting() == [True, True, False, True, False]
        batch = slice_(batch)
        assert (batch.running, batch.changed, batch.done_up_to) == (True, 3, five[3].pk)
        batch = slice_(batch)
        assert (batch.running, batch.changed) == (False, 4)
        assert accepting() == [True] * 5
        assert batch.left_alone == 0

    def test_write_one_ledger_row_for_each_who_changes(self, five: list[Patient], manager: User) -> None:
        batch = finish(apply_default(accept=True, scope=EVERYONE, at=NOW, by=manager, at_once=0))
        rows = batch.events.order_by("pk").values_list("patient", "from_value", "to_value", "from_source")
        sources = ["default", "default", "staff", "default"]
        changed = [five[0], five[1], five[2], five[4]]
        assert list(rows) == [
            (patient.pk, False, True, source) for patient, source in zip(changed, sources, strict=True)
        ]
        assert set(batch.events.values_list("at", "recorded_by")) == {(NOW, manager.pk)}

    def test_leave_choices_alone_where_only_the_others_were_meant(self, five: list[Patient]) -> None:
        assert finish(begin(scope=NEVER_CHOSE)).changed == 3
        assert accepting() == [True, True, False, True, True]

    def test_do_nothing_more_once_it_is_done(self, five: list[Patient]) -> None:
        batch = finish(begin())
        assert slice_(batch).changed == 4
        assert ConsentEvent.objects.filter(batch=batch).count() == 4

    def test_that_break_off_leave_nothing(self, five: list[Patient], monkeypatch: pytest.MonkeyPatch) -> None:
        batch = slice_(begin())

        def broken(*_: object, **__: object) -> None:
            raise RuntimeError

        monkeypatch.setattr("patients.slices.update_from", broken)
        with pytest.raises(RuntimeError), transaction.atomic():
            slice_(batch)
        monkeypatch.undo()
        assert ConsentEvent.objects.filter(batch=batch).count() == 2
        assert finish(batch).changed == 4

    def test_are_as_many_statements_at_the_end_as_at_the_beginning(
        self, five: list[Patient], django_assert_num_queries: Callable
    ) -> None:
        batch = begin()
        for _ in range(2):
            with django_assert_num_queries(7):  # savepoint, batch, end, ledger, patients, batch, savepoint
                batch = slice_(batch)


class TestBetweenSlices:
    @pytest.mark.parametrize("scope", [EVERYONE, NEVER_CHOSE])
    def test_a_refusal_stands(self, five: list[Patient], scope: PreferenceBatch.Scope) -> None:
        batch = slice_(begin(scope=scope))
        record_consent(patient_id=five[4].pk, choice=NO, at=LATER)
        batch = finish(batch)
        assert accepting()[4] is False
        assert five[4].consent_events.first().source == "staff"
        assert (batch.changed, batch.left_alone) == (batch.expected - 1, 1)

    def test_a_refusal_of_somebody_who_has_been_changed_stands(self, five: list[Patient]) -> None:
        batch = slice_(begin())
        record_consent(patient_id=five[0].pk, choice=NO, at=LATER)
        finish(batch)
        assert accepting()[0] is False
        finish(undo(batch_id=batch.pk, at=LATER, at_once=0))
        assert (accepting()[0], five[0].consent_events.first().source) == (False, "staff")

    def test_somebody_who_had_said_yes_and_now_says_no_is_left_alone(self, five: list[Patient]) -> None:
        """They would not have changed when it began, and now would: but this is their newest word."""
        batch = slice_(begin())
        record_consent(patient_id=five[3].pk, choice=NO, at=LATER)
        finish(batch)
        assert accepting()[3] is False

    def test_a_stop_blocks_the_number_and_stands(self, five: list[Patient]) -> None:
        batch = slice_(begin())
        block(five[4].phone)
        finish(batch)
        assert five[4].consent_events.first().source == "sms_stop"

    def test_a_new_patient_is_not_in_it(self, five: list[Patient]) -> None:
        batch = slice_(begin())
        PatientFactory.create()
        assert finish(batch).changed == 4
        assert accepting()[5] is False

    def test_an_undo_leaves_alone_whom_somebody_touches_before_their_turn(self, five: list[Patient]) -> None:
        done = finish(begin())
        batch = slice_(undo(batch_id=done.pk, at=LATER, at_once=0))
        assert accepting() == [False, False, True, True, True]
        record_consent(patient_id=five[4].pk, choice=YES, at=LATER)
        batch = finish(batch)
        assert accepting() == [False, False, False, True, True]
        assert (batch.changed, batch.left_alone) == (3, 1)
        with pytest.raises(AlreadyUndone):
            undo(batch_id=done.pk, at=LATER)

    def test_an_undo_can_be_undone_in_slices_too(self, five: list[Patient]) -> None:
        done = finish(begin())
        undone = finish(undo(batch_id=done.pk, at=LATER, at_once=0))
        assert accepting() == [False, False, False, True, False]
        assert five[2].consent_events.first().from_source == "bulk_default"
        again = finish(undo(batch_id=undone.pk, at=LATER, at_once=0))
        assert (again.changed, accepting()) == (4, [True] * 5)


class TestWorkOff:
    def test_goes_on_to_the_end(self, five: list[Patient]) -> None:
        begin()
        assert [batch.running for batch in batches.work_off(clock=lambda: NOW)] == [False]
        assert accepting() == [True] * 5

    def test_stops_when_time_is_up(self, five: list[Patient], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batches, "next_slice", lambda pk: slice_(PreferenceBatch(pk=pk)))
        begin()
        times = iter([NOW, LATER])
        done = list(batches.work_off(clock=lambda: next(times), until=LATER))
        assert [batch.changed for batch in done] == [2, 3]
        assert batches.running()

    def test_with_nothing_under_way_does_nothing(self, five: list[Patient]) -> None:
        assert list(batches.work_off(clock=lambda: NOW)) == []


NUMBER = 54_000  # six slices, so that there is time to be killed in


@pytest.mark.django_db(transaction=True)
class TestAProcessThatDies:
    """The command as staff run it, on the test's own database."""

    @pytest.fixture(autouse=True)
    def _many(self) -> None:
        people.seed(NUMBER)

    def start(self, folder: Path, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "manage.py", "apply_sms_default", *arguments],
            env=surroundings(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def after_a_slice(self, process: subprocess.Popen[str]) -> str:
        assert process.stderr
        line = process.stderr.readline()
        assert re.search("[1-9]0,000 of 54,000", line), line + process.stderr.read()
        return line

    @contextmanager
    def unable_to_finish(self) -> Iterator[None]:
        """The last patient is locked, so that no process is through before it is killed.

        SQLite would let nobody else write at all; there the process rests after each slice.
        """
        if connection.vendor == "sqlite":
            yield
            return
        with transaction.atomic():
            assert Patient.objects.select_for_update().order_by("-pk").first()
            yield

    def whole(self) -> bool:
        """Whoever accepts has one row of one batch, nobody else has any, and the ledger is followed."""
        assert not consent.out_of_step().exists()
        changed = Patient.objects.filter(accepts_sms_marketing=True).count()
        assert ConsentEvent.objects.filter(batch__undo_of=None, batch__isnull=False).count() >= changed
        return changed == NUMBER

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
    def test_leaves_whole_slices_and_the_next_one_goes_on(self, tmp_path: Path, end: int) -> None:
        with self.unable_to_finish():
            process = self.start(tmp_path, "--accept", "--yes")
            self.after_a_slice(process)
            process.send_signal(end)
            _, complaints = process.communicate(timeout=60)
        assert process.returncode
        if end == signal.SIGINT:
            assert "--resume" in complaints
        batch = batches.running()
        assert batch, "It was killed too late."
        assert 0 < batch.changed == ConsentEvent.objects.filter(batch=batch).count() < NUMBER
        assert not self.whole()
        out, _ = self.start(tmp_path, "--resume").communicate(timeout=60)
        assert f"Patients changed: {NUMBER}. To undo: apply_sms_default --undo {batch.pk}" in out
        assert ConsentEvent.objects.filter(batch=batch).count() == NUMBER
        assert self.whole()

    def test_while_it_undoes_leaves_whole_slices_too(self, tmp_path: Path) -> None:
        batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
        list(batches.work_off(clock=lambda: NOW))
        with self.unable_to_finish():
            process = self.start(tmp_path, "--undo", str(batch.pk), "--yes")
            self.after_a_slice(process)
            process.kill()
            process.communicate(timeout=60)
        undone = batches.running()
        assert undone, "It was killed too late."
        assert not consent.out_of_step().exists()
        list(batches.work_off(clock=lambda: NOW))
        assert not consent.out_of_step().exists()
        assert not Patient.objects.filter(accepts_sms_marketing=True).exists()
        assert Patient.objects.filter(sms_marketing_source="staff").count() == NUMBER * 3 / 10
