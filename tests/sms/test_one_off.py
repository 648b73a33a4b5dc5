"""One text to one patient."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from patients import registration
from patients.eligibility import Purpose, Reason
from patients.models import Covers, Patient
from sms import one_off
from sms.models import Message
from sms.status import Status
from tests.factories import NOW, PatientFactory, UserFactory, block
from tests.sms import steps
from tests.sms.twilio import CARE, Twilio

pytestmark = pytest.mark.django_db

KEY = uuid.UUID(int=7)


def queue(patient: Patient, body: str = "Your results are here", key: uuid.UUID = KEY) -> Message:
    return one_off.queue_one_off(patient=patient, body=body, request_key=key, at=NOW, by=UserFactory.create())


def test_a_one_off_goes_out_as_it_was_written(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=False)
    by = UserFactory.create()
    message = one_off.queue_one_off(patient=patient, body="{first_name} {", request_key=KEY, at=NOW, by=by)
    assert (message.purpose, message.created_by_id) == (Purpose.ONE_OFF, by.pk)
    assert message.send_by == NOW + one_off.SEND_WITHIN
    steps.drain()
    [text] = twilio.texts()
    assert (text["to"], text["body"]) == (patient.phone, "{first_name} {")
    assert text["messaging_service_sid"] == CARE


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        (Reason.NO_MOBILE, {"phone": ""}),
        (Reason.INVALID_NUMBER, {"phone": "+61290000000"}),
        (Reason.INVALID_NUMBER, {"number_refused": True}),
        (Reason.DECEASED, {"deceased": True}),
        (Reason.ARCHIVED, {"archived": True}),
    ],
)
def test_whoever_must_not_be_texted_is_not(twilio: Twilio, reason: Reason, given: dict[str, object]) -> None:
    patient = PatientFactory.create(**given)
    assert one_off.why_not(patient) == reason
    with pytest.raises(one_off.CannotBeTexted) as refusal:
        queue(patient)
    assert refusal.value.reason == reason
    assert Message.objects.count() == 0


def test_a_blocked_number_is_not_texted_and_one_blocked_for_marketing_is(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    block(patient.phone, covers=Covers.MARKETING)
    assert one_off.why_not(patient) is None
    block(patient.phone, covers=Covers.EVERYTHING)
    with pytest.raises(one_off.CannotBeTexted):
        queue(patient)


@pytest.mark.parametrize("given", [{"accepts": False}, {"wants_reminders": False}])
def test_neither_preference_counts(account: None, given: dict[str, object]) -> None:
    assert one_off.why_not(PatientFactory.create(**given)) is None


def test_the_same_form_twice_is_one_text(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    assert queue(patient).pk == queue(patient).pk
    steps.drain()
    assert queue(patient).status == Status.ACCEPTED
    steps.drain()
    assert len(twilio.texts()) == 1


def test_the_same_form_again_gives_the_text_even_if_the_patient_has_left_since(account: None) -> None:
    patient = PatientFactory.create()
    first = queue(patient)
    registration.archive(patient_id=patient.pk, at=NOW)
    assert queue(patient).pk == first.pk


def test_going_back_and_writing_something_else_is_another_text(twilio: Twilio) -> None:
    patient, other = PatientFactory.create_batch(2)
    texts = [queue(patient, "First"), queue(patient, "Second"), queue(other, "First")]
    assert len({text.pk for text in texts}) == 3
    assert steps.drain() == 3
    assert sorted(text["body"] for text in twilio.texts()) == ["First", "First", "Second"]


def test_two_forms_with_the_same_words_are_two_texts(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    queue(patient), queue(patient, key=uuid.uuid4())
    assert steps.drain() == 2


def test_a_text_that_could_not_leave_in_time_is_not_sent(twilio: Twilio) -> None:
    queue(PatientFactory.create())
    steps.drain(at=NOW + one_off.SEND_WITHIN + timedelta(seconds=1))
    assert Message.objects.get().status == Status.EXPIRED
    assert twilio.posts() == []


@pytest.mark.django_db(transaction=True)
def test_ten_clicks_at_once_are_one_text(
    twilio: Twilio, at_once: Callable[[list[Callable[[], Message]]], list[Message]]
) -> None:
    patient = PatientFactory.create()
    by = UserFactory.create()
    texts = at_once(
        [lambda: one_off.queue_one_off(patient=patient, body="Hi", request_key=KEY, at=NOW, by=by)] * 10
    )
    assert len({text.pk for text in texts}) == 1
    steps.drain()
    assert len(twilio.texts()) == 1
