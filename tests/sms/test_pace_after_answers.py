"""What the answers to one batch mean for the next: how long its sender rests, and what the day gets back."""

import threading
from datetime import timedelta

import pytest
from pytest_django import Settings

from settings_app.models import SmsSettings
from sms import dispatch, gateway, pacing
from sms.models import Message, SenderBudget
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.gateway.stand_in import Request, serving
from tests.sms.twilio import CARE, MARKETING

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
LATER = NOW + timedelta(minutes=2)


def answered(*outcomes: gateway.Outcome) -> None:
    """A batch that was claimed at `NOW` and got these answers at `LATER`."""
    for _ in outcomes:
        steps.queued(PatientFactory.create())
    claim = dispatch.next_batch(now=NOW)
    assert claim is not None
    dispatch.settle(claim, list(outcomes), now=LATER)


def accepted(number: int) -> gateway.Accepted:
    return gateway.Accepted(sid=f"SM{number:032}", status="queued")


@pytest.mark.parametrize("code", [0, 20429, 21611])
def test_a_complaint_of_too_much_makes_its_sender_rest_as_long_as_wished(account: None, code: int) -> None:
    answered(gateway.TryLater(code, 7 * SECOND))
    budget = SenderBudget.objects.get()
    assert (budget.sender, budget.strikes, budget.rests_until) == (CARE, 1, LATER + 7 * SECOND)


def test_of_several_wishes_the_longest_counts(account: None) -> None:
    answered(*(gateway.TryLater(20429, wish and wish * SECOND) for wish in (3, 9, None, 5)))
    assert SenderBudget.objects.get().rests_until == LATER + 9 * SECOND


def test_without_a_wish_the_rest_is_our_own(account: None) -> None:
    answered(gateway.TryLater(20429, None))
    until = SenderBudget.objects.get().rests_until
    assert until is not None
    assert 0.5 * SECOND <= until - LATER <= SECOND


def test_what_is_not_about_our_speed_makes_nobody_rest(account: None) -> None:
    answered(gateway.TryLater(14107, 7 * SECOND), accepted(1))
    assert not SenderBudget.objects.exists()


def test_a_batch_without_a_complaint_takes_one_back(account: None) -> None:
    for sender in (CARE, MARKETING):
        pacing.slow_down(sender, wished=SECOND, now=NOW - timedelta(hours=1))
        pacing.slow_down(sender, wished=SECOND, now=NOW - timedelta(hours=1))
    answered(accepted(1), gateway.OutcomeUnknown("timeout"))
    assert dict(SenderBudget.objects.values_list("sender", "strikes")) == {CARE: 1, MARKETING: 2}


def test_the_day_gets_back_what_was_provably_not_created(account: None) -> None:
    SmsSettings.objects.update(care_daily_cap=50)
    answered(
        accepted(1),
        gateway.TryLater(20429, SECOND),
        gateway.SendingMustStop(20003),
        gateway.OutcomeUnknown("timeout"),
        gateway.Refused(21617, gateway.Klass.PERMANENT_MESSAGE),
    )
    assert SenderBudget.objects.get().used == 3


def test_the_day_of_the_claim_gets_it_back(account: None) -> None:
    """The answer may come after midnight, and the new day has lent nothing."""
    SmsSettings.objects.update(care_daily_cap=50)
    midnight = NOW.replace(hour=13)  # In Sydney.
    steps.queued(PatientFactory.create(), at=midnight - SECOND)
    claim = dispatch.next_batch(now=midnight - SECOND)
    assert claim is not None
    dispatch.settle(claim, [gateway.TryLater(20429, SECOND)], now=midnight + SECOND)
    assert SenderBudget.objects.get().used == 0


def test_what_left_before_the_day_had_a_limit_is_not_given_back_to_it(account: None) -> None:
    for _ in range(3):
        steps.queued(PatientFactory.create())
    before = dispatch.next_batch(now=NOW)
    assert before is not None
    SmsSettings.objects.update(care_daily_cap=50)
    steps.claimed(PatientFactory.create())
    dispatch.settle(before, [gateway.TryLater(14107, SECOND)] * 3, now=LATER)
    assert SenderBudget.objects.get().used == 1


def test_a_claim_that_found_nothing_settles_to_nothing(account: None) -> None:
    steps.queued(PatientFactory.create())
    Message.objects.update(send_by=NOW)
    claim = dispatch.next_batch(now=NOW)
    assert claim is not None
    assert (claim.messages, claim.examined) == ([], 1)
    dispatch.settle(claim, [], now=NOW)
    assert not SenderBudget.objects.exists()


def test_nobody_waits_longer_than_ten_minutes_or_less_than_half_of_what_is_due() -> None:
    for attempt, longest in ((1, 5), (2, 10), (3, 20), (7, 320), (8, 600), (40, 600)):
        waits = [dispatch._back_off(attempt).total_seconds() for _ in range(200)]
        assert longest / 2 <= min(waits)
        assert longest / 2 * 1.5 <= max(waits) <= longest


def test_what_is_handed_over_is_the_texts_own(account: None) -> None:
    [message] = steps.claimed(PatientFactory.create(), "Your results").messages
    outgoing = dispatch._outgoing(message, LATER, NOW)
    assert (outgoing.to, outgoing.body, outgoing.sender) == (message.phone, "Your results", CARE)
    assert outgoing.valid_for == LATER - NOW
    assert outgoing.callback_url.endswith(f"/webhooks/twilio/status/{message.token.hex}/")


def test_a_batch_is_as_large_as_two_turns_of_its_sender(account: None) -> None:
    PatientFactory.create_batch(110)
    steps.frozen()
    claim = dispatch.next_batch(now=NOW)
    assert claim is not None
    assert len(claim.messages) == 100
    for _ in range(5):
        pacing.slow_down(CARE, wished=SECOND, now=NOW)
    claim = dispatch.next_batch(now=LATER)
    assert claim is not None
    assert len(claim.messages) == 2


def test_an_answer_too_few_is_never_taken_for_another_texts(account: None) -> None:
    steps.queued(PatientFactory.create())
    claim = steps.claimed(PatientFactory.create())
    with pytest.raises(ValueError, match="shorter"):
        dispatch.settle(claim, [accepted(1)], now=NOW)
    assert set(Message.objects.values_list("status", "sid")) == {(Status.SENDING, "")}


def test_complaints_about_promotions_make_only_their_batches_smaller(account: None) -> None:
    PatientFactory.create_batch(5, accepts=True)
    steps.frozen(marketing=True)
    for _ in range(5):
        pacing.slow_down(MARKETING, wished=SECOND, now=NOW - timedelta(minutes=1))
    claim = dispatch.next_batch(now=NOW)
    assert claim is not None
    assert len(claim.messages) == 2


def test_as_many_leave_at_once_as_the_rate_allows(account: None, settings: Settings) -> None:
    SmsSettings.objects.update(care_rate=3)
    texts = [steps.queued(PatientFactory.create()) for _ in range(9)]
    three = threading.Barrier(3, timeout=10)

    def answer(request: Request) -> None:
        three.wait()
        request.answer(201, {"sid": "SM" + request.field("To").removeprefix("+").zfill(32)})

    with serving(answer) as twilio:
        settings.TWILIO_API_URL = twilio.url
        assert steps.drain() == 9
    assert {steps.status_of(text) for text in texts} == {Status.ACCEPTED}
    assert len({request.peer for request in twilio.requests}) == 3
