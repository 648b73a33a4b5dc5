"""A text whose callbacks were lost: Twilio is asked, a few times, and its word counts as a callback's would."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from patients.models import Patient
from sms import lost_news
from sms.models import DeliveryEvent, Message, SendingPause
from sms.status import Status
from tests.factories import PatientFactory
from tests.sms import steps
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db

TEN_MINUTES = lost_news.ASK_AFTER[0]


def accepted(*, ending: str = "0001", at: datetime) -> Message:
    """A text that Twilio took; the simulator calls nobody back."""
    message = steps.queued(PatientFactory.create(phone=f"+6141290{ending}"), at=at)
    steps.drain(at=at)
    assert steps.status_of(message) == Status.ACCEPTED
    return message


def ask(at: datetime) -> int:
    return lost_news.ask(clock=lambda: at, until=at + timedelta(seconds=1))


def test_a_text_without_news_is_asked_for_after_ten_minutes(twilio: Twilio) -> None:
    now = timezone.now()
    message = accepted(at=now)
    assert ask(now + TEN_MINUTES - timedelta(seconds=1)) == 0
    assert ask(now + TEN_MINUTES) == 1
    assert steps.status_of(message) == Status.DELIVERED
    assert DeliveryEvent.objects.get().status == "delivered"


def test_bad_news_has_the_consequences_of_a_callback(twilio: Twilio) -> None:
    now = timezone.now()
    dead, suspended = accepted(ending="3006", at=now), accepted(ending="3002", at=now)
    ask(now + TEN_MINUTES)
    assert steps.status_of(dead) == Status.UNDELIVERED
    assert Patient.objects.get(pk=dead.patient_id).number_refused_code == 30006
    assert steps.status_of(suspended) == Status.FAILED
    assert SendingPause.objects.get().error_code == 30002


def test_a_text_that_gets_no_further_is_asked_for_four_times_in_all(twilio: Twilio) -> None:
    twilio.set(delivery_delay_ms=600_000)
    now = timezone.now()
    message = accepted(at=now)
    asked = [ask(now + timedelta(minutes=minute)) for minute in range(0, 60 * 26, 5)]
    assert sum(asked) == len(lost_news.ASK_AFTER)
    message.refresh_from_db()
    assert (message.status, message.news_asked) == (Status.ACCEPTED, 4)


def test_after_a_long_silence_one_question_does(twilio: Twilio) -> None:
    twilio.set(delivery_delay_ms=600_000)
    now = timezone.now()
    accepted(at=now)
    later = now + timedelta(hours=7)
    assert (ask(later), ask(later)) == (1, 0)
    assert Message.objects.get().news_asked == 3


def test_if_twilio_cannot_be_asked_the_question_is_kept(account: None) -> None:
    now = timezone.now()
    message = steps.row(steps.claimed(PatientFactory.create(), at=now).messages[0])
    Message.objects.update(status=Status.ACCEPTED, sid="SM" + "1" * 32)
    assert ask(now + TEN_MINUTES) == 0
    message.refresh_from_db()
    assert (message.status, message.news_asked) == (Status.ACCEPTED, 0)


def test_a_text_that_twilio_no_longer_has_keeps_its_state(twilio: Twilio) -> None:
    now = timezone.now()
    message = accepted(at=now)
    twilio.reset()
    assert ask(now + TEN_MINUTES) == 0
    message.refresh_from_db()
    assert (message.status, message.news_asked) == (Status.ACCEPTED, 1)


def test_more_than_a_batch_is_asked_for_in_one_go(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lost_news, "BATCH", 2)
    now = timezone.now()
    PatientFactory.create_batch(5)
    steps.sent(at=now)
    assert ask(now + TEN_MINUTES) == 5
    assert set(Message.objects.values_list("status", flat=True)) == {Status.DELIVERED}


def test_what_a_look_up_only_guessed_stays_a_guess(twilio: Twilio) -> None:
    now = timezone.now()
    message = accepted(at=now)
    Message.objects.update(look_ups=1)
    ask(now + TEN_MINUTES)
    assert steps.status_of(message) == Status.DELIVERED
    assert Message.objects.bound_by_guess().count() == 1
