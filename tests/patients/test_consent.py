"""A preference and its ledger row are written together, by one function."""

import pytest
from django.contrib.auth.models import User

from patients import consent
from patients.consent import Choice, record_consent
from patients.models import ConsentEvent, ConsentHow, ConsentSource, Patient
from tests.factories import NOW, PatientFactory

pytestmark = pytest.mark.django_db

YES = Choice(True, ConsentSource.STAFF, ConsentHow.PHONE, "yes please")
NO = Choice(False, ConsentSource.STAFF)


def test_a_choice_sets_the_preference_and_says_who_how_when_and_from_what(receptionist: User) -> None:
    patient = PatientFactory.create()
    event = record_consent(patient_id=patient.pk, choice=YES, at=NOW, by=receptionist)

    patient.refresh_from_db()
    assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (True, "staff")
    assert patient.consent_event == event
    assert (event.from_value, event.from_source, event.to_value) == (False, "default", True)
    assert (event.source, event.how, event.evidence) == ("staff", "phone", "yes please")
    assert (event.phone, event.recorded_by, event.at, event.batch) == (patient.phone, receptionist, NOW, None)


def test_repeating_the_default_makes_it_a_choice() -> None:
    patient = PatientFactory.create()
    record_consent(patient_id=patient.pk, choice=NO, at=NOW)
    patient.refresh_from_db()
    assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "staff")
    assert [event.source for event in patient.consent_events.all()] == ["staff", "default"]


def test_nobody_to_record_it_for_writes_nothing() -> None:
    with pytest.raises(Patient.DoesNotExist):
        record_consent(patient_id=999, choice=YES, at=NOW)
    assert not ConsentEvent.objects.exists()


class TestRefusalForANumber:
    def test_is_recorded_for_everybody_on_it_and_nobody_else(self) -> None:
        family = [PatientFactory.create(phone="0412 345 678", accepts=True) for _ in range(2)]
        archived = PatientFactory.create(phone="0412 345 678", accepts=True, archived=True)
        stranger = PatientFactory.create(accepts=True)

        refused = consent.record_refusal_for_number(
            phone="+61412345678", source=ConsentSource.SMS_STOP, evidence="STOP", at=NOW
        )

        assert refused == 3
        for patient in [*family, archived]:
            patient.refresh_from_db()
            assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "sms_stop")
            assert (patient.consent_event.how, patient.consent_event.evidence) == ("text", "STOP")
        stranger.refresh_from_db()
        assert stranger.accepts_sms_marketing is True

    def test_keeps_the_beginning_of_a_long_text(self) -> None:
        PatientFactory.create(phone="0412 345 678")
        consent.record_refusal_for_number(
            phone="+61412345678", source=ConsentSource.SMS_STOP, evidence="STOP " * 300, at=NOW
        )
        assert ConsentEvent.objects.latest("pk").evidence == "STOP " * 100

    def test_by_the_carrier_came_by_no_text(self) -> None:
        PatientFactory.create(phone="0412 345 678")
        consent.record_refusal_for_number(
            phone="+61412345678", source=ConsentSource.CARRIER, evidence="", at=NOW
        )
        assert ConsentEvent.objects.latest("pk").how == ""

    def test_no_number_is_nobodys_number(self) -> None:
        PatientFactory.create(phone="")
        assert consent.lock_number("") == []


class TestOutOfStep:
    def test_nobody_is_after_ordinary_changes(self) -> None:
        patient = PatientFactory.create(accepts=True)
        record_consent(patient_id=patient.pk, choice=NO, at=NOW)
        assert not consent.out_of_step().exists()

    @pytest.mark.parametrize(
        "forgery",
        [
            {"accepts_sms_marketing": True},
            {"consent_event": None},
            {"consent_event": "older"},
            {"consent_event": "somebody else's"},
        ],
    )
    def test_a_preference_written_past_the_ledger_is_found(self, forgery: dict[str, object]) -> None:
        fine = PatientFactory.create(accepts=False)
        patient = PatientFactory.create(accepts=False)
        stand_ins = {"older": patient.consent_events.last(), "somebody else's": fine.consent_event}
        forged = {name: stand_ins.get(value, value) for name, value in forgery.items()}
        Patient.objects.filter(pk=patient.pk).update(**forged)
        assert list(consent.out_of_step()) == [patient]

    def test_a_patient_without_any_ledger_row_is_found(self) -> None:
        patient = Patient.objects.create(
            last_name="Smuggled", accepts_sms_marketing=True, sms_marketing_source="staff", created_at=NOW
        )
        assert list(consent.out_of_step()) == [patient]
