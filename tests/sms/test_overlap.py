"""While one batch is under way the next one is claimed: which must be neither too early nor too late."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from pytest_django import Settings

from settings_app.models import SmsSettings
from sms import dispatch, outbox
from sms.models import Message, SenderBudget
from sms.status import Status
from tests.factories import PatientFactory
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


def test_a_text_whose_turn_came_too_late_waits_for_another_claim(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    SmsSettings.objects.update(care_daily_cap=50)
    monkeypatch.setattr(dispatch, "START_WITHIN_S", -1)
    claim = steps.claimed(PatientFactory.create())
    steps.send(claim)
    row = steps.row(claim.messages[0])
    assert (row.status, row.attempt, row.error_code, row.sid) == (Status.QUEUED, 1, None, "")
    assert twilio.posts() == []
    assert SenderBudget.objects.get().used == 0
    assert SenderBudget.objects.get().strikes == 0
    monkeypatch.undo()
    assert steps.drain() == 1
    assert len(twilio.texts()) == 1


class Broken(Exception):
    pass


@pytest.mark.usefixtures("one_by_one")
def test_what_is_under_way_when_something_breaks_is_written_down(
    twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    """The database was away as one batch was settled; of the other one Twilio's answer is known."""
    twilio.set(latency_ms=100)
    PatientFactory.create_batch(5)
    steps.frozen(at=timezone.now())
    broke_at: list[datetime] = []

    def clock() -> datetime:
        if not broke_at and len(twilio.posts()) >= 3:
            broke_at.append(timezone.now())
            raise Broken
        return timezone.now()

    with pytest.raises(Broken):
        dispatch.drain(clock=clock, until=timezone.now() + timedelta(seconds=30))
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
    twilio.set(latency_ms=100)
    PatientFactory.create_batch(5)
    steps.frozen(at=timezone.now())

    def clock() -> datetime:
        if len(twilio.posts()) >= 3:
            raise Broken
        return timezone.now()

    with pytest.raises(Broken):
        dispatch.drain(clock=clock, until=timezone.now() + timedelta(seconds=30))
    sending = Message.objects.filter(status=Status.SENDING)
    assert sending.exists()
    assert "A batch could not be settled" in caplog.text
    assert sending.count() == outbox.sweep(now=timezone.now() + outbox.LEASE * 2)
    assert not [text for text in twilio.texts() if text["to"] in caplog.text]
