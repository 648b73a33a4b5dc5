"""What comes of a text at Twilio is written down, and none is ever sent twice."""

from datetime import datetime, timedelta

import pytest
from aiohttp import ClientTimeout
from django.db import connection
from django.utils import timezone

from patients.eligibility import Purpose, reasons_for
from patients.models import ConsentSource, Covers, Patient, SuppressedNumber, SuppressionSource
from sms import delivery, dispatch, gateway, outbox, pacing
from sms.gateway import transport
from sms.models import Message, SenderBudget, SendingPause
from sms.outbox import LEASE
from sms.status import Status
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.gateway.texts import post_all
from tests.sms.twilio import CARE, Twilio

pytestmark = pytest.mark.django_db


def ending(digits: str, **given: object) -> Patient:
    """A patient whose number has the simulator do something particular."""
    return PatientFactory.create(phone=f"+6141200{digits}", **{"accepts": True, **given})


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway's time limits, shortened."""
    monkeypatch.setattr(transport, "TIMEOUT", ClientTimeout(total=1, connect=0.5, sock_read=0.5))


def test_an_accepted_text_has_the_sid_of_its_record(twilio: Twilio) -> None:
    message = steps.queued(PatientFactory.create(), "Your results, Zoë €5")
    steps.drain()
    message.refresh_from_db()
    [text] = twilio.texts()
    assert (message.status, message.sid) == (Status.ACCEPTED, text["sid"])
    assert text["body"] == "Your results, Zoë €5"
    assert text["status_callback"].endswith(f"/webhooks/twilio/status/{message.token.hex}/")


def test_twilio_gives_up_when_the_text_would_be_too_late(twilio: Twilio) -> None:
    message = steps.queued(PatientFactory.create())
    steps.drain(at=message.send_by - timedelta(minutes=2))
    assert [text["validity_period"] for text in twilio.texts()] == [120]


def test_a_number_that_twilio_refuses_is_marked_for_everybody_on_it(twilio: Twilio) -> None:
    patient, sibling = ending("1211"), ending("1211")
    message = steps.queued(patient)
    steps.drain()
    message.refresh_from_db()
    assert (message.status, message.error_code) == (Status.FAILED, 21211)
    for each in (patient, sibling):
        each.refresh_from_db()
        assert (each.number_refused_at, each.number_refused_code) == (NOW, 21211)
    steps.drain()
    assert len(twilio.posts()) == 1


def test_a_text_that_twilio_refuses_for_itself_leaves_the_number_alone(twilio: Twilio) -> None:
    message = steps.queued(PatientFactory.create(), "x" * 1601)
    steps.drain()
    message.refresh_from_db()
    assert (message.status, message.error_code) == (Status.FAILED, 21617)
    assert Patient.objects.get().number_refused_at is None


@pytest.mark.parametrize("code", [21612, 21216])
def test_what_our_sender_cannot_do_is_not_the_numbers_fault(twilio: Twilio, code: int) -> None:
    twilio.set(fail_next={"outcome": f"refused_{code}"})
    message = steps.queued(PatientFactory.create())
    steps.drain()
    assert steps.status_of(message) == Status.FAILED
    assert Patient.objects.get().number_refused_at is None


@pytest.mark.parametrize(
    ("marketing", "covers"), [(True, Covers.MARKETING), (False, Covers.EVERYTHING)], ids=["marketing", "care"]
)
def test_an_opt_out_that_only_twilio_knew_of_blocks_the_number(
    twilio: Twilio, marketing: bool, covers: Covers
) -> None:
    patient = ending("1610")
    steps.sent(marketing=marketing)
    message = Message.objects.get()
    assert (message.status, message.error_code) == (Status.FAILED, 21610)
    block = SuppressedNumber.objects.get()
    assert (block.phone, block.covers, block.source) == (patient.phone, covers, SuppressionSource.CARRIER)
    patient.refresh_from_db()
    assert not patient.accepts_sms_marketing
    assert patient.consent_event is not None
    assert patient.consent_event.source == ConsentSource.CARRIER
    assert patient.consent_event.evidence == "Twilio 21610"
    assert patient.number_refused_at is None
    may_still_be_texted = reasons_for(patient)[Purpose.SERVICE] is None
    assert may_still_be_texted == marketing


def test_an_opt_out_from_the_only_sender_blocks_everything(twilio: Twilio, one_sender: str) -> None:
    ending("1610")
    steps.sent(marketing=True)
    assert SuppressedNumber.objects.get().covers == Covers.EVERYTHING


def test_too_many_requests_with_a_pause_is_sent_once_after_the_pause(twilio: Twilio) -> None:
    message = steps.queued(ending("4291"))
    assert steps.drain() == 1
    message.refresh_from_db()
    assert (message.status, message.error_code, message.attempt) == (Status.QUEUED, 20429, 1)
    assert message.not_before == NOW + timedelta(seconds=1)
    assert steps.drain() == 0
    assert steps.drain(at=NOW + timedelta(seconds=1)) == 1
    assert (steps.status_of(message), len(twilio.texts())) == (Status.ACCEPTED, 1)


def test_too_many_requests_without_a_pause_is_sent_once_after_one_of_our_own(twilio: Twilio) -> None:
    message = steps.queued(ending("4292"))
    steps.drain()
    message.refresh_from_db()
    assert message.not_before is not None
    assert timedelta(seconds=2.5) <= message.not_before - NOW <= timedelta(seconds=5)
    steps.drain(at=NOW + timedelta(seconds=5))
    assert (steps.status_of(message), len(twilio.texts())) == (Status.ACCEPTED, 1)


def test_pauses_grow_to_ten_minutes_and_no_further(twilio: Twilio) -> None:
    message = steps.queued(ending("4293"))
    pauses = []
    for attempt in (0, 1, 2, 6, 7, 5000):
        Message.objects.update(attempt=attempt, not_before=None)
        SenderBudget.objects.update(rests_until=None)
        steps.drain()
        message.refresh_from_db()
        assert message.not_before is not None
        pauses.append((message.not_before - NOW).total_seconds())
    for pause, longest in zip(pauses, (5, 10, 20, 320, 600, 600), strict=True):
        assert longest / 2 <= pause <= longest


def test_a_text_that_twilio_never_takes_expires(twilio: Twilio) -> None:
    message = steps.queued(ending("4290"))
    steps.drain()
    steps.drain(at=message.send_by)
    assert steps.status_of(message) == Status.EXPIRED
    assert twilio.texts() == []


def test_when_twilio_cannot_be_reached_the_text_waits(account: None) -> None:
    message = steps.queued(PatientFactory.create())
    steps.drain()
    message.refresh_from_db()
    assert (message.status, message.error_code) == (Status.QUEUED, None)
    assert message.not_before is not None
    assert message.not_before > NOW


def test_bad_credentials_stop_all_sending_and_lose_no_text(
    twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.set(fail_next={"outcome": "refused_20003", "count": 3})
    messages = [steps.queued(PatientFactory.create()) for _ in range(3)]
    steps.drain()
    assert {steps.status_of(message) for message in messages} == {Status.QUEUED}
    assert SendingPause.objects.get().error_code == 20003
    assert caplog.text.count("Sending rests") == 1
    assert steps.drain() == 0
    outbox.resume(now=NOW, by_id=messages[0].created_by_id or 0)
    steps.drain()
    assert twilio.numbers() == sorted(message.phone for message in messages)


AFTER = {"500 after": "5001", "502 after": "5021", "reset after": "5051", "garbage": "2011", "empty": "2012"}
BEFORE = {"500 before": "5000", "502 before": "5020", "reset before": "5050"}
VERY_LATE = timedelta(minutes=31)


def look_up_until_the_end(*, since: datetime) -> list[int]:
    """All look-ups there are, each as soon as it is due."""
    return [
        delivery.look_up_unknown(
            clock=lambda at=since + after: at, until=since + after + timedelta(minutes=1)
        )
        for after in (*delivery.LOOK_UP_AFTER, VERY_LATE)
    ]


@pytest.mark.parametrize("digits", AFTER.values(), ids=AFTER)
def test_a_text_that_was_created_without_our_knowing_is_found_and_not_sent_again(
    twilio: Twilio, digits: str
) -> None:
    now = timezone.now()
    message = steps.queued(ending(digits), at=now)
    steps.drain(at=now)
    assert steps.status_of(message) == Status.UNKNOWN
    assert steps.drain(at=now + VERY_LATE) == 0
    assert look_up_until_the_end(since=now) == [1, 0, 0, 0, 0]
    message.refresh_from_db()
    [text] = twilio.texts()
    assert message.sid == text["sid"]
    assert message.status == Status.DELIVERED
    assert len(twilio.posts()) == 1


@pytest.mark.parametrize("digits", BEFORE.values(), ids=BEFORE)
def test_a_text_that_was_not_created_is_proved_absent_and_not_sent_again(twilio: Twilio, digits: str) -> None:
    now = timezone.now()
    message = steps.queued(ending(digits), at=now)
    steps.on_the_last_try(message)
    steps.drain(at=now)
    assert steps.status_of(message) == Status.UNKNOWN
    assert look_up_until_the_end(since=now) == [0, 0, 0, 1, 0]
    assert steps.status_of(message) == Status.NOT_SENT
    steps.drain(at=now + VERY_LATE)
    assert (len(twilio.posts()), twilio.texts()) == (1, [])


@pytest.mark.parametrize(("digits", "end"), [("5041", Status.DELIVERED), ("5040", Status.NOT_SENT)])
def test_a_text_without_any_answer_is_looked_up(
    twilio: Twilio, impatient: None, digits: str, end: Status
) -> None:
    now = timezone.now()
    message = steps.queued(ending(digits), at=now)
    steps.on_the_last_try(message)
    steps.drain(at=now)
    assert steps.status_of(message) == Status.UNKNOWN
    look_up_until_the_end(since=now)
    assert steps.status_of(message) == end
    assert len(twilio.posts()) == 1


def test_callbacks_that_are_quicker_than_the_answer_are_kept(twilio: Twilio) -> None:
    taken = steps.claimed(PatientFactory.create())
    [message] = taken.messages
    sid = "SM" + "1" * 32
    delivery.record_news(token=message.token, sid=sid, status="delivered", error_code=None, at=NOW)
    dispatch.settle(taken, [gateway.Accepted(sid=sid, status="queued")], now=NOW)
    row = steps.row(message)
    assert (row.status, row.sid) == (Status.DELIVERED, sid)


def test_one_bad_outcome_does_not_lose_the_others(account: None, caplog: pytest.LogCaptureFixture) -> None:
    """A sid that is another text's would break a constraint."""
    holder = steps.claimed(PatientFactory.create())
    dispatch.settle(holder, [accepted(0)], now=NOW)
    for _ in range(6):
        steps.queued(PatientFactory.create())
    taken = dispatch.next_batch(now=NOW)
    assert taken is not None
    outcomes: list[gateway.Outcome] = [
        accepted(1),
        accepted(0),
        gateway.Refused(30006, gateway.Klass.PERMANENT_NUMBER),
        gateway.TryLater(20429, None),
        gateway.OutcomeUnknown("timeout"),
        accepted(2),
    ]
    dispatch.settle(taken, outcomes, now=NOW)
    settled = [steps.status_of(message) for message in taken.messages]
    assert settled == [
        Status.ACCEPTED,
        Status.UNKNOWN,
        Status.FAILED,
        Status.QUEUED,
        Status.UNKNOWN,
        Status.ACCEPTED,
    ]
    assert "same sid" in caplog.text
    assert Patient.objects.filter(number_refused_code=30006).count() == 1


def accepted(number: int) -> gateway.Accepted:
    return gateway.Accepted(sid=f"SM{number:032}", status="queued")


def test_the_answer_takes_its_record_back_from_a_text_that_a_look_up_gave_it_to(twilio: Twilio) -> None:
    """Two texts alike: of the first nothing came, and the look-up takes the second's record for it."""
    now = timezone.now()
    twilio.set(fail_next={"outcome": "500_before"})
    patient = PatientFactory.create()
    first = steps.queued(patient, "Please call", at=now)
    steps.on_the_last_try(first)
    steps.drain(at=now)
    taken = steps.claimed(patient, "Please call", at=now + timedelta(seconds=1))
    [second] = taken.messages
    texts = [dispatch._outgoing(second, second.send_by, now)]
    outcomes = post_all(texts)
    later = now + timedelta(seconds=31)
    assert delivery.look_up_unknown(clock=lambda: later, until=later + timedelta(seconds=1)) == 1
    assert steps.status_of(first) == Status.DELIVERED

    dispatch.settle(taken, outcomes, now=later)
    first.refresh_from_db()
    row = steps.row(second)
    assert (first.status, first.sid) == (Status.UNKNOWN, "")
    assert (row.status, row.sid) == (Status.ACCEPTED, twilio.texts()[0]["sid"])
    look_up_until_the_end(since=later)
    assert steps.status_of(first) == Status.NOT_SENT
    assert len(twilio.texts()) == 1


def test_what_died_between_claim_and_settle_is_not_sent_again(twilio: Twilio) -> None:
    now = timezone.now()
    taken = steps.claimed(PatientFactory.create(), at=now)
    [message] = taken.messages
    steps.on_the_last_try(message)
    assert outbox.sweep(now=now + LEASE) == 0
    assert outbox.sweep(now=now + LEASE + timedelta(seconds=1)) == 1
    assert steps.status_of(message) == Status.UNKNOWN
    assert steps.drain(at=now + LEASE * 2) == 0
    assert twilio.posts() == []
    look_up_until_the_end(since=now + LEASE + timedelta(seconds=1))
    assert steps.status_of(message) == Status.NOT_SENT


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (accepted(1), Status.ACCEPTED),
        (gateway.Refused(21617, gateway.Klass.PERMANENT_MESSAGE), Status.FAILED),
        (gateway.TryLater(20429, None), Status.QUEUED),
        (gateway.OutcomeUnknown("timeout"), Status.UNKNOWN),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_answer_that_comes_after_the_sweep_is_still_the_truth(
    account: None, outcome: gateway.Outcome, expected: Status
) -> None:
    taken = steps.claimed(PatientFactory.create())
    swept_at = NOW + LEASE * 2
    outbox.sweep(now=swept_at)
    dispatch.settle(taken, [outcome], now=swept_at + LEASE)
    message = Message.objects.get()
    assert message.status == expected
    if expected == Status.UNKNOWN:
        assert message.status_at == swept_at


@pytest.mark.parametrize(
    "outcome", [accepted(1), gateway.TryLater(20429, None), gateway.OutcomeUnknown("reset")]
)
def test_a_claim_cannot_settle_what_another_has_claimed_since(
    account: None, outcome: gateway.Outcome
) -> None:
    taken = steps.claimed(PatientFactory.create())
    dispatch.settle(taken, [gateway.TryLater(20429, timedelta(seconds=1))], now=NOW)
    again = dispatch.next_batch(now=NOW + timedelta(seconds=1))
    assert again is not None
    dispatch.settle(taken, [outcome], now=NOW)
    message = Message.objects.get()
    assert (message.status, message.claim, message.sid) == (Status.SENDING, again.id, "")


@pytest.mark.parametrize("late", [accepted(7), gateway.TryLater(20429, None)])
def test_an_answer_that_comes_after_sweep_and_callback_changes_nothing(
    account: None, late: gateway.Outcome
) -> None:
    taken = steps.claimed(PatientFactory.create())
    [message] = taken.messages
    outbox.sweep(now=NOW + LEASE * 2)
    sid = accepted(7).sid
    delivery.record_news(token=message.token, sid=sid, status="sent", error_code=None, at=NOW)
    dispatch.settle(taken, [late], now=NOW + LEASE * 3)
    row = steps.row(message)
    assert (row.status, row.sid) == (Status.SENT, sid)


def test_a_large_group_goes_out_whole_and_once(twilio: Twilio) -> None:
    patients = PatientFactory.create_batch(outbox.TURNS * pacing.pace_of(CARE).at_once * 2 + 3)
    steps.frozen()
    assert steps.drain() == len(patients)
    assert twilio.numbers() == sorted(patient.phone for patient in patients)


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_twilio_is_asked(twilio: Twilio) -> None:
    """A callback that comes before the answer could not be stored otherwise; see also test_live.py."""
    steps.queued(ending("7004"))
    seen: list[bool] = []
    original = transport.Http.request

    async def watched(self: transport.Http, *args: object, **kwargs: object) -> object:
        seen.append(connection.in_atomic_block)
        return await original(self, *args, **kwargs)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport.Http, "request", watched)
        steps.drain()
        now = timezone.now()
        Message.objects.update(status=Status.UNKNOWN, claimed_at=now, sid="")
        delivery.look_up_unknown(clock=lambda: now + VERY_LATE, until=now + VERY_LATE + timedelta(seconds=1))
    assert seen == [False, False]
