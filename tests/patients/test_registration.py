"""Every way a patient is born, and how the facts about one change."""

from collections.abc import Callable
from datetime import date
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from clinic.lib import phone as phones
from patients import registration
from patients.consent import Choice
from patients.models import ConsentEvent, ConsentHow, ConsentSource, Patient
from patients.registration import Details, change_details, register_patient
from settings_app.models import SmsSettings
from tests.factories import NOW, PatientFactory

pytestmark = pytest.mark.django_db

MOBILE = phones.parse("0412 345 678", country="AU")
OTHER = phones.parse("0498 765 432", country="AU")


@pytest.mark.parametrize("default", [False, True])
def test_the_default_is_copied_and_written_to_the_ledger(default: bool, receptionist: User) -> None:
    SmsSettings.objects.update(new_patients_accept_marketing=default)
    patient = register_patient(details=Details(last_name="Ito"), at=NOW, by=receptionist)

    assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (default, "default")
    event = patient.consent_events.get()
    assert patient.consent_event == event
    assert (event.from_value, event.from_source, event.to_value) == (None, "", default)
    assert (event.source, event.recorded_by, event.at) == ("default", receptionist, NOW)


def test_as_shipped_a_new_patient_is_not_subscribed() -> None:
    SmsSettings.objects.all().delete()
    assert register_patient(details=Details(last_name="Ito"), at=NOW).accepts_sms_marketing is False


@pytest.mark.parametrize("default", [False, True])
def test_changing_the_default_changes_nobody(default: bool) -> None:
    SmsSettings.objects.update(new_patients_accept_marketing=default)
    patient = register_patient(details=Details(last_name="Ito"), at=NOW)
    SmsSettings.objects.update(new_patients_accept_marketing=not default)
    patient.refresh_from_db()
    assert patient.accepts_sms_marketing is default


@pytest.mark.parametrize("default", [False, True])
@pytest.mark.parametrize("said", [False, True])
def test_a_choice_beats_the_default_and_stands_above_it_in_the_ledger(default: bool, said: bool) -> None:
    SmsSettings.objects.update(new_patients_accept_marketing=default)
    choice = Choice(said, ConsentSource.STAFF, ConsentHow.FORM)
    patient = register_patient(details=Details(last_name="Ito"), choice=choice, at=NOW)
    assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (said, "staff")
    newest, first = patient.consent_events.all()
    assert (first.source, first.to_value) == ("default", default)
    assert (newest.source, newest.from_value, newest.to_value) == ("staff", default, said)
    assert patient.consent_event == newest


def test_what_is_written_down_is_tidied() -> None:
    patient = register_patient(
        details=Details(
            first_name="  Anne   Marie ",
            last_name=" O'Neill-Ødegård ",
            phone=MOBILE,
            birth_date=date(1987, 3, 14),
            reference=" MR-1 ",
            wants_reminders=False,
        ),
        at=NOW,
    )
    patient.refresh_from_db()
    assert patient.full_name == "Anne Marie O'Neill-Ødegård"
    assert patient.search_name == "anne marie o neill ødegard"
    assert (patient.phone, patient.phone_kind) == ("+61412345678", "mobile")
    assert (patient.birth_date, patient.reference) == (date(1987, 3, 14), "MR-1")
    assert (patient.wants_reminders, patient.created_at) == (False, NOW)


def test_a_name_that_folding_makes_longer_still_fits() -> None:
    patient = register_patient(details=Details(first_name="ﬃ" * 100, last_name="ﬃ" * 100), at=NOW)
    assert len(patient.search_name) == 201


def test_a_taken_reference_leaves_no_trace() -> None:
    PatientFactory.create(reference="MR-1")
    with pytest.raises(IntegrityError), transaction.atomic():
        register_patient(details=Details(last_name="Ito", reference="MR-1"), at=NOW)
    assert Patient.objects.count() == 1
    assert ConsentEvent.objects.count() == 1


def test_any_number_of_patients_may_have_no_reference() -> None:
    for _ in range(2):
        register_patient(details=Details(last_name="Ito"), at=NOW)
    assert Patient.objects.filter(reference="").count() == 2


class TestChangeDetails:
    def test_replaces_what_is_known_and_leaves_the_preference_alone(self) -> None:
        patient = PatientFactory.create(accepts=True, first_name="Ana", phone="0412 345 678")
        changed = change_details(
            patient_id=patient.pk, details=Details(first_name="Anna", last_name="Ito", phone=OTHER)
        )
        patient.refresh_from_db()
        assert changed == patient
        assert (patient.full_name, patient.search_name, patient.phone) == ("Anna Ito", "anna ito", OTHER.e164)
        assert (patient.accepts_sms_marketing, patient.consent_events.count()) == (True, 2)

    def test_a_new_number_has_not_been_refused_yet(self) -> None:
        patient = PatientFactory.create(number_refused=True)
        change_details(patient_id=patient.pk, details=Details(last_name="Ito", phone=OTHER))
        patient.refresh_from_db()
        assert (patient.number_refused_at, patient.number_refused_code) == (None, None)

    def test_the_same_number_stays_refused(self) -> None:
        patient = PatientFactory.create(number_refused=True, phone="0412 345 678")
        change_details(patient_id=patient.pk, details=Details(last_name="Ito", phone=MOBILE))
        patient.refresh_from_db()
        assert (patient.number_refused_at, patient.number_refused_code) == (ANY, 30003)

    def test_a_number_can_be_taken_away(self) -> None:
        patient = PatientFactory.create()
        change_details(patient_id=patient.pk, details=Details(last_name="Ito"))
        patient.refresh_from_db()
        assert (patient.phone, patient.phone_kind) == ("", "")

    def test_of_nobody(self) -> None:
        with pytest.raises(Patient.DoesNotExist):
            change_details(patient_id=999, details=Details(last_name="Ito"))


@pytest.mark.parametrize(
    ("on", "off", "name"),
    [
        (registration.archive, registration.unarchive, "archived_at"),
        (registration.mark_deceased, registration.unmark_deceased, "deceased_at"),
    ],
)
def test_a_state_is_entered_once_and_left_once(
    on: Callable[..., bool], off: Callable[..., bool], name: str
) -> None:
    patient = PatientFactory.create()
    assert off(patient_id=patient.pk, at=NOW) is False
    assert on(patient_id=patient.pk, at=NOW) is True
    assert on(patient_id=patient.pk, at=NOW.replace(year=2030)) is False
    patient.refresh_from_db()
    assert (getattr(patient, name), patient.is_active) == (NOW, False)
    assert off(patient_id=patient.pk, at=NOW) is True
    patient.refresh_from_db()
    assert (getattr(patient, name), patient.is_active) == (None, True)


def test_a_refused_number_is_refused_for_everybody_on_it() -> None:
    family = [PatientFactory.create(phone="0412 345 678") for _ in range(2)]
    stranger = PatientFactory.create()
    assert registration.mark_number_refused(phone="+61412345678", code=30006, at=NOW) == 2
    assert set(Patient.objects.filter(number_refused_code=30006)) == set(family)
    stranger.refresh_from_db()
    assert stranger.number_refused_at is None
