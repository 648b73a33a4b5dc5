"""Each step of a text is written down whole: the state, the moment, and why."""

from datetime import timedelta

import pytest

from patients.eligibility import Purpose, Reason
from sms import dispatch, gateway, outbox
from sms.models import Message, SendingPause
from sms.models.pause import PauseKind
from sms.outbox import LEASE
from sms.status import Status
from tests.factories import NOW, PatientFactory, UserFactory
from tests.sms import steps
from tests.sms.twilio import CARE, MARKETING

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(minutes=2)
SID, OTHER_SID = "SM" + "1" * 32, "SM" + "2" * 32


def settled(outcome: gateway.Outcome) -> Message:
    """A text that was claimed at `NOW` and got this outcome at `LATER`."""
    taken = steps.claimed(PatientFactory.create())
    dispatch.settle(taken, [outcome], now=LATER)
    return Message.objects.get(pk=taken.messages[0].pk)


def test_a_claim_says_when_it_was_and_from_what_the_text_leaves(account: None) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.queued(patient)
    steps.frozen(marketing=True)
    for purpose, sender in ((Purpose.ONE_OFF, CARE), (Purpose.MARKETING, MARKETING)):
        [text] = outbox.claim(purpose=purpose, limit=1, now=LATER).messages
        message = steps.row(text)
        assert (message.status_at, message.claimed_at) == (LATER, LATER)
        assert message.sender == sender


def test_a_promotion_points_at_the_consent_that_allowed_it_and_no_other_text_does(account: None) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.queued(patient)
    steps.frozen(marketing=True)
    patient.refresh_from_db()
    for purpose, proof in ((Purpose.ONE_OFF, None), (Purpose.MARKETING, patient.consent_event_id)):
        [text] = outbox.claim(purpose=purpose, limit=1, now=NOW).messages
        assert steps.row(text).consent_event_id == proof


def test_an_accepted_text(account: None) -> None:
    message = settled(gateway.Accepted(sid=SID, status="queued"))
    assert (message.status, message.sid, message.status_at) == (Status.ACCEPTED, SID, LATER)


def test_a_refused_text(account: None) -> None:
    message = settled(gateway.Refused(21617, gateway.Klass.PERMANENT_MESSAGE))
    assert (message.status, message.error_code, message.status_at) == (Status.FAILED, 21617, LATER)


@pytest.mark.parametrize("detail", ["timeout", "unforeseen " + "Error" * 10])
def test_a_text_of_which_we_do_not_know_says_why(account: None, detail: str) -> None:
    message = settled(gateway.OutcomeUnknown(detail))
    assert (message.status, message.status_at, message.look_ups) == (Status.UNKNOWN, LATER, 0)
    assert message.unknown_because == detail[:40]


@pytest.mark.parametrize(("code", "kept"), [(20429, 20429), (0, None)])
def test_a_text_that_waits_again(account: None, code: int, kept: int | None) -> None:
    message = settled(gateway.TryLater(code, timedelta(seconds=7)))
    assert (message.status, message.error_code, message.status_at) == (Status.QUEUED, kept, LATER)
    assert message.not_before == LATER + timedelta(seconds=7)


def test_a_text_before_which_all_sending_stops(account: None) -> None:
    message = settled(gateway.SendingMustStop(20003))
    assert (message.status, message.error_code, message.status_at) == (Status.QUEUED, 20003, LATER)
    assert message.not_before == LATER
    pause = SendingPause.objects.get()
    assert (pause.kind, pause.error_code, pause.paused_at) == (PauseKind.ERROR, 20003, LATER)


def test_a_text_whose_lease_ran_out(account: None) -> None:
    steps.claimed(PatientFactory.create())
    assert outbox.sweep(now=NOW + LEASE * 2) == 1
    message = Message.objects.get()
    assert (message.status, message.unknown_because) == (Status.UNKNOWN, outbox.NEVER_SETTLED)
    assert (message.status_at, message.look_ups) == (NOW + LEASE * 2, 0)


def test_the_look_ups_of_an_earlier_attempt_do_not_count(account: None) -> None:
    """A text that was proved absent, and is sent once more, is looked up from the beginning if need be."""
    for become_unknown in (
        lambda taken: outbox.sweep(now=NOW + LEASE * 2),
        lambda taken: dispatch.settle(taken, [gateway.OutcomeUnknown("timeout")], now=NOW),
    ):
        taken = steps.claimed(PatientFactory.create())
        [message] = taken.messages
        Message.objects.filter(pk=message.pk).update(look_ups=4)
        become_unknown(taken)
        row = steps.row(message)
        assert (row.status, row.look_ups) == (Status.UNKNOWN, 0)


def test_two_texts_with_one_sid(account: None) -> None:
    settled(gateway.Accepted(sid=SID, status="queued"))
    message = settled(gateway.Accepted(sid=SID, status="queued"))
    assert (message.status, message.unknown_because) == (Status.UNKNOWN, outbox.SID_TAKEN)
    assert (message.status_at, message.sid) == (LATER, "")


def test_a_record_that_is_taken_back_leaves_its_text_to_be_looked_up_anew(account: None) -> None:
    guessed, other = (settled(gateway.OutcomeUnknown("timeout")) for _ in range(2))
    for message, sid in ((guessed, SID), (other, OTHER_SID)):
        Message.objects.filter(pk=message.pk).update(
            status=Status.UNDELIVERED, sid=sid, look_ups=2, error_code=30003
        )
    owner = settled(gateway.Accepted(sid=SID, status="queued"))
    guessed.refresh_from_db()
    other.refresh_from_db()
    assert (owner.status, owner.sid) == (Status.ACCEPTED, SID)
    assert (guessed.status, guessed.sid, guessed.error_code) == (Status.UNKNOWN, "", None)
    assert (guessed.look_ups, guessed.status_at) == (0, LATER)
    assert (other.status, other.sid) == (Status.UNDELIVERED, OTHER_SID)


def test_only_those_whose_time_is_over_expire(account: None) -> None:
    late, over, in_time, claimed = (steps.queued(PatientFactory.create()) for _ in range(4))
    for message, send_by in ((late, NOW), (over, LATER), (in_time, LATER + timedelta(seconds=1))):
        Message.objects.filter(pk=message.pk).update(send_by=send_by)
    steps.put(claimed, status=Status.SENDING, send_by=NOW)
    assert outbox.expire(now=LATER) == 2
    for message in (late, over):
        message.refresh_from_db()
        assert (message.status, message.status_at) == (Status.EXPIRED, LATER)
    assert steps.status_of(in_time) == Status.QUEUED
    assert steps.status_of(claimed) == Status.SENDING


def test_a_text_that_is_passed_on_has_the_words_and_the_moment(account: None) -> None:
    first, second = PatientFactory.create_batch(2, phone="+61412900001")
    steps.frozen("Hi {first_name|all}")
    words = Message.objects.get(patient=first).body
    outbox.withdraw(patient_id=first.pk, reason=Reason.ARCHIVED, now=LATER)
    left, following = (Message.objects.get(patient=patient) for patient in (first, second))
    assert (left.status, left.left_out_reason, left.status_at) == (Status.LEFT_OUT, Reason.ARCHIVED, LATER)
    assert (following.status, following.left_out_reason) == (Status.QUEUED, "")
    assert (following.body, following.status_at) == (words, LATER)


def test_only_what_waits_is_withdrawn(account: None) -> None:
    patient, other = PatientFactory.create_batch(2)
    on_its_way = steps.claimed(patient).messages[0]
    waits, others = steps.queued(patient), steps.queued(other)
    outbox.withdraw(patient_id=patient.pk, reason=Reason.ARCHIVED, now=LATER)
    assert steps.status_of(on_its_way) == Status.SENDING
    assert steps.status_of(waits) == Status.LEFT_OUT
    assert steps.status_of(others) == Status.QUEUED


def test_a_rest_keeps_its_figures_and_who_ended_it(account: None) -> None:
    user = UserFactory.create()
    assert outbox.pause(now=NOW, kind=PauseKind.FAILURES, number=6, out_of=10)
    assert outbox.resume(now=LATER, by_id=user.pk)
    pause = SendingPause.objects.get()
    assert (pause.kind, pause.error_code, pause.paused_at) == (PauseKind.FAILURES, None, NOW)
    assert (pause.number, pause.out_of) == (6, 10)
    assert (pause.resumed_at, pause.resumed_by_id) == (LATER, user.pk)


@pytest.mark.parametrize(("after", "rests"), [(-1, False), (0, False), (1, True)])
def test_news_of_what_was_claimed_before_sending_was_resumed_is_old(
    account: None, after: int, rests: bool
) -> None:
    outbox.pause(now=NOW, code=30002)
    outbox.resume(now=LATER, by_id=UserFactory.create().pk)
    assert outbox.pause(now=LATER, code=30002, claimed_at=LATER + timedelta(seconds=after)) == rests


def test_nothing_is_ready_where_nothing_waits(account: None) -> None:
    assert not outbox.anything_ready(now=NOW)
    steps.queued(PatientFactory.create())
    assert outbox.anything_ready(now=NOW)
