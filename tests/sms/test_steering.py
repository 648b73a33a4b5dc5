"""Pause, resume, stop, back to a draft: once it is saved nothing more is claimed, and nothing is lost."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connections

from patients.eligibility import Purpose
from patients.models import Patient
from sms import composing, delivery, dispatch, gateway, outbox, steering
from sms.models import GroupMessage, Message
from sms.status import GroupStatus
from sms.steering import Stopped
from tests.factories import NOW, PatientFactory, UserFactory
from tests.open_transaction import an_open_transaction
from tests.sms import steps
from tests.sms.test_schedule import TOMORROW, scheduled
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db


@pytest.fixture
def by(db: None) -> User:
    return UserFactory.create()


def claim(limit: int = 50) -> outbox.Claim:
    return outbox.claim(purpose=Purpose.SERVICE, limit=limit, now=NOW)


def status(group: GroupMessage) -> GroupStatus:
    return GroupStatus(GroupMessage.objects.get(pk=group.pk).status)


def counts(group: GroupMessage) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in Message.objects.filter(group=group).values_list("status", flat=True):
        found[each] = found.get(each, 0) + 1
    return found


def test_a_paused_group_text_rests_and_goes_on_where_it_was(twilio: Twilio, by: User) -> None:
    patients = PatientFactory.create_batch(3)
    group = steps.frozen()
    steps.send(claim(limit=1))
    assert steering.pause(group_id=group.pk, at=NOW, by=by)
    group.refresh_from_db()
    assert (group.status, group.paused_at, group.paused_by) == (GroupStatus.PAUSED, NOW, by)
    assert not outbox.anything_ready(now=NOW)
    assert (steps.drain(), len(twilio.texts())) == (0, 1)
    assert steering.resume(group_id=group.pk)
    assert (steps.drain(), len(twilio.posts())) == (2, 3)
    assert twilio.numbers() == sorted(patient.phone for patient in patients)
    assert (composing.finish(at=NOW), status(group)) == (1, GroupStatus.FINISHED)


def test_a_pause_holds_up_no_other_text(twilio: Twilio, by: User) -> None:
    PatientFactory.create_batch(2)
    paused, other = steps.frozen("paused"), steps.frozen("other")
    steering.pause(group_id=paused.pk, at=NOW, by=by)
    steps.queued(PatientFactory.create(), "one-off")
    steps.drain()
    assert sorted(text["body"] for text in twilio.texts()) == ["one-off", "other", "other"]
    assert counts(other) == {"accepted": 2}


def test_what_is_too_late_when_it_is_resumed_is_not_sent(twilio: Twilio, by: User) -> None:
    PatientFactory.create()
    group = steps.frozen()
    steering.pause(group_id=group.pk, at=NOW, by=by)
    late = NOW + composing.SEND_WITHIN
    assert (outbox.expire(now=late - timedelta(seconds=1)), outbox.expire(now=late)) == (0, 1)
    assert composing.finish(at=late) == 1
    group.refresh_from_db()
    assert (group.status, group.paused_at, group.paused_by) == (GroupStatus.FINISHED, None, None)
    assert (steps.drain(at=late), twilio.posts()) == (0, [])


def test_stopping_ends_what_waits_and_counts_both(twilio: Twilio, by: User) -> None:
    PatientFactory.create_batch(5)
    PatientFactory.create(phone="")
    group = steps.frozen()
    steps.send(claim(limit=2))
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) == Stopped(gone=2, stopped=3)
    group.refresh_from_db()
    assert (group.status, group.cancelled_at, group.cancelled_by) == (GroupStatus.CANCELLED, NOW, by)
    assert counts(group) == {"accepted": 2, "cancelled": 3, "left_out": 1}
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) is None
    assert not steering.resume(group_id=group.pk)
    assert not steering.back_to_draft(group_id=group.pk)
    assert composing.finish(at=NOW) == 0
    assert (steps.drain(), len(twilio.posts())) == (0, 2)


def test_stopping_leaves_alone_what_may_have_left(account: None, by: User) -> None:
    PatientFactory.create_batch(3)
    group = steps.frozen()
    taken = claim(limit=2)
    dispatch.settle(
        taken, [gateway.OutcomeUnknown("timeout"), gateway.Accepted("SM" + "1" * 32, "queued")], now=NOW
    )
    sending = claim(limit=1)
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) == Stopped(gone=3, stopped=0)
    assert counts(group) == {"unknown": 1, "accepted": 1, "sending": 1}
    dispatch.settle(sending, [gateway.Accepted("SM" + "2" * 32, "queued")], now=NOW)
    assert counts(group) == {"unknown": 1, "accepted": 2}


def test_what_twilio_turned_away_meanwhile_is_stopped_too(twilio: Twilio, by: User) -> None:
    PatientFactory.create()
    group = steps.frozen()
    taken = claim()
    steering.cancel(group_id=group.pk, at=NOW, by=by)
    dispatch.settle(taken, [gateway.TryLater(code=20429, retry_after=None)], now=NOW)
    assert counts(group) == {"queued": 1}
    assert (steps.drain(at=NOW + timedelta(hours=1)), twilio.posts()) == (0, [])
    assert (steering.stop_leftovers(at=NOW), steering.stop_leftovers(at=NOW)) == (1, 0)
    assert counts(group) == {"cancelled": 1}


def test_news_of_a_text_beats_that_it_was_stopped(account: None, by: User) -> None:
    """A text that exists is never shown as one that was not sent."""
    PatientFactory.create()
    group = steps.frozen()
    steering.cancel(group_id=group.pk, at=NOW, by=by)
    text = Message.objects.get()
    delivery.record_news(token=text.token, sid="SM1", status="delivered", error_code=None, at=NOW)
    assert counts(group) == {"delivered": 1}


def test_before_the_list_is_made_it_can_be_stopped(by: User) -> None:
    PatientFactory.create()
    group = steps.draft()
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) is None
    steps.confirm(group)
    assert not steering.pause(group_id=group.pk, at=NOW, by=by)
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) == Stopped(gone=0, stopped=0)
    assert composing.freeze(group_id=group.pk, at=NOW) == 0
    assert (status(group), Message.objects.count()) == (GroupStatus.CANCELLED, 0)


def test_a_scheduled_group_text_can_be_stopped(twilio: Twilio, by: User) -> None:
    PatientFactory.create_batch(2)
    group = scheduled()
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) == Stopped(gone=0, stopped=2)
    assert (steps.drain(at=TOMORROW), twilio.posts()) == (0, [])
    assert group.waits_until(NOW) == TOMORROW
    group.refresh_from_db()
    assert group.waits_until(NOW) is None


def test_back_to_a_draft_undoes_the_confirmation_whole() -> None:
    patient = PatientFactory.create()
    PatientFactory.create(phone="")
    group = scheduled()
    assert steering.back_to_draft(group_id=group.pk)
    group.refresh_from_db()
    assert (group.status, Message.objects.count()) == (GroupStatus.DRAFT, 0)
    times = [group.confirmed_at, group.confirmed_by, group.starts_at, group.frozen_at, group.send_by]
    assert times == [None] * 5
    composing.change_draft(group_id=group.pk, body="Better words", is_marketing=False)
    assert steps.confirm(GroupMessage.objects.get())
    composing.freeze(group_id=group.pk, at=NOW)
    assert Message.objects.get(patient=patient).body == "Better words"


@pytest.mark.parametrize("paused", [False, True])
def test_it_goes_back_from_a_pause_and_before_its_list_too(by: User, paused: bool) -> None:
    PatientFactory.create()
    group = steps.draft()
    steps.confirm(group)
    if paused:
        composing.freeze(group_id=group.pk, at=NOW)
        assert steering.pause(group_id=group.pk, at=NOW, by=by)
    assert steering.back_to_draft(group_id=group.pk)
    assert (status(group), Message.objects.count()) == (GroupStatus.DRAFT, 0)
    assert composing.freeze(group_id=group.pk, at=NOW) == 0
    assert not steering.back_to_draft(group_id=group.pk)


def test_once_a_text_was_claimed_it_never_goes_back(account: None, by: User) -> None:
    PatientFactory.create_batch(2)
    group = steps.frozen()
    taken = claim(limit=1)
    assert not steering.back_to_draft(group_id=group.pk)
    # Not even if Twilio provably did not take it.
    dispatch.settle(taken, [gateway.TryLater(code=20429, retry_after=None)], now=NOW)
    steering.pause(group_id=group.pk, at=NOW, by=by)
    assert not steering.back_to_draft(group_id=group.pk)
    assert (status(group), Message.objects.count()) == (GroupStatus.PAUSED, 2)


def test_nothing_can_be_done_to_a_finished_one(twilio: Twilio, by: User) -> None:
    PatientFactory.create()
    group = steps.sent()
    composing.finish(at=NOW)
    assert not steering.pause(group_id=group.pk, at=NOW, by=by)
    assert not steering.resume(group_id=group.pk)
    assert steering.cancel(group_id=group.pk, at=NOW, by=by) is None
    assert not steering.back_to_draft(group_id=group.pk)
    assert status(group) == GroupStatus.FINISHED


STEPS: dict[str, Callable[[GroupMessage, User], object]] = {
    "pause": lambda group, by: steering.pause(group_id=group.pk, at=NOW, by=by),
    "stop": lambda group, by: steering.cancel(group_id=group.pk, at=NOW, by=by),
    "back to a draft": lambda group, _: steering.back_to_draft(group_id=group.pk),
}
step = pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@step
def test_a_step_that_is_being_saved_has_the_claim_pass_by(
    twilio: Twilio, step: Callable[[GroupMessage, User], object]
) -> None:
    by = UserFactory.create()
    PatientFactory.create_batch(3)
    group, other = steps.frozen(), steps.frozen("other")
    with an_open_transaction(lambda: step(group, by)):
        assert {message.group_id for message in claim().messages} == {other.pk}
    assert (steps.drain(), twilio.posts()) == (0, [])


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@step
def test_a_step_waits_for_a_claim_that_is_being_saved(
    account: None, step: Callable[[GroupMessage, User], object]
) -> None:
    by = UserFactory.create()
    PatientFactory.create_batch(3)
    group = steps.frozen()
    done: list[object] = []

    def other() -> None:
        done.append(step(group, by))
        connections.close_all()

    with an_open_transaction(lambda: claim(limit=1)):
        stepping = threading.Thread(target=other)
        stepping.start()
        stepping.join(timeout=0.5)
        assert stepping.is_alive()
        # And a second claim meanwhile is not held up by the first.
        assert len(claim(limit=1).messages) == 1
    stepping.join(timeout=20)
    if status(group) == GroupStatus.CANCELLED:
        assert done == [Stopped(gone=2, stopped=1)]
        assert counts(group) == {"sending": 2, "cancelled": 1}
    else:
        assert counts(group) == {"sending": 2, "queued": 1}
        assert done == [status(group) == GroupStatus.PAUSED]


@pytest.mark.django_db(transaction=True)
def test_ten_people_at_once_do_each_thing_once(
    at_once: Callable[[list[Callable[[], object]]], list[object]],
) -> None:
    by = UserFactory.create()
    PatientFactory.create_batch(3)
    group = steps.frozen()
    assert sum(map(bool, at_once([lambda: steering.pause(group_id=group.pk, at=NOW, by=by)] * 10))) == 1
    assert sum(map(bool, at_once([lambda: steering.resume(group_id=group.pk)] * 10))) == 1
    stops = at_once([lambda: steering.cancel(group_id=group.pk, at=NOW, by=by)] * 10)
    assert [stop for stop in stops if stop] == [Stopped(gone=0, stopped=3)]


@pytest.mark.django_db(transaction=True)
def test_stopping_while_the_list_is_made_leaves_nothing_waiting(
    at_once: Callable[[list[Callable[[], object]]], list[object]],
) -> None:
    by = UserFactory.create()
    PatientFactory.create_batch(3)
    for _ in range(5):
        group = steps.draft()
        steps.confirm(group)
        at_once(
            [
                lambda group=group: composing.freeze(group_id=group.pk, at=NOW),  # type: ignore[misc]
                lambda group=group: steering.cancel(group_id=group.pk, at=NOW, by=by),  # type: ignore[misc]
            ]
        )
        assert status(group) == GroupStatus.CANCELLED
        assert set(counts(group)) <= {"cancelled"}


@pytest.mark.django_db(transaction=True)
@step
def test_steps_amid_sending_lose_nobody_and_text_nobody_twice(
    twilio: Twilio,
    at_once: Callable[[list[Callable[[], object]]], list[object]],
    step: Callable[[GroupMessage, User], object],
) -> None:
    by = UserFactory.create()
    PatientFactory.create_batch(12)
    group = steps.frozen()

    def send_some() -> None:
        for _ in range(3):
            taken = claim(limit=2)
            steps.send(taken, at=NOW)

    at_once([send_some, lambda: step(group, by), send_some])
    found = counts(group)
    posted = len(twilio.posts())
    assert len(set(twilio.numbers())) == len(twilio.texts()) == posted == found.get("accepted", 0)
    assert sum(found.values()) == (0 if status(group) == GroupStatus.DRAFT else Patient.objects.count())
    steps.drain()
    if status(group) != GroupStatus.SENDING:
        assert len(twilio.posts()) == posted
