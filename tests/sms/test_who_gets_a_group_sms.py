"""Each rule of who gets a text, from the table to the phone."""

from collections.abc import Callable

import pytest

from patients.eligibility import Reason
from patients.models import Covers, Patient
from sms import composing, reminders
from sms.models import Message
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory, block
from tests.sms import steps
from tests.sms.twilio import CARE, MARKETING, Twilio

pytestmark = pytest.mark.django_db

MOBILE = "+61412900001"
LANDLINE = "+61290000000"


def blocked(covers: Covers) -> Callable[[], Patient]:
    def make() -> Patient:
        patient = PatientFactory.create(phone=MOBILE, accepts=True)
        block(MOBILE, covers=covers)
        patient.refresh_from_db()
        return patient

    return make


def with_yes(**given: object) -> Callable[[], Patient]:
    return lambda: PatientFactory.create(**{"accepts": True, **given})


LEFT_OUT_OF_BOTH = {
    Reason.NO_MOBILE: with_yes(phone=""),
    Reason.INVALID_NUMBER: with_yes(phone=LANDLINE),
    Reason.DECEASED: with_yes(deceased=True),
    Reason.ARCHIVED: with_yes(archived=True),
    Reason.NUMBER_BLOCKED: blocked(Covers.EVERYTHING),
}


@pytest.fixture(params=[False, True], ids=["service", "marketing"])
def marketing(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("reason", LEFT_OUT_OF_BOTH)
def test_one_who_must_not_be_texted_is_left_out_and_others_are_not(
    twilio: Twilio, marketing: bool, reason: Reason
) -> None:
    left_out = LEFT_OUT_OF_BOTH[reason]()
    other = PatientFactory.create(accepts=True)
    steps.sent(marketing=marketing)
    assert steps.standing(left_out) == (Status.LEFT_OUT, reason)
    assert steps.standing(other) == (Status.ACCEPTED, "")
    assert twilio.numbers() == [other.phone]


def test_a_number_that_the_carrier_refused_is_left_out(twilio: Twilio, marketing: bool) -> None:
    refused = PatientFactory.create(accepts=True, number_refused=True)
    PatientFactory.create(accepts=True)
    steps.sent(marketing=marketing)
    assert steps.standing(refused) == (Status.LEFT_OUT, Reason.INVALID_NUMBER)
    assert refused.phone not in twilio.numbers()


def test_marketing_goes_only_to_those_who_accept_it(twilio: Twilio) -> None:
    accepting = PatientFactory.create(accepts=True)
    refusing = PatientFactory.create(accepts=False)
    never_asked = PatientFactory.create()
    steps.sent(marketing=True)
    assert twilio.numbers() == [accepting.phone]
    for patient in (refusing, never_asked):
        assert steps.standing(patient) == (Status.LEFT_OUT, Reason.NOT_SUBSCRIBED)


def test_a_service_text_goes_to_all_whatever_they_said_about_marketing(twilio: Twilio) -> None:
    everybody = [PatientFactory.create(accepts=accepts) for accepts in (True, False, None)]
    steps.sent(marketing=False)
    assert twilio.numbers() == sorted(patient.phone for patient in everybody)


def test_each_text_comes_from_the_sender_of_its_purpose(twilio: Twilio) -> None:
    PatientFactory.create(accepts=True)
    steps.sent("News", marketing=True)
    steps.sent("We are closed", marketing=False)
    assert [(text["body"], text["messaging_service_sid"]) for text in twilio.texts()] == [
        ("News\nOur clinic. Reply STOP to opt out.", MARKETING),
        ("We are closed", CARE),
    ]


def test_a_stop_to_marketing_leaves_service_texts_alone_where_they_have_their_own_sender(
    twilio: Twilio,
) -> None:
    patient = blocked(Covers.MARKETING)()
    other = PatientFactory.create(accepts=True)
    steps.sent(marketing=True)
    assert twilio.numbers() == [other.phone]
    steps.sent(marketing=False)
    assert twilio.numbers() == sorted([other.phone, other.phone, patient.phone])


def test_a_stop_to_the_only_sender_stops_service_texts_too(twilio: Twilio, one_sender: str) -> None:
    patient = blocked(Covers.MARKETING)()
    PatientFactory.create()
    steps.sent(marketing=False)
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.NUMBER_BLOCKED)
    assert patient.phone not in twilio.numbers()


def test_a_number_that_two_share_gets_one_text(twilio: Twilio, marketing: bool) -> None:
    first, second = PatientFactory.create_batch(2, phone=MOBILE, accepts=True)
    steps.sent(marketing=marketing)
    assert steps.standing(first) == (Status.ACCEPTED, "")
    assert steps.standing(second) == (Status.LEFT_OUT, Reason.SHARED_NUMBER)
    assert twilio.numbers() == [MOBILE]


def test_marketing_to_a_shared_number_needs_everybodys_yes(twilio: Twilio) -> None:
    accepting = PatientFactory.create(phone=MOBILE, accepts=True)
    refusing = PatientFactory.create(phone=MOBILE, accepts=False)
    other = PatientFactory.create(accepts=True)
    steps.sent(marketing=True)
    assert steps.standing(accepting) == (Status.LEFT_OUT, Reason.SHARED_NUMBER_REFUSED)
    assert steps.standing(refusing) == (Status.LEFT_OUT, Reason.NOT_SUBSCRIBED)
    assert twilio.numbers() == [other.phone]


def test_the_refusal_of_one_who_is_archived_does_not_count_for_the_number(twilio: Twilio) -> None:
    PatientFactory.create(phone=MOBILE, accepts=False, archived=True)
    PatientFactory.create(phone=MOBILE, accepts=True)
    steps.sent(marketing=True)
    assert twilio.numbers() == [MOBILE]


def test_whoever_staff_unticked_is_left_out_and_the_next_on_the_number_gets_it(
    twilio: Twilio, marketing: bool
) -> None:
    first, second = PatientFactory.create_batch(2, phone=MOBILE, accepts=True)
    alone, other = PatientFactory.create_batch(2, accepts=True)
    group = steps.draft(marketing=marketing)
    for patient in (first, alone):
        composing.untick(group_id=group.pk, patient_id=patient.pk, ticked=False)
    steps.confirm(group)
    composing.freeze(group_id=group.pk, at=NOW)
    steps.drain()
    assert steps.standing(first) == steps.standing(alone) == (Status.LEFT_OUT, Reason.DESELECTED)
    assert steps.standing(second) == (Status.ACCEPTED, "")
    assert twilio.numbers() == sorted([MOBILE, other.phone])


def test_wanting_no_reminders_says_nothing_about_group_texts(twilio: Twilio, marketing: bool) -> None:
    patient = PatientFactory.create(accepts=True, wants_reminders=False)
    steps.sent(marketing=marketing)
    assert twilio.numbers() == [patient.phone]


def test_everybody_has_exactly_one_row_and_only_texts_have_words(twilio: Twilio) -> None:
    for make in LEFT_OUT_OF_BOTH.values():
        make()
    PatientFactory.create(accepts=True)
    group = steps.sent("Hi {first_name}", marketing=True)
    rows = Message.objects.filter(group=group)
    assert rows.count() == Patient.objects.count() == len(LEFT_OUT_OF_BOTH) + 1
    assert {bool(row.body) for row in rows.filter(status=Status.LEFT_OUT)} == {False}
    assert all(row.consent_event_id is None for row in rows.filter(status=Status.LEFT_OUT))


def test_a_marketing_text_names_the_consent_that_allowed_it(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.sent(marketing=True)
    steps.sent(marketing=False)
    proofs = Message.objects.order_by("pk").values_list("consent_event", flat=True)
    assert list(proofs) == [patient.consent_event_id, None]


def test_one_off_and_reminder_ignore_a_refusal_of_marketing(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=False)
    AppointmentFactory.create(patient=patient)
    steps.queued(patient, "Please call us")
    assert reminders.queue_due_reminders(now=NOW) == 1
    steps.drain()
    assert [text["to"] for text in twilio.texts()] == [patient.phone] * 2
    assert {text["messaging_service_sid"] for text in twilio.texts()} == {CARE}
