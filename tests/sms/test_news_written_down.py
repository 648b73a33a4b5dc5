"""What callbacks and look-ups tell is written down whole, and a record is ours only within its bounds."""

from dataclasses import replace
from datetime import timedelta

import pytest

from patients.models import Patient, SuppressedNumber
from sms import delivery, dispatch, gateway, outbox
from sms.models import DeliveryEvent, Message, SendingPause
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=2)
SID, OTHER_SID = "SM" + "1" * 32, "SM" + "2" * 32
LAST = len(delivery.LOOK_UP_AFTER)


def accepted() -> Message:
    taken = steps.claimed(PatientFactory.create())
    dispatch.settle(taken, [gateway.Accepted(sid=SID, status="queued")], now=NOW)
    return Message.objects.get(pk=taken.messages[0].pk)


def unknown() -> Message:
    taken = steps.claimed(PatientFactory.create())
    dispatch.settle(taken, [gateway.OutcomeUnknown("timeout")], now=NOW)
    return Message.objects.get(pk=taken.messages[0].pk)


def record_of(message: Message, **different: object) -> gateway.Found:
    ours = gateway.Found(
        sid=SID,
        status="undelivered",
        error_code=30003,
        senders=frozenset({outbox.sender_of(message)}),
        created_at=NOW,
        body=message.body,
    )
    return replace(ours, **different)  # type: ignore[arg-type]


def tell(message: Message, status: str, code: int | None = None) -> bool:
    return delivery.record_news(token=message.token, sid=SID, status=status, error_code=code, at=LATER)


def test_news_by_callback(account: None) -> None:
    message = accepted()
    assert tell(message, "undelivered", 30003)
    message.refresh_from_db()
    assert (message.status, message.error_code, message.status_at) == (Status.UNDELIVERED, 30003, LATER)
    event = DeliveryEvent.objects.get()
    assert (event.message_id, event.sid, event.status) == (message.pk, SID, "undelivered")
    assert (event.error_code, event.received_at) == (30003, LATER)


def test_news_when_asked(account: None) -> None:
    message = accepted()
    delivery.record_answer(message_id=message.pk, record=record_of(message), at=LATER)
    message.refresh_from_db()
    assert (message.status, message.error_code, message.status_at) == (Status.UNDELIVERED, 30003, LATER)
    event = DeliveryEvent.objects.get()
    assert (event.message_id, event.sid, event.status) == (message.pk, SID, "undelivered")
    assert (event.error_code, event.received_at) == (30003, LATER)


def test_an_answer_that_names_no_record_is_no_news_of_a_text_that_has_none(account: None) -> None:
    asked, without = accepted(), unknown()
    delivery.record_answer(message_id=asked.pk, record=record_of(asked, sid=""), at=LATER)
    assert (steps.status_of(asked), steps.status_of(without)) == (Status.ACCEPTED, Status.UNKNOWN)
    assert not DeliveryEvent.objects.exists()


def test_news_of_a_text_whose_answer_was_lost_brings_the_sid(account: None) -> None:
    message = unknown()
    Message.objects.filter(pk=message.pk).update(look_ups=1)
    assert tell(message, "sent")
    message.refresh_from_db()
    assert (message.status, message.sid, message.look_ups) == (Status.SENT, SID, 0)


def test_a_record_that_was_found(account: None) -> None:
    message = unknown()
    assert delivery._bind_by_guess(message, record_of(message), LATER)
    message.refresh_from_db()
    assert (message.status, message.sid, message.look_ups) == (Status.UNDELIVERED, SID, 1)
    assert (message.error_code, message.status_at) == (30003, LATER)
    event = DeliveryEvent.objects.get()
    assert (event.message_id, event.sid, event.status) == (message.pk, SID, "undelivered")
    assert (event.error_code, event.received_at) == (30003, LATER)


def test_a_record_with_a_word_that_twilio_did_not_have_proves_that_the_text_exists(account: None) -> None:
    message = unknown()
    assert delivery._bind_by_guess(message, record_of(message, status="pondering", error_code=None), LATER)
    assert steps.status_of(message) == Status.ACCEPTED


def test_a_record_that_another_text_took_meanwhile_is_not_bound(account: None) -> None:
    accepted()
    message = unknown()
    assert not delivery._bind_by_guess(message, record_of(message), LATER)
    message.refresh_from_db()
    assert (message.status, message.sid, message.look_ups) == (Status.UNKNOWN, "", 0)


@pytest.mark.parametrize("told", ["sent", "delivered"])
def test_a_look_up_that_news_overtook_leaves_no_trace(account: None, told: str) -> None:
    message = unknown()
    assert tell(message, told)
    assert not delivery._bind_by_guess(message, record_of(message, sid=OTHER_SID, error_code=30006), LATER)
    message.refresh_from_db()
    assert (message.status, message.sid, message.look_ups) == (told, SID, 0)
    assert DeliveryEvent.objects.get().status == told
    assert Patient.objects.get().number_refused_code is None


def test_nothing_was_found_and_the_last_time(account: None) -> None:
    message = unknown()
    steps.on_the_last_try(message)
    for number in range(1, LAST):
        assert not delivery._not_found(message, LATER)
        message.refresh_from_db()
        assert (message.status, message.look_ups, message.status_at) == (Status.UNKNOWN, number, NOW)
    assert delivery._not_found(message, LATER)
    message.refresh_from_db()
    assert (message.status, message.look_ups, message.status_at) == (Status.NOT_SENT, LAST, LATER)


def test_what_was_proved_absent_is_sent_once_more_by_itself(account: None) -> None:
    message = unknown()
    Message.objects.filter(pk=message.pk).update(look_ups=LAST - 1)
    message.refresh_from_db()
    assert delivery._not_found(message, LATER)
    message.refresh_from_db()
    assert (message.status, message.sent_again_at) == (Status.QUEUED, LATER)


@pytest.mark.parametrize(
    ("seconds", "ours"), [(-61, False), (-60, True), (0, True), (600, True), (601, False)]
)
def test_a_record_is_ours_only_if_it_was_made_around_the_claim(
    account: None, seconds: int, ours: bool
) -> None:
    message = unknown()
    made = record_of(message, created_at=NOW + timedelta(seconds=seconds))
    assert delivery._is_of(made, message) == ours


def test_a_text_is_looked_up_at_the_very_moment_and_an_erased_one_never(account: None) -> None:
    message, erased, _known = unknown(), unknown(), accepted()
    steps.put(erased, erased_at=NOW, phone="", body="")
    for number, after in enumerate(delivery.LOOK_UP_AFTER):
        Message.objects.filter(pk=message.pk).update(look_ups=number)
        assert delivery._due(NOW + after - timedelta(microseconds=1)) == []
        assert delivery._due(NOW + after) == [message]
    Message.objects.filter(pk=message.pk).update(look_ups=LAST)
    assert delivery._due(NOW + timedelta(days=9)) == []


@pytest.mark.parametrize("code", [30006, 21610])
def test_bad_news_of_an_erased_patients_text_draws_nothing_for_those_without_a_number(
    account: None, code: int
) -> None:
    message = steps.put(accepted(), erased_at=NOW, phone="", body="")
    PatientFactory.create(phone="")
    assert tell(message, "undelivered", code)
    assert steps.status_of(message) == Status.UNDELIVERED
    assert not Patient.objects.exclude(number_refused_code=None).exists()
    assert not SuppressedNumber.objects.exists()


def test_a_code_beside_good_news_draws_nothing(account: None) -> None:
    message = accepted()
    assert tell(message, "sent", 30002)
    assert tell(message, "delivered", 30006)
    assert not SendingPause.objects.exists()
    assert Patient.objects.get().number_refused_code is None


def test_a_rest_that_news_brings_has_its_code_and_moment(account: None) -> None:
    message = accepted()
    assert tell(message, "failed", 30002)
    pause = SendingPause.objects.get()
    assert (pause.error_code, pause.paused_at) == (30002, LATER)
