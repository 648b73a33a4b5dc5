"""A preference survives a change of number; whoever sends a promotion is told."""

import re

import pytest
from django.test import Client

from clinic.lib import phone as phones
from patients import batches
from patients.consent import Choice, record_consent
from patients.models import ConsentSource, Patient, PreferenceBatch
from patients.registration import Details, change_details
from sms import audience
from tests.factories import NOW, PatientFactory
from tests.sms.steps import draft, sent, standing

pytestmark = pytest.mark.django_db

EVERYONE = PreferenceBatch.Scope.EVERYONE


def give_number(patient: Patient, number: str) -> None:
    phone = phones.parse(number, country="AU") if number else None
    change_details(patient_id=patient.pk, details=Details(last_name=patient.last_name, phone=phone))


def moved(**given: object) -> Patient:
    """Somebody with a new number."""
    patient = PatientFactory.create(**given)
    give_number(patient, "0499 111 222")
    return patient


def warned_about() -> list[Patient]:
    return list(audience.agreed_for_another_number(draft(marketing=True)))


def words(page: bytes) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page.decode()).split())


def test_the_preference_stays_and_the_text_goes_to_the_new_number(account: None) -> None:
    patient = moved(accepts=True)
    group = sent("A tenth off", marketing=True)
    assert group.messages.get().phone == "+61499111222"
    assert standing(patient)[1] == ""


class TestWarnedAbout:
    def test_is_who_agreed_for_another_number(self) -> None:
        PatientFactory.create(accepts=True)
        patient = moved(accepts=True)
        assert warned_about() == [patient]

    def test_not_for_texts_that_need_no_consent(self) -> None:
        moved(accepts=True)
        assert not audience.agreed_for_another_number(draft(marketing=False)).exists()

    def test_not_who_does_not_get_it(self) -> None:
        moved(accepts=False)
        assert warned_about() == []

    def test_not_who_agreed_again_since(self) -> None:
        patient = moved(accepts=True)
        record_consent(patient_id=patient.pk, choice=Choice(True, ConsentSource.STAFF), at=NOW)
        assert warned_about() == []

    def test_not_who_has_the_old_number_back(self) -> None:
        patient = PatientFactory.create(accepts=True)
        give_number(patient, "0499 111 222")
        give_number(patient, patient.phone)
        assert warned_about() == []

    def test_not_who_agreed_before_they_gave_any_number(self) -> None:
        moved(accepts=True, phone="")
        assert warned_about() == []

    def test_not_who_never_agreed(self) -> None:
        moved()
        batches.apply_default(accept=True, scope=EVERYONE, at=NOW)
        assert warned_about() == []

    def test_also_whose_consent_an_undo_gave_back(self) -> None:
        patient = moved(accepts=True)
        batch = batches.apply_default(accept=False, scope=EVERYONE, at=NOW)
        assert warned_about() == []
        batches.undo(batch_id=batch.pk, at=NOW)
        assert warned_about() == [patient]


def test_the_review_counts_them_and_leads_to_them(manager_client: Client) -> None:
    patient, other = moved(accepts=True), PatientFactory.create(accepts=True)
    address = f"/sms/{draft(marketing=True).pk}/review/"
    review = manager_client.get(address).content
    assert (
        "1 of them agreed when they had another number. Ask them again, or leave them out. See this patient"
        in words(review)
    )
    assert f"{address}people/?other_number=1" in review.decode()
    people = manager_client.get(f"{address}people/?other_number=1").content
    assert "1 patient had another number when they agreed" in words(people)
    assert patient.get_absolute_url() in people.decode()
    assert other.get_absolute_url() not in people.decode()


def test_the_review_says_nothing_where_there_is_nothing_to_say(manager_client: Client) -> None:
    PatientFactory.create(accepts=True)
    review = manager_client.get(f"/sms/{draft(marketing=True).pk}/review/").content
    assert "another number" not in words(review)
