"""While one batch is under way the next one is claimed: which must be neither too early nor too late."""

import time
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from pytest_django import Settings

from settings_app.models import SmsSettings
from sms import dispatch, outbox
from sms.models import Heartbeat, Message, SenderBudget
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A batch is one text."""
    settings.TWILIO_AT_ONCE = 1
    monkeypatch.setattr(outbox, "TURNS", 1)


def drained(number: int) -> list[Message]:
    """So many texts after a drain by the real clock, in their order."""
    PatientFactory.create_batch(number)
    steps.frozen(at=timezone.now())
    until = timezone.now() + timedelta(seconds=30)
    assert dispatch.drain(clock=timezone.now, until=until) == number
    return list(Message.objects.order_by("pk"))


def claimed_at(message: Message) -> datetime:
    assert message.claimed_at
    return message.claimed_at


@pytest.mark.usefixtures("one_by_one")
def test_the_next_batch_is_claimed_before_the_last_one_is_settled(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "QUICK_S", 30)
    twilio.set(latency_ms=500)
    messages = drained(5)
    assert {message.status for message in messages} == {Status.ACCEPTED}
    # The first one shows how quick Twilio is; from then on one waits while one is under way.
    ahead = [claimed_at(after) < before.status_at for before, after in pairwise(messages)]
    assert ahead == [False, *[True] * 3]
    # And never two of them.
    assert all(
        claimed_at(late) >= early.status_at for early, late in zip(messages, messages[2:], strict=False)
    )
    assert len(twilio.posts()) == 5


@pytest.mark.usefixtures("one_by_one")
def test_while_twilio_is_slow_no_text_waits_in_a_claim(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "QUICK_S", 0.1)
    twilio.set(latency_ms=200)
    messages = drained(4)
    assert all(claimed_at(after) >= before.status_at for before, after in pairwise(messages))


def test_a_text_whose_turn_came_too_late_waits_for_another_claim(twilio: Twilio) -> None:
    SmsSettings.objects.update(care_daily_cap=50)
    claim = steps.claimed(PatientFactory.create())
    steps.send(claim, seconds_ago=dispatch.START_WITHIN_S)
    row = steps.row(claim.messages[0])
    assert (row.status, row.attempt, row.error_code, row.sid) == (Status.QUEUED, 1, None, "")
    assert twilio.posts() == []
    assert SenderBudget.objects.get().used == 0
    assert SenderBudget.objects.get().strikes == 0
    assert steps.drain() == 1
    assert len(twilio.texts()) == 1


def test_the_seconds_are_counted_from_before_the_claim(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A claim may take long: what it found out is as old as its beginning."""
    monkeypatch.setattr(dispatch, "START_WITHIN_S", 0.2)
    steps.queued(PatientFactory.create(), at=timezone.now())

    def slow_clock() -> datetime:
        time.sleep(0.25)
        return timezone.now()

    dispatch.drain(clock=slow_clock, until=timezone.now() + timedelta(seconds=1))
    assert twilio.posts() == []
    assert Message.objects.get().attempt >= 1


def test_a_claim_asks_the_clock_after_twilio_was_asked_for_what_a_backup_may_lack(twilio: Twilio) -> None:
    """Which may take minutes, and some text's time may be over by then."""
    message = steps.queued(PatientFactory.create())
    Message.objects.update(send_by=NOW + timedelta(minutes=5))
    long_ago = NOW - timedelta(hours=1)
    Heartbeat.objects.create(pk=1, at=long_ago, compared_at=long_ago)

    def clock() -> datetime:
        last = Heartbeat.last()
        assert last is not None
        return NOW if last.complete_until == long_ago else NOW + timedelta(minutes=10)

    dispatch.drain(clock=clock, until=NOW + timedelta(hours=1))
    assert steps.status_of(message) == Status.EXPIRED
    assert twilio.posts() == []


class Broken(Exception):
    pass


def drain_broken(twilio: Twilio, *, times: int) -> None:
    """Drain five texts one by one; when three of them have been posted something breaks, so often."""
    twilio.set(latency_ms=100)
    PatientFactory.create_batch(5)
    steps.frozen(at=timezone.now())
    left = times

    def clock() -> datetime:
        nonlocal left
        if left and len(twilio.posts()) >= 3:
            left -= 1
            raise Broken
        return timezone.now()

    with pytest.raises(Broken):
        dispatch.drain(clock=clock, until=timezone.now() + timedelta(seconds=30))


@pytest.mark.usefixtures("one_by_one")
def test_what_is_under_way_when_something_breaks_is_written_down(twilio: Twilio) -> None:
    """The database was away as one batch was settled; of the other one Twilio's answer is known."""
    drain_broken(twilio, times=1)
    posted = len(twilio.texts())
    standing = list(Message.objects.order_by("pk").values_list("status", flat=True))
    # One is left to the sweep: that which was being settled.
    assert standing.count(Status.SENDING) <= 1
    assert standing.count(Status.ACCEPTED) >= posted - 1
    assert standing.count(Status.ACCEPTED) + standing.count(Status.SENDING) == posted
    assert standing.count(Status.QUEUED) == 5 - posted


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("one_by_one")
def test_what_cannot_be_written_down_either_is_left_to_the_sweep(
    twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    drain_broken(twilio, times=99)
    sending = Message.objects.filter(status=Status.SENDING)
    assert sending.exists()
    assert "A batch could not be settled: Broken" in caplog.text
    assert sending.count() == outbox.sweep(now=timezone.now() + outbox.LEASE * 2)


@pytest.mark.django_db(transaction=True)
def test_a_clinic_whose_settings_were_never_asked_for_sends_all_the_same(twilio: Twilio) -> None:
    message = steps.queued(PatientFactory.create())
    SmsSettings.objects.all().delete()
    assert steps.drain() == 1
    assert steps.status_of(message) == Status.ACCEPTED
