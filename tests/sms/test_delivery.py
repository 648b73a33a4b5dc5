"""News of a text is applied forward only, whatever the order, and look-ups guess no more than they must."""

import itertools
import uuid
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from patients.models import Covers, Patient, SuppressedNumber
from sms import delivery, dispatch, gateway, outbox
from sms.models import DeliveryEvent, Message, SendingPause
from sms.status import FROM_TWILIO, Status, replaced_by
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.gateway.texts import post_all
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db

SID = "SM" + "1" * 32
OTHER_SID = "SM" + "2" * 32
FIVE = ("queued", "sending", "sent", "delivered", "undelivered")


def accepted_text(sid: str = SID) -> Message:
    taken = steps.claimed(PatientFactory.create())
    dispatch.settle(taken, [gateway.Accepted(sid=sid, status="queued")], now=NOW)
    return Message.objects.get(pk=taken.messages[0].pk)


def unknown_text(patient: Patient, body: str = "Please call", *, at: datetime) -> Message:
    """A text of which the answer was lost, and which would not be sent once more by itself."""
    taken = steps.claimed(patient, body, at=at)
    steps.on_the_last_try(*taken.messages)
    dispatch.settle(taken, [gateway.OutcomeUnknown("timeout")], now=at)
    return Message.objects.get(pk=taken.messages[0].pk)


def news(
    message: Message, status: str, *, sid: str = SID, code: int | None = None, at: datetime = NOW
) -> bool:
    return delivery.record_news(token=message.token, sid=sid, status=status, error_code=code, at=at)


def look_up(at: datetime) -> int:
    return delivery.look_up_unknown(clock=lambda: at, until=at + timedelta(seconds=1))


@pytest.mark.parametrize("order", list(itertools.permutations(FIVE)), ids="-".join)
def test_five_statuses_end_in_delivered_whatever_their_order(account: None, order: tuple[str, ...]) -> None:
    message = accepted_text()
    seen = []
    for status in order:
        assert news(message, status, code=30003 if status == "undelivered" else None)
        seen.append(steps.status_of(message))
    assert seen[-1] == Status.DELIVERED
    assert Message.objects.get().error_code is None
    assert DeliveryEvent.objects.count() == 5
    final = [Status.ACCEPTED, Status.SENT, Status.UNDELIVERED, Status.DELIVERED]
    assert [final.index(status) for status in seen] == sorted(final.index(status) for status in seen)


@pytest.mark.parametrize("order", list(itertools.permutations(("sent", "delivered", "failed"))), ids="-".join)
def test_of_failed_and_delivered_the_first_stands(account: None, order: tuple[str, ...]) -> None:
    message = accepted_text()
    for status in order:
        news(message, status)
    first = next(status for status in order if status != "sent")
    assert steps.status_of(message) == FROM_TWILIO[first]


def test_the_same_news_twice_is_kept_once_and_changes_nothing(account: None) -> None:
    message = accepted_text()
    for minute in range(3):
        news(message, "delivered", at=NOW + timedelta(minutes=minute))
    message.refresh_from_db()
    assert (message.status, message.status_at) == (Status.DELIVERED, NOW)
    assert DeliveryEvent.objects.get().received_at == NOW


def test_news_of_a_text_that_we_do_not_have_is_no_news(account: None) -> None:
    accepted_text()
    assert not delivery.record_news(token=uuid.uuid4(), sid=SID, status="sent", error_code=None, at=NOW)
    assert DeliveryEvent.objects.count() == 0


@pytest.mark.parametrize("standing", [Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.FAILED])
def test_a_word_that_twilio_did_not_have_is_kept_and_changes_nothing(account: None, standing: Status) -> None:
    message = accepted_text()
    steps.put(message, status=standing)
    news(message, "teleported")
    assert steps.status_of(message) == standing
    assert DeliveryEvent.objects.get().status == "teleported"


@pytest.mark.parametrize("believed", [Status.SENDING, Status.UNKNOWN, Status.QUEUED, Status.NOT_SENT])
@pytest.mark.parametrize("word", ["teleported", "sent"])
def test_any_news_proves_that_the_text_exists(twilio: Twilio, believed: Status, word: str) -> None:
    taken = steps.claimed(PatientFactory.create())
    message = steps.put(steps.row(taken.messages[0]), status=believed)
    news(message, word)
    message.refresh_from_db()
    assert (message.status, message.sid) == (FROM_TWILIO.get(word, Status.ACCEPTED), SID)
    dispatch.settle(taken, [gateway.TryLater(20429, None)], now=NOW)
    steps.drain(at=NOW + timedelta(hours=1))
    outbox.sweep(now=NOW + timedelta(hours=1))
    assert twilio.posts() == []
    assert steps.status_of(message) == FROM_TWILIO.get(word, Status.ACCEPTED)


def test_news_of_a_text_that_was_left_out_at_its_second_attempt_counts(account: None) -> None:
    message = accepted_text()
    steps.put(message, status=Status.LEFT_OUT, left_out_reason="archived")
    news(message, "delivered")
    message.refresh_from_db()
    assert (message.status, message.left_out_reason) == (Status.DELIVERED, "")


@pytest.mark.parametrize("standing", Status)
@pytest.mark.parametrize("word", [*FROM_TWILIO, "teleported"])
def test_every_word_can_be_told_of_a_text_in_every_state(account: None, standing: Status, word: str) -> None:
    message = accepted_text()
    reason = "archived" if standing == Status.LEFT_OUT else ""
    steps.put(message, status=standing, left_out_reason=reason)
    assert news(message, word, code=30006)
    told = FROM_TWILIO.get(word, Status.ACCEPTED)
    assert steps.status_of(message) == (told if standing in replaced_by(told) else standing)


def test_an_undelivered_text_keeps_its_error_and_a_dead_number_is_marked(account: None) -> None:
    message = accepted_text()
    news(message, "undelivered", code=30006)
    message.refresh_from_db()
    assert (message.status, message.error_code) == (Status.UNDELIVERED, 30006)
    assert Patient.objects.get().number_refused_code == 30006


def test_a_phone_that_is_only_switched_off_is_not_marked(account: None) -> None:
    news(accepted_text(), "undelivered", code=30003)
    assert Patient.objects.get().number_refused_at is None


def test_news_that_comes_too_late_draws_no_consequences(account: None) -> None:
    message = accepted_text()
    news(message, "delivered")
    news(message, "undelivered", code=30006)
    news(message, "sent", code=30006)
    assert Patient.objects.get().number_refused_at is None


def test_an_opt_out_that_a_callback_tells_of_blocks_the_number(account: None) -> None:
    message = accepted_text()
    news(message, "failed", code=21610)
    block = SuppressedNumber.objects.get()
    assert (block.phone, block.covers) == (message.phone, Covers.EVERYTHING)


def test_a_second_record_for_one_text_is_an_error_and_is_not_applied(
    account: None, caplog: pytest.LogCaptureFixture
) -> None:
    message = accepted_text()
    news(message, "delivered", sid=OTHER_SID)
    message.refresh_from_db()
    assert (message.status, message.sid) == (Status.ACCEPTED, SID)
    assert "two records" in caplog.text
    assert message.phone not in caplog.text
    assert DeliveryEvent.objects.get().sid == OTHER_SID


def test_one_record_for_two_texts_is_an_error_and_is_not_applied(
    account: None, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = accepted_text(SID), accepted_text(OTHER_SID)
    Message.objects.filter(pk=second.pk).update(sid="", status=Status.UNKNOWN)
    news(second, "delivered", sid=SID)
    assert (steps.status_of(first), steps.status_of(second)) == (Status.ACCEPTED, Status.UNKNOWN)
    assert "share a record" in caplog.text


def test_look_ups_come_at_their_times_and_the_last_proves_absence(twilio: Twilio) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    for number, after in enumerate(delivery.LOOK_UP_AFTER):
        assert look_up(now + after - timedelta(seconds=1)) == 0
        message.refresh_from_db()
        assert (message.status, message.look_ups) == (Status.UNKNOWN, number)
        last = after == delivery.LOOK_UP_AFTER[-1]
        assert look_up(now + after) == last
    message.refresh_from_db()
    assert (message.status, message.status_at) == (Status.NOT_SENT, now + delivery.LOOK_UP_AFTER[-1])


def test_as_long_as_the_list_cannot_be_read_the_text_stays_unknown(account: None) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    for hours in range(5):
        assert look_up(now + timedelta(hours=hours)) == 0
    message.refresh_from_db()
    assert (message.status, message.look_ups) == (Status.UNKNOWN, 0)


def test_no_look_up_begins_after_the_time_is_up(twilio: Twilio) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    later = now + timedelta(minutes=1)
    assert delivery.look_up_unknown(clock=lambda: later, until=later) == 0
    message.refresh_from_db()
    assert message.look_ups == 0


@pytest.mark.parametrize("different", ["body", "sender", "number", "time"])
def test_a_record_that_differs_is_not_ours(twilio: Twilio, different: str) -> None:
    """Each of the four alone makes it another's; the next test has one that agrees in all."""
    now = timezone.now()
    patient = PatientFactory.create()
    claimed_at = now - timedelta(minutes=11) if different == "time" else now
    message = unknown_text(patient, at=claimed_at)
    post_all(
        [
            gateway.Outgoing(
                to="+61412999999" if different == "number" else message.phone,
                body="Other words" if different == "body" else message.body,
                sender="+61400000000" if different == "sender" else outbox.sender_for(message.purpose),
                callback_url="",
                valid_for=timedelta(hours=1),
            )
        ]
    )
    for minutes in range(60):
        look_up(claimed_at + timedelta(minutes=minutes))
    assert len(twilio.texts()) == 1
    assert steps.status_of(message) == Status.NOT_SENT


def post(message: Message) -> str:
    """Hand the text over, and say the sid of its record."""
    [outcome] = post_all([dispatch._outgoing(message, message.send_by, message.created_at)])
    assert isinstance(outcome, gateway.Accepted)
    return outcome.sid


def test_two_texts_alike_with_two_records_get_one_each(twilio: Twilio) -> None:
    now = timezone.now()
    patient = PatientFactory.create()
    first, second = unknown_text(patient, at=now), unknown_text(patient, at=now)
    sids = {post(first), post(second)}
    assert look_up(now + timedelta(seconds=30)) == 2
    assert set(Message.objects.values_list("sid", flat=True)) == sids
    assert set(Message.objects.values_list("status", flat=True)) == {Status.DELIVERED}


def test_two_texts_alike_with_one_record_share_it_out_to_one_of_them(twilio: Twilio) -> None:
    now = timezone.now()
    patient = PatientFactory.create()
    first, second = unknown_text(patient, at=now), unknown_text(patient, at=now)
    post(second)
    for after in delivery.LOOK_UP_AFTER:
        look_up(now + after)
    assert sorted([steps.status_of(first), steps.status_of(second)]) == [Status.DELIVERED, Status.NOT_SENT]


def test_a_callback_takes_its_record_back_from_the_text_that_guessed_it(twilio: Twilio) -> None:
    now = timezone.now()
    patient = PatientFactory.create()
    wrong = unknown_text(patient, at=now)
    right = unknown_text(patient, at=now)
    sid = post(right)
    Message.objects.filter(pk=right.pk).update(look_ups=1)
    assert look_up(now + timedelta(seconds=30)) == 1
    assert Message.objects.get(sid=sid) == wrong

    news(right, "sent", sid=sid, at=now)
    wrong.refresh_from_db()
    right.refresh_from_db()
    assert (right.sid, right.status) == (sid, Status.SENT)
    assert (wrong.sid, wrong.status, wrong.look_ups) == ("", Status.UNKNOWN, 0)
    for after in delivery.LOOK_UP_AFTER:
        look_up(now + after)
    assert (steps.status_of(wrong), steps.status_of(right)) == (Status.NOT_SENT, Status.SENT)


def test_a_callback_puts_a_wrong_guess_right(twilio: Twilio, caplog: pytest.LogCaptureFixture) -> None:
    """What was believed was the other record's story; its own may be at an earlier chapter."""
    now = timezone.now()
    patient = PatientFactory.create()
    first = unknown_text(patient, at=now)
    second = unknown_text(patient, at=now)
    sid_of_second = post(second)
    Message.objects.filter(pk=second.pk).update(look_ups=1)
    look_up(now + timedelta(seconds=30))
    sid_of_first = post(first)
    first.refresh_from_db()
    assert (first.sid, first.status) == (sid_of_second, Status.DELIVERED)

    news(first, "sent", sid=sid_of_first, at=now)
    first.refresh_from_db()
    assert (first.sid, first.status) == (sid_of_first, Status.SENT)
    look_up(now + timedelta(minutes=3))
    second.refresh_from_db()
    assert second.sid == sid_of_second
    assert "two records" not in caplog.text


def test_a_callback_that_agrees_with_the_guess_makes_it_certain(
    twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    sid = post(message)
    look_up(now + timedelta(seconds=30))
    assert Message.objects.bound_by_guess().count() == 1
    news(message, "sent", sid=sid)
    assert Message.objects.bound_by_guess().count() == 0
    assert steps.status_of(message) == Status.DELIVERED
    news(message, "failed", sid=OTHER_SID)
    assert "two records" in caplog.text
    assert steps.status_of(message) == Status.DELIVERED


def test_a_text_that_was_found_undelivered_marks_its_number(twilio: Twilio) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(phone="+61412003006"), at=now)
    post(message)
    assert look_up(now + timedelta(seconds=30)) == 1
    message.refresh_from_db()
    assert (message.status, message.error_code) == (Status.UNDELIVERED, 30006)
    assert Patient.objects.get().number_refused_code == 30006
    assert DeliveryEvent.objects.get().status == "undelivered"


def test_news_that_comes_during_a_look_up_wins(twilio: Twilio) -> None:
    """The look-up asked before the news came, so it speaks of the past: found or not, it changes nothing."""
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    record = gateway.Found(SID, "sent", None, frozenset(), now, message.body)
    news(message, "delivered", sid=OTHER_SID)
    assert not delivery._bind_by_guess(message, record, now)
    assert not delivery._not_found(message, now)
    message.look_ups = len(delivery.LOOK_UP_AFTER) - 1
    assert not delivery._not_found(message, now)
    message.refresh_from_db()
    assert (message.status, message.sid) == (Status.DELIVERED, OTHER_SID)


def test_two_look_ups_at_once_do_not_bind_one_record_twice(account: None) -> None:
    now = timezone.now()
    patient = PatientFactory.create()
    first, second = unknown_text(patient, at=now), unknown_text(patient, at=now)
    record = gateway.Found(SID, "sent", None, frozenset(), now, first.body)
    assert delivery._bind_by_guess(first, record, now)
    assert not delivery._bind_by_guess(second, record, now)
    assert (steps.status_of(first), steps.status_of(second)) == (Status.SENT, Status.UNKNOWN)


def test_two_look_ups_at_once_that_find_nothing_count_as_one(account: None) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    for _ in range(2):
        assert not delivery._not_found(message, now)
    assert Message.objects.get().look_ups == 1


@pytest.mark.parametrize("code", [30002, 30007, 30034, 63038])
def test_news_that_no_text_would_get_past_lets_sending_rest_once(account: None, code: int) -> None:
    first, second = accepted_text(SID), accepted_text(OTHER_SID)
    news(first, "undelivered", code=code)
    news(second, "undelivered", sid=OTHER_SID, code=code, at=NOW + timedelta(seconds=1))
    pause = SendingPause.objects.get()
    assert (pause.error_code, pause.paused_at, pause.resumed_at) == (code, NOW, None)
    assert not outbox.anything_ready(now=NOW)


def test_late_news_of_what_was_sent_before_sending_was_resumed_stops_nothing(
    account: None, manager: User
) -> None:
    """A manager has put it right and knows; the texts that failed before go on being reported for minutes."""
    before, late = accepted_text(SID), accepted_text(OTHER_SID)
    news(before, "failed", code=30002)
    outbox.resume(now=NOW + timedelta(minutes=1), by_id=manager.pk)
    news(late, "failed", sid=OTHER_SID, code=30002, at=NOW + timedelta(minutes=2))
    assert not SendingPause.objects.in_force().exists()

    after = steps.claimed(PatientFactory.create(), at=NOW + timedelta(minutes=3))
    sid = "SM" + "3" * 32
    dispatch.settle(after, [gateway.Accepted(sid=sid, status="queued")], now=NOW)
    news(after.messages[0], "failed", sid=sid, code=30002, at=NOW + timedelta(minutes=4))
    assert SendingPause.objects.in_force().get().error_code == 30002


def test_a_failure_of_one_number_lets_sending_go_on(account: None) -> None:
    news(accepted_text(), "undelivered", code=30006)
    assert not SendingPause.objects.exists()


def posted_as(message: Message, body: str) -> None:
    """A record at Twilio whose text is not letter for letter the one that we handed over."""
    outgoing = replace(dispatch._outgoing(message, message.send_by, message.created_at), body=body)
    [outcome] = post_all([outgoing])
    assert isinstance(outcome, gateway.Accepted)


@pytest.mark.parametrize(
    "kept",
    [
        "Sent from your Twilio trial account - Your doctor’s note is here",
        "Your doctor's note is here",
        "Your doctor’s note is here\n",
    ],
    ids=["trial account", "dear characters replaced", "a blank more"],
)
def test_a_text_is_found_though_twilio_keeps_it_in_other_letters(twilio: Twilio, kept: str) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), "Your doctor’s note is here", at=now)
    posted_as(message, kept)
    assert look_up(now + timedelta(seconds=30)) == 1
    assert steps.status_of(message) == Status.DELIVERED


def test_of_several_records_the_one_that_agrees_to_the_letter_is_taken(twilio: Twilio) -> None:
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), "Please call", at=now)
    posted_as(message, "Hello! Please call")
    sid = post(message)
    posted_as(message, "Once more: Please call")
    look_up(now + timedelta(seconds=30))
    message.refresh_from_db()
    assert message.sid == sid


def test_a_text_is_looked_for_under_the_sender_that_it_had(twilio: Twilio, settings: Settings) -> None:
    """Else a sender that was changed in these minutes would make it "not sent", and somebody would send it again."""
    now = timezone.now()
    message = unknown_text(PatientFactory.create(), at=now)
    post(message)
    settings.TWILIO_CARE_SENDER = "MG" + "9" * 32
    assert look_up(now + timedelta(seconds=30)) == 1
    assert steps.status_of(message) == Status.DELIVERED


def test_an_opt_out_is_about_the_sender_that_the_text_had(account: None, settings: Settings) -> None:
    message = accepted_text()
    settings.TWILIO_MARKETING_SENDER, settings.TWILIO_CARE_SENDER = message.sender, "MG" + "9" * 32
    news(message, "failed", code=21610)
    assert SuppressedNumber.objects.get().covers == Covers.MARKETING


def test_an_answer_about_a_record_that_is_not_the_texts_any_more_changes_nothing(account: None) -> None:
    """Twilio was asked about one record, and a callback has bound the text to another since."""
    message = accepted_text()
    late = gateway.Found(
        sid=OTHER_SID,
        status="failed",
        error_code=30003,
        senders=frozenset(),
        created_at=NOW,
        body=message.body,
    )
    delivery.record_answer(message_id=message.pk, record=late, at=NOW)
    assert Message.objects.get().status == Status.ACCEPTED
    assert not DeliveryEvent.objects.exists()
