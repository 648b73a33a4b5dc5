"""A STOP blocks the number; a START lifts that and nothing else."""

from datetime import datetime, timedelta

import pytest

from patients.consent import Choice, record_consent
from patients.models import ConsentSource, Covers, SuppressedNumber, SuppressionSource
from patients.suppression import block_number, lift_block
from tests.factories import NOW, PatientFactory

pytestmark = pytest.mark.django_db

NUMBER = "+61412345678"
HOUR = timedelta(hours=1)


def stop(*, at: datetime = NOW, covers: Covers = Covers.MARKETING) -> bool:
    return block_number(
        phone=NUMBER, covers=covers, source=SuppressionSource.SMS_STOP, at=at, evidence="Stop!"
    )


def test_a_stop_blocks_the_number_and_records_the_refusal_of_everybody_on_it() -> None:
    patient = PatientFactory.create(phone=NUMBER, accepts=True)
    assert stop() is True
    block = SuppressedNumber.objects.in_force().get()
    assert (block.phone, block.covers, block.source, block.blocked_at) == (
        NUMBER,
        "marketing",
        "sms_stop",
        NOW,
    )
    patient.refresh_from_db()
    assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "sms_stop")
    assert patient.consent_event.evidence == "Stop!"


def test_a_number_that_nobody_has_can_be_blocked() -> None:
    assert stop() is True
    assert SuppressedNumber.objects.in_force().exists()


def test_a_second_stop_is_neither_a_second_block_nor_a_second_refusal() -> None:
    patient = PatientFactory.create(phone=NUMBER)
    stop()
    assert stop(at=NOW + HOUR) is False
    assert SuppressedNumber.objects.count() == 1
    assert patient.consent_events.filter(source="sms_stop").count() == 1


def test_a_stop_after_staff_ticked_the_box_again_is_recorded() -> None:
    patient = PatientFactory.create(phone=NUMBER)
    stop()
    record_consent(
        patient_id=patient.pk, choice=Choice(accepts=True, source=ConsentSource.STAFF), at=NOW + HOUR
    )
    stop(at=NOW + 2 * HOUR)
    patient.refresh_from_db()
    assert (patient.accepts_sms_marketing, patient.sms_marketing_source) == (False, "sms_stop")


def test_the_block_of_everything_stands_beside_that_of_marketing() -> None:
    stop()
    assert stop(covers=Covers.EVERYTHING) is True
    assert SuppressedNumber.objects.in_force().count() == 2


def test_the_carriers_word_is_recorded_as_the_carriers() -> None:
    patient = PatientFactory.create(phone=NUMBER)
    block_number(phone=NUMBER, covers=Covers.EVERYTHING, source=SuppressionSource.CARRIER, at=NOW)
    patient.refresh_from_db()
    assert patient.sms_marketing_source == "carrier"


class TestStart:
    def test_lifts_the_block_and_subscribes_nobody(self) -> None:
        patient = PatientFactory.create(phone=NUMBER, accepts=True)
        stop()
        assert lift_block(phone=NUMBER, covers=Covers.MARKETING, at=NOW + HOUR) is True
        block = SuppressedNumber.objects.get()
        assert block.lifted_at == NOW + HOUR
        patient.refresh_from_db()
        assert patient.accepts_sms_marketing is False

    def test_to_one_sender_leaves_the_block_of_the_other(self) -> None:
        stop()
        assert lift_block(phone=NUMBER, covers=Covers.EVERYTHING, at=NOW + HOUR) is False
        assert SuppressedNumber.objects.in_force().exists()

    def test_that_comes_late_does_not_lift_a_newer_stop(self) -> None:
        stop()
        stop(at=NOW + 2 * HOUR)
        assert lift_block(phone=NUMBER, covers=Covers.MARKETING, at=NOW + HOUR) is False
        assert lift_block(phone=NUMBER, covers=Covers.MARKETING, at=NOW + 3 * HOUR) is True

    def test_without_a_block_does_nothing(self) -> None:
        assert lift_block(phone=NUMBER, covers=Covers.MARKETING, at=NOW) is False

    def test_then_stop_blocks_again(self) -> None:
        stop()
        lift_block(phone=NUMBER, covers=Covers.MARKETING, at=NOW + HOUR)
        assert stop(at=NOW + 2 * HOUR) is True
        assert SuppressedNumber.objects.count() == 2
