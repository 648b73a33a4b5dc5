"""A claim and whatever else happens in the same moment: another claim, a refusal, something new about the patient."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from patients import registration
from patients.eligibility import Purpose, Reason
from patients.models import Patient
from sms import outbox
from sms.models import Message
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.open_transaction import an_open_transaction
from tests.sms import steps
from tests.sms.test_claim import MOBILE, claim, refuse, stop
from tests.sms.twilio import MARKETING, Twilio

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def test_claims_at_once_never_share_a_text(
    account: None, at_once: Callable[[list[Callable[[], outbox.Claim]]], list[outbox.Claim]]
) -> None:
    PatientFactory.create_batch(40)
    steps.frozen()
    claims = at_once([lambda: claim(limit=15)] * 6)
    taken = [message.pk for each in claims for message in each.messages]
    assert len(taken) == len(set(taken))
    assert Message.objects.filter(status=Status.SENDING).count() == len(taken)
    rest = claim(limit=50).messages
    assert len(taken) + len(rest) == 40


@pytest.mark.parametrize(
    ("leaves", "comes_back"),
    [
        (registration.archive, registration.unarchive),
        (registration.mark_deceased, registration.unmark_deceased),
    ],
    ids=["archived", "deceased"],
)
def test_somebody_who_refuses_and_comes_back_to_the_number_is_waited_for(
    twilio: Twilio, leaves: Callable[..., bool], comes_back: Callable[..., bool]
) -> None:
    patient = PatientFactory.create(accepts=True)
    sibling = PatientFactory.create(phone=patient.phone, accepts=False)
    leaves(patient_id=sibling.pk, at=NOW)
    steps.frozen(marketing=True)
    with an_open_transaction(lambda: comes_back(patient_id=sibling.pk, at=NOW)):
        assert steps.drain() == 0
    steps.drain()
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.SHARED_NUMBER_REFUSED)
    assert twilio.texts() == []


@pytest.mark.parametrize("deed", [refuse, stop], ids=["preference", "stop"])
def test_a_refusal_that_is_being_saved_is_waited_for(twilio: Twilio, deed: Callable[[Patient], Any]) -> None:
    """The claim passes the patient over while the refusal is open, and then sees it."""
    patient, other = PatientFactory.create_batch(2, accepts=True)
    steps.frozen(marketing=True)
    with an_open_transaction(lambda: deed(patient)):
        assert steps.drain() == 1
        assert steps.standing(patient) == (Status.QUEUED, "")
    steps.drain()
    assert steps.standing(patient)[0] == Status.LEFT_OUT
    assert twilio.numbers() == [other.phone]
    assert {text["messaging_service_sid"] for text in twilio.texts()} == {MARKETING}


def test_a_refusal_of_another_on_the_number_that_is_being_saved_is_waited_for(twilio: Twilio) -> None:
    first, second = PatientFactory.create_batch(2, phone=MOBILE, accepts=True)
    steps.frozen(marketing=True)
    with an_open_transaction(lambda: refuse(second)):
        assert steps.drain() == 0
    steps.drain()
    assert steps.standing(first) == (Status.LEFT_OUT, Reason.SHARED_NUMBER_REFUSED)
    assert twilio.posts() == []


def test_a_refusal_waits_for_a_claim_that_is_being_saved(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.frozen(marketing=True)
    claims: list[outbox.Claim] = []
    with an_open_transaction(lambda: claims.append(claim(Purpose.MARKETING))):
        refusing = threading.Thread(target=lambda: (refuse(patient), connections.close_all()))
        refusing.start()
        refusing.join(timeout=0.5)
        assert refusing.is_alive()
    refusing.join(timeout=20)
    assert [message.patient_id for message in claims[0].messages] == [patient.pk]
    assert not Patient.objects.get().accepts_sms_marketing


@contextmanager
def nothing_waits() -> Iterator[None]:
    """Whoever has to wait for a row that somebody else holds gives up, and fails, at once."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
        try:
            yield
        finally:
            cursor.execute("RESET lock_timeout")


def test_what_is_new_about_a_patient_does_not_wait_for_a_claim(account: None) -> None:
    patient = PatientFactory.create()
    steps.frozen()
    with an_open_transaction(claim), nothing_waits():
        AppointmentFactory.create(patient=patient)
    assert steps.standing(patient) == (Status.SENDING, "")


def test_a_claim_waits_for_nobody(account: None) -> None:
    """Neither for a patient who is being changed nor for a text that is."""
    changing, other, *_ = patients = PatientFactory.create_batch(3)
    steps.frozen()

    def change() -> None:
        Patient.objects.filter(pk=changing.pk).update(last_name="Changed")
        Message.objects.filter(patient=other).update(not_before=NOW)

    with an_open_transaction(change), nothing_waits():
        assert [message.patient_id for message in claim().messages] == [patients[2].pk]
