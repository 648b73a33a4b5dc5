"""When half of what is sent goes wrong sending rests; when it is the numbers' fault, or bad luck, it does not."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sms import breaker, dispatch, gateway, outbox, pacing, tasks
from sms.models import Message, SendingPause
from sms.models.pause import PauseKind
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.pages.test_compose_and_review import words
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db

Outcome = gateway.Outcome
LEAST = breaker.AT_LEAST


def accepted(number: int) -> list[Outcome]:
    start = Message.objects.exclude(sid="").count()
    return [gateway.Accepted(f"SM{start + n:032}", "queued") for n in range(number)]


def refused(number: int, code: int = 21617) -> list[Outcome]:
    return [gateway.Refused(code, gateway.meaning(code).klass)] * number


def dark(number: int, detail: str = "http 500") -> list[Outcome]:
    return [gateway.OutcomeUnknown(detail)] * number


def settle(outcomes: list[Outcome], *, at: object = NOW) -> list[Message]:
    """Send as many texts as there are outcomes, each to a patient of its own."""
    assert isinstance(at, type(NOW))
    for patient in PatientFactory.create_batch(len(outcomes)):
        steps.queued(patient, at=at)
    claim = dispatch.outbox.claim(purpose="one_off", limit=len(outcomes), now=at)  # type: ignore[arg-type]
    dispatch.settle(claim, outcomes, now=at)
    return claim.messages


def tell(messages: list[Message], status: Status, code: int | None = None) -> None:
    pks = [message.pk for message in messages]
    Message.objects.filter(pk__in=pks).update(status=status, error_code=code, status_at=NOW)


HALF = LEAST // 2


@pytest.mark.parametrize(
    "outcomes",
    [
        lambda: refused(HALF) + accepted(HALF),
        lambda: dark(HALF) + accepted(HALF),
        lambda: refused(HALF // 2) + dark(HALF // 2) + accepted(HALF),
        lambda: refused(HALF, 99999) + accepted(HALF),
        lambda: refused(HALF, 21408) + accepted(HALF),
    ],
    ids=["refused", "in the dark", "both", "a code that we do not know", "the country is not allowed"],
)
def test_when_half_of_the_answers_are_bad_sending_rests(
    account: None, outcomes: Callable[[], list[Outcome]]
) -> None:
    settle(outcomes())
    assert breaker.check(now=NOW)
    pause = SendingPause.objects.get()
    assert (pause.kind, pause.number, pause.out_of) == (PauseKind.FAILURES, HALF, LEAST)
    assert not breaker.check(now=NOW)
    assert not outbox.anything_ready(now=NOW)


@pytest.mark.parametrize(
    "outcomes",
    [
        lambda: refused(HALF - 1) + accepted(HALF + 1),
        lambda: refused(HALF) + accepted(HALF - 1),
        lambda: refused(LEAST * 2, 21211) + refused(HALF, 21610) + accepted(HALF),
    ],
    ids=["less than half", "too few to tell", "the numbers' fault"],
)
def test_otherwise_sending_goes_on(account: None, outcomes: Callable[[], list[Outcome]]) -> None:
    settle(outcomes())
    assert not breaker.check(now=NOW)


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNDELIVERED])
def test_when_half_of_the_news_is_bad_sending_rests(account: None, status: Status) -> None:
    """However many were taken without complaint: their news is still to come."""
    messages = settle(accepted(LEAST * 3))
    tell(messages[:HALF], status, 30008)
    tell(messages[HALF:LEAST], Status.DELIVERED)
    assert breaker.check(now=NOW)
    pause = SendingPause.objects.get()
    assert (pause.error_code, pause.number, pause.out_of) == (30008, HALF, LEAST)


@pytest.mark.parametrize("code", [30003, 30004, 30005, 30006])
def test_phones_that_cannot_be_reached_let_sending_go_on(account: None, code: int) -> None:
    tell(settle(accepted(LEAST)), Status.UNDELIVERED, code)
    assert not breaker.check(now=NOW)


def test_texts_that_a_dead_worker_left_behind_say_nothing_of_twilio(account: None) -> None:
    PatientFactory.create_batch(LEAST)
    group = steps.frozen()
    outbox.claim(purpose=group.purpose, limit=LEAST, now=NOW)
    later = NOW + outbox.LEASE + timedelta(seconds=1)
    assert outbox.sweep(now=later) == LEAST
    assert not breaker.check(now=later)


def test_what_is_long_ago_does_not_count(account: None) -> None:
    settle(refused(LEAST))
    assert not breaker.check(now=NOW + breaker.WINDOW)
    assert breaker.check(now=NOW + breaker.WINDOW - timedelta(seconds=1))


def test_after_a_person_resumed_it_counting_starts_anew(account: None, manager: User) -> None:
    """Also for late news of texts that left before."""
    before = settle(accepted(LEAST))
    settle(refused(LEAST))
    assert breaker.check(now=NOW)
    resumed_at = NOW + timedelta(minutes=1)
    outbox.resume(now=resumed_at, by_id=manager.pk)
    tell(before, Status.FAILED, 30008)
    Message.objects.filter(pk__in=[message.pk for message in before]).update(status_at=resumed_at)
    later = NOW + timedelta(minutes=2)
    assert not breaker.check(now=later)
    settle(refused(LEAST), at=later)
    assert breaker.check(now=later)


def test_a_drain_stops_at_once(twilio: Twilio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twilio is down: of a thousand texts not one more than a batch is left in the dark."""
    monkeypatch.setattr(pacing.environment, "TWILIO_AT_ONCE", LEAST // outbox.TURNS)
    twilio.set(fail_next={"count": 1000, "outcome": "500_before"})
    PatientFactory.create_batch(LEAST * 2)
    steps.frozen()
    assert steps.drain() == LEAST
    assert len(twilio.posts()) == LEAST
    assert Message.objects.filter(status=Status.QUEUED).count() == LEAST


def test_the_newest_texts_count_however_many_left_before_them(
    account: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breaker, "NEWEST", LEAST)
    settle(accepted(LEAST * 3))
    assert not breaker.check(now=NOW)
    later = NOW + timedelta(minutes=1)
    settle(refused(LEAST), at=later)
    assert breaker.check(now=later)
    assert SendingPause.objects.get().out_of == LEAST


def test_a_tick_finds_bad_news_that_comes_when_nothing_is_being_sent(account: None) -> None:
    tell(settle(accepted(LEAST)), Status.UNDELIVERED, 30008)
    Message.objects.update(status_at=tasks.timezone.now())
    tasks.tick()
    assert SendingPause.objects.get().kind == PauseKind.FAILURES


def test_a_manager_reads_why_with_the_numbers(account: None, manager_client: Client) -> None:
    settle(refused(15) + refused(1, 21619) + accepted(4))
    breaker.check(now=NOW)
    page = words(manager_client.get("/").content)
    assert "Of the last 20 texts 16 went wrong, and not because of their numbers." in page
    assert "The most frequent reason: the text is longer than 1,600 characters." in page
    assert "Resume sending" in page
    manager_client.post("/sms/resume/")
    assert "went wrong" not in words(manager_client.get("/").content)


def test_silence_has_no_error_code_and_is_still_said(account: None, manager_client: Client) -> None:
    settle(dark(LEAST))
    breaker.check(now=NOW)
    page = words(manager_client.get("/").content)
    assert "20 went wrong" in page
    assert "The most frequent reason: twilio" not in page
    assert "Twilio gave no answer" in page
