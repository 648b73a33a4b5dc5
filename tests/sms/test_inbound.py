"""Texts that come back: a STOP works at once, a START subscribes nobody, and nothing counts twice."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from patients.eligibility import Purpose, Reason, reasons_for
from patients.models import (
    ConsentEvent,
    ConsentHow,
    ConsentSource,
    Covers,
    Patient,
    SuppressedNumber,
    SuppressionSource,
)
from settings_app.models import SmsSettings
from sms import consequences, inbound
from sms.models import InboundMessage
from sms.models.inbound import ReplyKind
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.twilio import CARE, MARKETING, Twilio

pytestmark = pytest.mark.django_db

PHONE = "+61412900001"
OTHER_PHONE = "+61412900002"


def receive(
    body: str, *, sid: str, sender: str = MARKETING, phone: str = PHONE, at: datetime = NOW, read_as: str = ""
) -> str:
    return inbound.receive(
        inbound.Reply(sid=sid, phone=phone, sender=sender, body=body, read_as=read_as), at=at
    )


def allowed(patient: Patient) -> set[Purpose]:
    patient.refresh_from_db()
    return {purpose for purpose, reason in reasons_for(patient).items() if reason is None}


def test_a_stop_to_the_marketing_sender_stops_marketing_alone(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    assert receive("Stop", sid="SM1") == ""
    assert allowed(patient) == set(Purpose) - {Purpose.MARKETING}


def test_a_stop_to_the_care_sender_stops_everything(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM1", sender=CARE)
    assert allowed(patient) == set()
    assert set(reasons_for(patient).values()) == {Reason.NUMBER_BLOCKED}


def test_a_stop_to_the_only_sender_stops_everything(one_sender: str) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM1", sender=one_sender)
    assert allowed(patient) == set()


def test_a_stop_to_a_sender_that_is_not_set_up_any_more_stops_everything(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM1", sender="+61400000000")
    assert allowed(patient) == set()


def test_a_stop_is_recorded_as_the_refusal_of_everybody_on_the_number(account: None) -> None:
    on_it = PatientFactory.create_batch(2, phone=PHONE, accepts=True)
    other = PatientFactory.create(phone=OTHER_PHONE, accepts=True)
    receive("STOP.", sid="SM1")
    for patient in on_it:
        patient.refresh_from_db()
        event = patient.consent_event
        assert event is not None
        assert (patient.accepts_sms_marketing, event.source) == (False, ConsentSource.SMS_STOP)
        assert (event.how, event.evidence, event.at) == (ConsentHow.TEXT, "STOP.", NOW)
    other.refresh_from_db()
    assert other.accepts_sms_marketing


def test_a_stop_from_a_number_that_nobody_has_is_kept_for_whoever_gets_it(account: None) -> None:
    receive("Stop", sid="SM1")
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    assert Purpose.MARKETING not in allowed(patient)


def test_a_start_lifts_the_block_and_subscribes_nobody(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM1", sender=CARE)
    receive("Start", sid="SM2", sender=CARE, at=NOW + timedelta(minutes=1))
    assert allowed(patient) == set(Purpose) - {Purpose.MARKETING}
    assert reasons_for(patient)[Purpose.MARKETING] == Reason.NOT_SUBSCRIBED
    assert not SuppressedNumber.objects.in_force().exists()


def test_a_start_to_one_sender_leaves_the_stop_to_the_other_alone(account: None) -> None:
    PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM1", sender=CARE)
    receive("Stop", sid="SM2", sender=MARKETING)
    receive("Start", sid="SM3", sender=MARKETING, at=NOW + timedelta(minutes=1))
    assert [block.covers for block in SuppressedNumber.objects.in_force()] == [Covers.EVERYTHING]


def test_a_start_that_is_handed_over_again_does_not_undo_a_newer_stop(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE)
    for minute, (sid, body) in enumerate(
        [("SM1", "Stop"), ("SM2", "Start"), ("SM3", "Stop"), ("SM2", "Start"), ("SM2", "Start")]
    ):
        receive(body, sid=sid, sender=CARE, at=NOW + timedelta(minutes=minute))
    assert allowed(patient) == set()
    assert InboundMessage.objects.count() == 3


def test_a_reply_that_is_handed_over_twice_is_stored_once(account: None) -> None:
    PatientFactory.create(phone=PHONE, accepts=True)
    for _ in range(2):
        receive("Stop", sid="SM1")
    assert InboundMessage.objects.count() == 1
    assert SuppressedNumber.objects.count() == 1
    assert ConsentEvent.objects.filter(source=ConsentSource.SMS_STOP).count() == 1


def test_a_stop_that_came_after_a_start_stands_though_the_start_is_worked_on_last(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE)
    receive("Stop", sid="SM2", sender=CARE, at=NOW + timedelta(seconds=1))
    receive("Start", sid="SM1", sender=CARE, at=NOW)
    assert allowed(patient) == set()


def test_a_start_that_twilio_hands_over_later_lifts_the_block_but_never_brings_marketing(
    account: None,
) -> None:
    # Twilio does not say which was written first. Its own block stands then: see the next test.
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM2", sender=MARKETING, at=NOW)
    receive("Start", sid="SM1", sender=MARKETING, at=NOW + timedelta(seconds=5))
    assert Purpose.MARKETING not in allowed(patient)
    assert reasons_for(patient)[Purpose.MARKETING] == Reason.NOT_SUBSCRIBED


def test_what_twilio_still_blocks_is_blocked_again_at_the_first_text(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Stop", sid="SM2", sender=CARE)
    receive("Start", sid="SM1", sender=CARE, at=NOW + timedelta(seconds=5))
    assert Purpose.ONE_OFF in allowed(patient)
    consequences.draw(code=21610, phone=PHONE, sender=CARE, at=NOW + timedelta(minutes=1))
    assert allowed(patient) == set()
    assert SuppressedNumber.objects.in_force().get().source == SuppressionSource.CARRIER


@pytest.mark.parametrize("words", ["Stop please", "No more texts", "Unsubscribe me", "opt out!"])
def test_an_opt_out_in_other_plain_words_works_as_a_stop(account: None, words: str) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive(words, sid="SM1", sender=CARE)
    assert allowed(patient) == set()
    patient.refresh_from_db()
    assert patient.consent_event is not None
    assert (patient.consent_event.source, patient.consent_event.evidence) == (ConsentSource.SMS_STOP, words)


class TestStopMeansEverything:
    @pytest.fixture(autouse=True)
    def _setting(self, account: None) -> None:
        SmsSettings.load()
        SmsSettings.objects.update(stop_means_everything=True)

    def test_then_a_stop_to_the_marketing_sender_stops_everything(self) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        receive("Stop", sid="SM1")
        assert set(reasons_for(patient).values()) == {Reason.NUMBER_BLOCKED}

    def test_a_start_to_the_same_sender_lifts_it_whatever_the_setting_was_before(self) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        SmsSettings.objects.update(stop_means_everything=False)
        receive("Stop", sid="SM1")
        SmsSettings.objects.update(stop_means_everything=True)
        receive("Start", sid="SM2", at=NOW + timedelta(minutes=1))
        assert allowed(patient) == set(Purpose) - {Purpose.MARKETING}

    def test_a_start_to_the_care_sender_lifts_no_stop_to_the_marketing_sender(self) -> None:
        patient = PatientFactory.create(phone=PHONE, accepts=True)
        receive("Stop", sid="SM1")
        receive("Start", sid="SM2", sender=CARE, at=NOW + timedelta(minutes=1))
        assert allowed(patient) == set()


def test_help_names_the_clinic_and_its_phone(account: None) -> None:
    SmsSettings.objects.update(clinic_name="Harbour Clinic", clinic_phone="(02) 9999 0000")
    assert receive("help", sid="SM1") == (
        "This is Harbour Clinic. Call us on (02) 9999 0000. Reply STOP to get no more texts."
    )


def test_help_names_the_clinic(account: None) -> None:
    SmsSettings.objects.update(clinic_name="Harbour Clinic", clinic_phone="")
    assert receive("HELP", sid="SM1") == "This is Harbour Clinic. Reply STOP to get no more texts."
    assert receive("HELP", sid="SM1") == ""
    assert receive("HELP", sid="SM2", read_as="HELP") == ""
    assert not SuppressedNumber.objects.exists()


@pytest.mark.parametrize("read_as", ["", "SOMETHING NEW"])
def test_other_words_change_nothing(account: None, read_as: str) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    assert receive("See you at three, please stop by", sid="SM1", read_as=read_as) == ""
    assert InboundMessage.objects.get().kind == ReplyKind.OTHER
    assert allowed(patient) == set(Purpose)


def test_what_twilio_read_a_reply_as_counts_more_than_what_we_read(account: None) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    receive("Basta", sid="SM1", sender=CARE, read_as="STOP")
    assert allowed(patient) == set()
    receive("Avanti", sid="SM2", sender=CARE, read_as="START", at=NOW + timedelta(minutes=1))
    assert Purpose.SERVICE in allowed(patient)


def test_a_stop_between_confirm_and_send_is_respected(twilio: Twilio) -> None:
    patient = PatientFactory.create(phone=PHONE, accepts=True)
    other = PatientFactory.create(accepts=True)
    steps.frozen(marketing=True)
    receive("Stop", sid="SM1")
    steps.drain()
    assert steps.standing(patient) == ("left_out", Reason.NUMBER_BLOCKED)
    assert twilio.numbers() == [other.phone]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_the_same_stop_ten_times_at_once_counts_once(
    account: None, at_once: Callable[[list[Callable[[], str]]], list[str]]
) -> None:
    PatientFactory.create_batch(2, phone=PHONE, accepts=True)
    at_once([lambda: receive("Stop", sid="SM1")] * 10)
    assert InboundMessage.objects.count() == 1
    assert SuppressedNumber.objects.count() == 1
    assert ConsentEvent.objects.filter(source=ConsentSource.SMS_STOP).count() == 2


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_ten_different_stops_at_once_make_one_block(
    account: None, at_once: Callable[[list[Callable[[], str]]], list[str]]
) -> None:
    PatientFactory.create_batch(2, phone=PHONE, accepts=True)
    at_once([lambda sid=f"SM{number}": receive("Stop", sid=sid) for number in range(10)])
    assert InboundMessage.objects.count() == 10
    assert SuppressedNumber.objects.count() == 1
    assert ConsentEvent.objects.filter(source=ConsentSource.SMS_STOP).count() == 2
