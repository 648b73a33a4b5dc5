"""No sender goes faster than it may, or beyond its day, whoever claims; and the urgent do not wait for it."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from pytest_django import Settings

from patients.eligibility import Purpose
from settings_app.models import SmsSettings
from sms import dispatch, gateway, outbox, pacing
from sms.models import Message, SenderBudget
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.twilio import CARE, MARKETING, Twilio

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
MIDNIGHT = NOW.replace(hour=13)  # In Sydney; NOW is noon there.


def limit(**limits: int | None) -> None:
    SmsSettings.load()
    SmsSettings.objects.update(**limits)


def claimed(purpose: Purpose = Purpose.SERVICE, *, at: datetime = NOW) -> int:
    return len(outbox.claim(purpose=purpose, limit=50, now=at).messages)


def waiting(number: int, body: str = "Hello", *, marketing: bool = False) -> None:
    PatientFactory.create_batch(number, accepts=True)
    steps.frozen(body, marketing=marketing)


def test_without_a_limit_a_claim_takes_what_it_can_and_keeps_no_row(account: None) -> None:
    waiting(60)
    assert [claimed(), claimed()] == [50, 10]
    assert not SenderBudget.objects.exists()


def test_a_rate_is_kept_from_the_first_second_on(account: None) -> None:
    """After a rest five seconds' worth may leave at once; then as much as time has passed for."""
    limit(care_rate=2)
    waiting(60)
    assert [claimed(at=NOW + second * SECOND) for second in range(5)] == [10, 2, 2, 2, 2]
    assert claimed(at=NOW + 4 * SECOND) == 0
    assert claimed(at=NOW + timedelta(minutes=5)) == 10


def test_parts_count_and_not_texts(account: None) -> None:
    limit(care_rate=1)
    waiting(10, "a" * 200)
    assert claimed() == 2
    assert [claimed(at=NOW + second * SECOND) for second in (1, 2, 3)] == [1, 0, 1]


def test_a_text_longer_than_all_that_is_saved_up_leaves_and_the_next_waits_the_longer(account: None) -> None:
    limit(care_rate=1)
    waiting(2, "a" * 1000)  # Seven parts.
    assert claimed() == 1
    assert claimed(at=NOW + 6 * SECOND) == 0
    assert claimed(at=NOW + 7 * SECOND) == 1


def test_a_clock_that_is_behind_neither_adds_nor_takes_away(account: None) -> None:
    limit(care_rate=1)
    waiting(20)
    assert claimed() == 5
    assert claimed(at=NOW - timedelta(hours=1)) == 0
    assert claimed(at=NOW + SECOND) == 1


def test_what_exceeds_the_day_waits_for_the_next_one(account: None) -> None:
    limit(care_daily_cap=60)
    waiting(100)
    assert [claimed(), claimed(), claimed(at=MIDNIGHT - SECOND)] == [50, 10, 0]
    assert Message.objects.filter(status=Status.QUEUED).count() == 40
    assert claimed(at=MIDNIGHT) == 40


def test_a_limit_that_is_set_or_lifted_counts_at_once(account: None) -> None:
    waiting(100)
    limit(care_daily_cap=60)
    assert claimed() == 50
    limit(care_rate=1)
    assert claimed() == 5
    limit(care_rate=None, care_daily_cap=None)
    assert claimed() == 45


@pytest.mark.parametrize(("care", "marketing"), [(1, 2), (2, 1)])
def test_the_two_senders_have_a_budget_each(account: None, care: int, marketing: int) -> None:
    limit(care_rate=care, marketing_rate=marketing)
    waiting(20, marketing=True)
    steps.frozen("Closed on Friday")
    assert [claimed(Purpose.MARKETING), claimed(Purpose.SERVICE)] == [5 * marketing, 5 * care]


@pytest.mark.parametrize(("care", "marketing"), [(50, 60), (60, 50)])
def test_the_two_senders_have_a_day_each(account: None, care: int, marketing: int) -> None:
    limit(care_daily_cap=care, marketing_daily_cap=marketing)
    waiting(70, marketing=True)
    steps.frozen("Closed on Friday")
    for purpose, cap in ((Purpose.MARKETING, marketing), (Purpose.SERVICE, care)):
        assert claimed(purpose) + claimed(purpose) == cap


def test_one_sender_for_both_shares_one_budget_and_the_smaller_limit(one_sender: str) -> None:
    limit(care_rate=1, marketing_rate=2, marketing_daily_cap=60)
    waiting(20, marketing=True)
    steps.frozen("Closed on Friday")
    assert [claimed(Purpose.SERVICE), claimed(Purpose.MARKETING)] == [5, 0]
    assert claimed(Purpose.MARKETING, at=NOW + SECOND) == 1
    assert SenderBudget.objects.get().used == 6


def test_an_urgent_text_goes_next_however_many_promotions_wait(one_sender: str, twilio: Twilio) -> None:
    limit(care_rate=1)
    waiting(30, marketing=True)
    steps.drain()
    urgent = steps.queued(PatientFactory.create())
    steps.drain(at=NOW + SECOND)
    assert steps.status_of(urgent) == Status.ACCEPTED
    assert len(twilio.texts()) == 6


def test_a_marketing_sender_at_its_limit_does_not_hold_up_the_other(account: None, twilio: Twilio) -> None:
    limit(marketing_daily_cap=50)
    waiting(60, marketing=True)
    steps.drain()
    urgent = steps.queued(PatientFactory.create())
    steps.drain()
    assert steps.status_of(urgent) == Status.ACCEPTED
    assert len(twilio.texts()) == 51


def test_those_left_out_at_the_claim_spend_nothing(account: None) -> None:
    limit(care_rate=1)
    waiting(3)
    Message.objects.update(send_by=NOW)
    outbox.claim(purpose=Purpose.SERVICE, limit=50, now=NOW)
    assert SenderBudget.objects.get().used == 0


def test_what_was_provably_not_created_is_given_back_to_the_day(account: None) -> None:
    limit(care_daily_cap=50)
    waiting(10)
    claim = outbox.claim(purpose=Purpose.SERVICE, limit=50, now=NOW)
    outcomes: list[gateway.Outcome] = [gateway.TryLater(20429, None)] * 4
    outcomes += [gateway.OutcomeUnknown("timeout")] * 6
    dispatch.settle(claim, outcomes, now=NOW)
    assert SenderBudget.objects.get().used == 6


@pytest.mark.django_db(transaction=True)
def test_ten_workers_spend_no_more_than_one(
    account: None, at_once: Callable[[list[Callable[[], int]]], list[int]]
) -> None:
    limit(care_rate=4, care_daily_cap=50)
    waiting(80)
    assert sum(at_once([claimed] * 10)) == 20
    assert sum(at_once([lambda: claimed(at=NOW + timedelta(minutes=1))] * 10)) == 20
    assert sum(at_once([lambda: claimed(at=NOW + timedelta(minutes=2))] * 10)) == 10
    assert Message.objects.filter(status=Status.SENDING).count() == 50


def test_one_complaint_makes_the_whole_sender_rest(twilio: Twilio) -> None:
    """As long as Twilio wished; the next batch would only be told the same."""
    twilio.set(fail_next={"count": 1, "outcome": "429_always"})
    waiting(110)
    steps.drain()
    assert len(twilio.posts()) == 100
    steps.drain(at=NOW + 0.9 * SECOND)
    assert len(twilio.posts()) == 100
    steps.drain(at=NOW + SECOND)
    assert len(twilio.texts()) == 110


def test_the_other_sender_goes_on_meanwhile(account: None) -> None:
    pacing.slow_down(MARKETING, wished=timedelta(minutes=1), now=NOW)
    waiting(5, marketing=True)
    steps.frozen("Closed on Friday")
    assert [claimed(Purpose.MARKETING), claimed(Purpose.SERVICE)] == [0, 5]


def test_without_a_wish_it_rests_longer_each_time_and_never_more_than_a_minute(account: None) -> None:
    rests = []
    at = NOW
    for _ in range(9):
        pacing.slow_down(CARE, wished=None, now=at)
        until = SenderBudget.objects.get().rests_until
        assert until is not None
        rests.append((until - at).total_seconds())
        at = until
    longest = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(most / 2 <= rest <= most for rest, most in zip(rests, longest, strict=True))


def test_a_shorter_wish_does_not_end_a_longer_rest(account: None) -> None:
    pacing.slow_down(CARE, wished=timedelta(minutes=1), now=NOW)
    pacing.slow_down(CARE, wished=SECOND, now=NOW)
    waiting(1)
    assert claimed(at=NOW + 59 * SECOND) == 0
    assert claimed(at=NOW + 60 * SECOND) == 1


def test_fewer_texts_at_once_are_posted_after_complaints_and_at_low_rates(account: None) -> None:
    assert pacing.pace_of(CARE).at_once == 50
    for expected in (25, 12, 6, 3, 1, 1):
        pacing.slow_down(CARE, wished=SECOND, now=NOW)
        assert pacing.pace_of(CARE).at_once == expected
    for _ in range(6):
        pacing.speed_up(CARE)
    assert pacing.pace_of(CARE).at_once == 50
    limit(care_rate=3)
    assert pacing.pace_of(CARE).at_once == 3


def test_a_batch_is_smaller_when_fewer_may_leave_at_once(account: None) -> None:
    """Else its last texts would leave when its lease has run out, and somebody is looking for them at Twilio."""
    waiting(60)
    for _ in range(5):
        pacing.slow_down(CARE, wished=SECOND, now=NOW)
    claim = dispatch.next_batch(now=NOW + timedelta(minutes=1))
    assert claim is not None
    assert len(claim.messages) == outbox.TURNS * 1


def test_a_sender_that_has_been_changed_has_a_budget_of_its_own(account: None, settings: Settings) -> None:
    limit(care_rate=1)
    waiting(20)
    assert claimed() == 5
    settings.TWILIO_CARE_SENDER = "MG" + "9" * 32
    assert claimed() == 5
