"""Two people change all patients at the same moment: one wins, the other is told, at once."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse

from clinic.lib import phone
from patients import consent
from patients.batches import AlreadyUndone, AnotherUnderWay, CountChanged, apply_default, undo
from patients.consent import Choice
from patients.models import ConsentHow, ConsentSource, Patient, PreferenceBatch
from patients.registration import Details, change_details, register_many
from tests.factories import NOW, PatientFactory
from tests.open_transaction import an_open_transaction

pytestmark = pytest.mark.django_db(transaction=True)

EVERYONE = PreferenceBatch.Scope.EVERYONE
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one writer at a time: the second one waits"
)


@pytest.fixture
def somebody_else() -> Iterator[PreferenceBatch]:
    """Has set everybody to yes, and has not finished yet."""
    PatientFactory.create()
    PatientFactory.create()
    with an_open_transaction(lambda: apply_default(accept=True, scope=EVERYONE, at=NOW)) as batch:
        yield batch
    assert Patient.objects.filter(accepts_sms_marketing=True).count() == 2
    assert PreferenceBatch.objects.count() == 1


@on_postgresql
class TestWhoComesSecond:
    def test_is_told_and_changes_nobody(self, somebody_else: PreferenceBatch) -> None:
        with pytest.raises(AnotherUnderWay):
            apply_default(accept=False, scope=EVERYONE, at=NOW)

    def test_cannot_undo_either(self, somebody_else: PreferenceBatch) -> None:
        with pytest.raises(AnotherUnderWay):
            undo(batch_id=somebody_else.pk, at=NOW)

    def test_is_told_on_the_page(
        self, somebody_else: PreferenceBatch, log_in: Callable[[User], Client], manager: User
    ) -> None:
        address = f"{reverse('patients:apply_default')}?to=accept&scope=everyone"
        answer = log_in(manager).post(address, {"typed": "2", "seen": "2"}, follow=True)
        assert "Somebody else is changing all patients at this moment" in answer.content.decode()

    def test_is_told_by_the_command(self, somebody_else: PreferenceBatch) -> None:
        with pytest.raises(CommandError, match="Somebody else is changing all patients at this moment"):
            call_command("apply_sms_default", "--accept", "--yes")


@on_postgresql
def test_who_wants_to_undo_meanwhile_is_told(manager_client: Client) -> None:
    PatientFactory.create()
    batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
    taken, may_finish = threading.Event(), threading.Event()

    def work() -> None:
        try:
            with transaction.atomic():
                apply_default(accept=False, scope=PreferenceBatch.Scope.NEVER_CHOSE, at=NOW)
                taken.set()
                may_finish.wait(timeout=20)
                transaction.set_rollback(True)
        finally:
            connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    assert taken.wait(timeout=20)
    answer = manager_client.post(reverse("patients:undo_default", args=[batch.pk]), follow=True)
    with pytest.raises(CommandError, match="Somebody else"):
        call_command("apply_sms_default", "--undo", str(batch.pk), "--yes")
    may_finish.set()
    worker.join(timeout=20)
    assert "Somebody else is changing all patients at this moment" in answer.content.decode()
    assert Patient.objects.get().accepts_sms_marketing is True


def test_of_two_who_confirmed_the_same_one_wins() -> None:
    """On either database, whoever is first: one change, and the ledger holds."""
    for _ in range(3):
        PatientFactory.create()
    outcomes = at_once(lambda: apply_default(accept=True, scope=EVERYONE, at=NOW, confirmed=3))
    assert sorted(outcomes) in (["", "AnotherUnderWay"], ["", "CountChanged"])
    assert PreferenceBatch.objects.count() == 1
    assert not consent.out_of_step().exists()


def test_of_two_who_undo_the_same_one_wins() -> None:
    PatientFactory.create()
    batch = apply_default(accept=True, scope=EVERYONE, at=NOW)
    outcomes = at_once(lambda: undo(batch_id=batch.pk, at=NOW))
    assert sorted(outcomes) in (["", "AlreadyUndone"], ["", "AnotherUnderWay"])
    assert PreferenceBatch.objects.count() == 2


def at_once(deed: Callable[[], object]) -> list[str]:
    """Done by two at the same moment; for each the name of what they were told, or "" for the winner."""
    ready, outcomes = threading.Barrier(2), list[str]()

    def work() -> None:
        try:
            connection.ensure_connection()
            ready.wait(timeout=20)
            deed()
            outcomes.append("")
        except (AnotherUnderWay, AlreadyUndone, CountChanged) as told:
            outcomes.append(type(told).__name__)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    return outcomes


@on_postgresql
@pytest.mark.parametrize("way", ["imported", "number edited"])
def test_who_brings_a_refusal_to_a_number_waits_for_a_claim_of_it(way: str) -> None:
    """A claim locks its patients until it is written down; a refusal that it did not see must not be saved before."""
    patient, other = PatientFactory.create(accepts=True), PatientFactory.create(accepts=False)
    refusal = Choice(False, ConsentSource.IMPORT, ConsentHow.FORM)
    details = Details(last_name="New", phone=phone.parse(patient.phone, country="AU"))
    done = threading.Event()

    def work() -> None:
        try:
            if way == "imported":
                register_many(details=[(details, refusal)], at=NOW)
            else:
                change_details(patient_id=other.pk, details=details)
            done.set()
        finally:
            connections.close_all()

    worker = threading.Thread(target=work)
    with transaction.atomic():
        Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        worker.start()
        assert not done.wait(timeout=1)
    worker.join(timeout=20)
    assert done.is_set()
