"""Texts are claimed once, the most urgent first, and each is judged a last time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.lib import phone as phones
from patients import registration
from patients.consent import Choice, record_consent
from patients.eligibility import Purpose, Reason
from patients.models import ConsentSource, Covers, Patient, SuppressionSource
from patients.registration import Details
from patients.suppression import block_number, lift_block
from sms import composing, dispatch, outbox, reminders
from sms.models import Message, SendingPause
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory, UserFactory, block
from tests.sms import steps
from tests.sms.twilio import CARE, Twilio

pytestmark = pytest.mark.django_db

MOBILE = "+61412900001"
OTHER_MOBILE = "+61412900002"


def claim(purpose: Purpose = Purpose.SERVICE, *, limit: int = 50) -> outbox.Claim:
    return outbox.claim(purpose=purpose, limit=limit, now=NOW)


def change_number(patient: Patient, number: str) -> None:
    details = Details(
        last_name=patient.last_name,
        first_name=patient.first_name,
        phone=phones.parse(number, country="AU") if number else None,
    )
    registration.change_details(patient_id=patient.pk, details=details)


def refuse(patient: Patient) -> None:
    record_consent(patient_id=patient.pk, choice=Choice(False, ConsentSource.STAFF), at=NOW)


def stop(patient: Patient, covers: Covers = Covers.EVERYTHING) -> None:
    block_number(phone=patient.phone, covers=covers, source=SuppressionSource.SMS_STOP, at=NOW)


def test_a_claimed_text_is_marked_and_counted(account: None) -> None:
    PatientFactory.create()
    steps.frozen()
    taken = claim()
    [text] = taken.messages
    message = steps.row(text)
    assert (message.status, message.claim, message.claimed_at) == (Status.SENDING, taken.id, NOW)
    assert (message.attempt, text.attempt, taken.examined) == (1, 1, 1)
    assert claim().messages == []


def test_the_most_urgent_go_first(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.frozen("marketing", marketing=True)
    steps.frozen("service")
    AppointmentFactory.create(patient=patient)
    reminders.queue_due_reminders(now=NOW)
    steps.queued(patient, "one-off")
    assert steps.drain() == 4
    order = [text["body"].split()[0] for text in twilio.texts()]
    assert order == ["one-off", "Hi", "service", "marketing"]


def test_the_oldest_of_a_purpose_go_first_and_a_claim_takes_no_more_than_its_limit() -> None:
    PatientFactory.create_batch(5)
    steps.frozen()
    waiting = list(Message.objects.order_by("pk").values_list("pk", flat=True))
    assert [m.pk for m in claim(limit=2).messages] == waiting[:2]
    assert [m.pk for m in claim(limit=2).messages] == waiting[2:4]
    assert [m.pk for m in claim(limit=2).messages] == waiting[4:]


def test_a_text_whose_time_has_not_come_waits(twilio: Twilio) -> None:
    message = steps.queued(PatientFactory.create())
    Message.objects.update(not_before=NOW + timedelta(seconds=1))
    assert steps.drain() == 0
    assert not outbox.anything_ready(now=NOW)
    assert outbox.anything_ready(now=NOW + timedelta(seconds=1))
    assert steps.drain(at=NOW + timedelta(seconds=1)) == 1
    assert steps.status_of(message) == Status.ACCEPTED


def test_a_text_that_is_too_late_expires_and_is_not_sent(twilio: Twilio) -> None:
    late, in_time = steps.queued(PatientFactory.create()), steps.queued(PatientFactory.create())
    Message.objects.filter(pk=late.pk).update(send_by=NOW)
    assert steps.drain() == 1
    assert steps.status_of(late) == Status.EXPIRED
    assert twilio.numbers() == [in_time.phone]


def test_the_reminder_of_a_cancelled_appointment_is_stopped(twilio: Twilio) -> None:
    cancelled, kept = AppointmentFactory.create_batch(2)
    reminders.queue_due_reminders(now=NOW)
    type(cancelled).objects.filter(pk=cancelled.pk).cancel(at=NOW)
    steps.drain()
    assert steps.standing(cancelled.patient) == (Status.CANCELLED, "")
    assert twilio.numbers() == [kept.patient.phone]


CHANGES_OF_MIND: dict[Reason, Callable[[Patient], Any]] = {
    Reason.NO_MOBILE: lambda patient: change_number(patient, ""),
    Reason.INVALID_NUMBER: lambda patient: registration.mark_number_refused(
        phone=patient.phone, code=30006, at=NOW
    ),
    Reason.DECEASED: lambda patient: registration.mark_deceased(patient_id=patient.pk, at=NOW),
    Reason.ARCHIVED: lambda patient: registration.archive(patient_id=patient.pk, at=NOW),
    Reason.NUMBER_BLOCKED: stop,
    Reason.NUMBER_CHANGED: lambda patient: change_number(patient, OTHER_MOBILE),
}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("reason", CHANGES_OF_MIND)
def test_what_forbids_the_text_after_it_was_queued_is_respected(
    twilio: Twilio, reason: Reason, purpose: Purpose
) -> None:
    patient, other = PatientFactory.create_batch(2, accepts=True)
    for each in (patient, other):
        if purpose == Purpose.ONE_OFF:
            steps.queued(each)
        if purpose == Purpose.REMINDER:
            AppointmentFactory.create(patient=each)
    reminders.queue_due_reminders(now=NOW)
    if purpose in {Purpose.SERVICE, Purpose.MARKETING}:
        steps.frozen(marketing=purpose == Purpose.MARKETING)
    assert set(Message.objects.values_list("purpose", "status")) == {(purpose, Status.QUEUED)}

    later = NOW + timedelta(minutes=1)
    CHANGES_OF_MIND[reason](patient)
    steps.drain(at=later)
    assert steps.standing(patient) == (Status.LEFT_OUT, reason)
    assert Message.objects.get(patient=patient).status_at == later
    assert steps.standing(other) == (Status.ACCEPTED, "")
    assert twilio.numbers() == [other.phone]


def test_a_refusal_of_marketing_between_confirm_and_send_is_respected(twilio: Twilio) -> None:
    patient, other = PatientFactory.create_batch(2, accepts=True)
    steps.frozen(marketing=True)
    refuse(patient)
    steps.drain()
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.NOT_SUBSCRIBED)
    assert twilio.numbers() == [other.phone]


def test_the_refusal_of_one_on_the_number_stops_the_marketing_to_all_on_it(twilio: Twilio) -> None:
    first, second = PatientFactory.create_batch(2, phone=MOBILE, accepts=True)
    steps.frozen(marketing=True)
    refuse(second)
    steps.drain()
    assert steps.standing(first) == (Status.LEFT_OUT, Reason.SHARED_NUMBER_REFUSED)
    assert steps.standing(second) == (Status.LEFT_OUT, Reason.NOT_SUBSCRIBED)
    assert twilio.posts() == []


def test_a_refusal_of_reminders_stops_those_that_wait(twilio: Twilio) -> None:
    appointment = AppointmentFactory.create()
    reminders.queue_due_reminders(now=NOW)
    Patient.objects.update(wants_reminders=False)
    steps.drain()
    assert steps.standing(appointment.patient) == (Status.LEFT_OUT, Reason.REMINDERS_OFF)
    assert twilio.posts() == []


def test_a_stop_to_marketing_leaves_other_texts_that_wait_alone(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.frozen("News", marketing=True)
    steps.queued(patient, "Results")
    stop(patient, Covers.MARKETING)
    steps.drain()
    assert [(text["body"], text["messaging_service_sid"]) for text in twilio.texts()] == [("Results", CARE)]


def test_a_stop_that_was_lifted_in_time_stops_nothing(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=False)
    steps.frozen()
    block(patient.phone, covers=Covers.MARKETING, at=NOW - timedelta(minutes=2))
    lift_block(phone=patient.phone, covers=Covers.MARKETING, at=NOW - timedelta(minutes=1))
    steps.drain()
    assert twilio.numbers() == [patient.phone]


@pytest.mark.parametrize("marketing", [False, True])
@pytest.mark.parametrize(
    "leave",
    [
        lambda patient: registration.archive(patient_id=patient.pk, at=NOW),
        lambda patient: registration.mark_deceased(patient_id=patient.pk, at=NOW),
        lambda patient: change_number(patient, OTHER_MOBILE),
        lambda patient: change_number(patient, ""),
    ],
    ids=["archived", "deceased", "other number", "no number"],
)
def test_the_next_on_a_shared_number_gets_the_text_when_the_first_leaves(
    twilio: Twilio, marketing: bool, leave: Callable[[Patient], Any]
) -> None:
    first, second, third = PatientFactory.create_batch(3, phone=MOBILE, accepts=True)
    group = steps.frozen("Hi {first_name|all}", marketing=marketing)
    leave(first)
    steps.drain()
    assert steps.standing(first)[0] == Status.LEFT_OUT
    assert steps.standing(second) == (Status.ACCEPTED, "")
    assert steps.standing(third) == (Status.LEFT_OUT, Reason.SHARED_NUMBER)
    [text] = twilio.texts()
    assert (text["to"], text["body"].split("\n")[0]) == (MOBILE, "Hi all")
    assert composing.finish(at=NOW) == 1
    assert group.messages.count() == 3


def test_the_text_is_passed_on_until_somebody_may_get_it(twilio: Twilio) -> None:
    first, second, third, elsewhere = [
        *PatientFactory.create_batch(3, phone=MOBILE),
        PatientFactory.create(phone=OTHER_MOBILE),
    ]
    steps.frozen()
    for patient in (first, second, elsewhere):
        registration.archive(patient_id=patient.pk, at=NOW)
    steps.drain()
    assert steps.standing(second) == (Status.LEFT_OUT, Reason.ARCHIVED)
    assert steps.standing(third) == (Status.ACCEPTED, "")
    assert twilio.numbers() == [MOBILE]


def test_a_one_off_is_never_passed_on(twilio: Twilio) -> None:
    first, _second = PatientFactory.create_batch(2, phone=MOBILE)
    steps.frozen("Shared")
    steps.drain()
    steps.queued(first, "Your results")
    registration.archive(patient_id=first.pk, at=NOW)
    steps.drain()
    assert [text["body"] for text in twilio.texts()] == ["Shared"]


def test_while_sending_rests_nothing_is_claimed(twilio: Twilio) -> None:
    steps.queued(PatientFactory.create())
    assert outbox.pause(code=20003, now=NOW)
    assert not outbox.pause(code=30002, now=NOW)
    assert SendingPause.objects.get().error_code == 20003
    assert steps.drain() == 0
    assert not outbox.anything_ready(now=NOW)
    user = UserFactory.create()
    assert outbox.resume(now=NOW, by_id=user.pk)
    assert not outbox.resume(now=NOW, by_id=user.pk)
    assert outbox.anything_ready(now=NOW)
    assert steps.drain() == 1
    assert len(twilio.texts()) == 1


def test_a_claim_takes_the_same_few_statements_whatever_it_finds(account: None) -> None:
    def statements(patients: int) -> int:
        everybody = PatientFactory.create_batch(patients, accepts=True)
        steps.frozen(marketing=True)
        for leaving in everybody[: patients // 2]:
            registration.archive(patient_id=leaving.pk, at=NOW)
        with CaptureQueriesContext(connection) as queries:
            taken = claim(Purpose.MARKETING)
        assert taken.examined == patients
        Message.objects.all().delete()
        Patient.objects.update(archived_at=NOW)
        return len(queries)

    assert statements(2) == statements(40) <= 14


def test_a_drain_that_is_out_of_time_begins_nothing(account: None) -> None:
    steps.queued(PatientFactory.create())
    assert dispatch.drain(clock=lambda: NOW, until=NOW) == 0
    assert Message.objects.get().status == Status.QUEUED
