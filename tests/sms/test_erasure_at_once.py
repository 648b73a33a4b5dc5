"""An erasure and whatever else happens to the same patient in the same moment."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User

from clinic.lib import phone as phones
from patients.eligibility import Purpose, Reason, reasons_for
from patients.models import Patient
from patients.registration import Details, register_patient
from settings_app.models import SmsSettings
from sms import delivery, dispatch, erasure, gateway, outbox
from sms.models import Message
from sms.status import Status
from tests.factories import NOW, PatientFactory, UserFactory
from tests.sms.steps import queued
from tests.sms.test_erasure import NUMBER, whole_database

pytestmark = [
    pytest.mark.services,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("account"),
]

Deeds = Callable[[list[Callable[[], Any]]], list[Any]]
ROUNDS = range(5)


def erasing(patient: Patient, by: User) -> Callable[[], bool]:
    return lambda: erasure.erase(patient_id=patient.pk, at=NOW, by=by)


@pytest.mark.parametrize("turn", ROUNDS)
def test_news_of_an_opt_out_neither_waits_for_ever_nor_keeps_the_number(at_once: Deeds, turn: int) -> None:
    patient, by = PatientFactory.create(phone=NUMBER), UserFactory.create()
    message = queued(patient)
    Message.objects.update(status=Status.SENDING)
    Message.objects.update(status=Status.ACCEPTED, sid="SM" + "1" * 32)

    def news() -> bool:
        return delivery.record_news(
            token=message.token, sid="SM" + "1" * 32, status="undelivered", error_code=21610, at=NOW
        )

    assert at_once([erasing(patient, by), news]) == [True, True]
    assert Message.objects.get().status == Status.UNDELIVERED
    assert NUMBER not in whole_database()


@pytest.mark.parametrize("turn", ROUNDS)
def test_a_claim_takes_the_text_whole_or_not_at_all(at_once: Deeds, turn: int) -> None:
    patient, by = PatientFactory.create(phone=NUMBER), UserFactory.create()
    queued(patient)
    _, claim = at_once(
        [erasing(patient, by), lambda: outbox.claim(purpose=Purpose.ONE_OFF, limit=9, now=NOW)]
    )
    message = Message.objects.get()
    if claim.messages:
        assert (message.status, claim.messages[0].phone) == (Status.SENDING, NUMBER)
        dispatch.settle(claim, [gateway.Accepted("SM" + "1" * 32, "queued")], now=NOW)
    else:
        assert (message.status, message.left_out_reason) == (Status.LEFT_OUT, Reason.ERASED)
    erasure.finish(at=NOW)
    assert NUMBER not in whole_database()


@pytest.mark.parametrize("turn", ROUNDS)
def test_somebody_who_is_registered_with_the_number_finds_it_held(at_once: Deeds, turn: int) -> None:
    SmsSettings.load()
    SmsSettings.objects.update(new_patients_accept_marketing=True)
    patient, by = PatientFactory.create(phone=NUMBER), UserFactory.create()
    details = Details(last_name="New", phone=phones.parse(NUMBER, country="AU"))
    _, newcomer = at_once([erasing(patient, by), lambda: register_patient(details=details, at=NOW)])
    assert reasons_for(newcomer)[Purpose.MARKETING] == Reason.ERASED_BEFORE


@pytest.mark.parametrize("turn", ROUNDS)
def test_two_managers_erase_once(at_once: Deeds, turn: int) -> None:
    patient, by = PatientFactory.create(phone=NUMBER), UserFactory.create()
    assert sorted(at_once([erasing(patient, by), erasing(patient, by)])) == [False, True]
