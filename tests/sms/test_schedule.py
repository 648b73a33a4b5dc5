"""A group SMS begins at once, after the hold, or at a time that staff chose; and nothing of it leaves before."""

from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, transaction

from settings_app.models import SmsSettings
from sms import audience, composing, outbox
from sms.composing import ReviewAgain
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status, before
from tests.factories import NOW, PatientFactory, UserFactory
from tests.sms import steps
from tests.sms.test_claim import refuse
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db

TOMORROW = NOW + timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def confirm_for(group: GroupMessage, starts_at: datetime | None, *, at: datetime = NOW) -> GroupMessage:
    confirmed = composing.confirm(
        group_id=group.pk,
        reviewed=composing.fingerprint(group, SmsSettings.load()),
        at_most=audience.recipients(group).count(),
        at=at,
        by=UserFactory.create(),
        starts_at=starts_at,
    )
    assert confirmed
    group.refresh_from_db()
    return group


def scheduled(starts_at: datetime | None = TOMORROW, *, marketing: bool = False) -> GroupMessage:
    group = confirm_for(steps.draft(marketing=marketing), starts_at)
    composing.freeze(group_id=group.pk, at=NOW)
    group.refresh_from_db()
    return group


@pytest.mark.parametrize("marketing", [True, False])
def test_nothing_leaves_before_its_time(twilio: Twilio, marketing: bool) -> None:
    patient = PatientFactory.create(accepts=True)
    group = scheduled(marketing=marketing)
    assert group.starts_at == TOMORROW == group.waits_until(NOW)
    assert group.send_by == TOMORROW + composing.SEND_WITHIN
    text = Message.objects.get()
    assert (text.not_before, text.send_by) == (TOMORROW, group.send_by)
    assert not outbox.anything_ready(now=TOMORROW - MOMENT)
    assert steps.drain(at=TOMORROW - MOMENT) == 0
    assert outbox.anything_ready(now=TOMORROW)
    assert steps.drain(at=TOMORROW) == 1
    assert twilio.numbers() == [patient.phone]
    assert group.waits_until(TOMORROW) is None


def test_the_time_of_the_group_text_counts_whatever_a_text_of_it_says(twilio: Twilio) -> None:
    PatientFactory.create()
    scheduled()
    Message.objects.update(not_before=None)
    assert not outbox.anything_ready(now=TOMORROW - MOMENT)
    assert steps.drain(at=TOMORROW - MOMENT) == 0


def test_what_was_reviewed_is_what_is_sent_and_who_came_later_does_not_get_it(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    scheduled()
    PatientFactory.create()
    steps.drain(at=TOMORROW)
    assert twilio.numbers() == [patient.phone]


def test_who_refuses_before_its_time_is_left_out(twilio: Twilio) -> None:
    patient, other = PatientFactory.create_batch(2, accepts=True)
    scheduled(marketing=True)
    refuse(patient)
    steps.drain(at=TOMORROW)
    assert twilio.numbers() == [other.phone]


def test_a_promotion_for_the_night_waits_for_the_morning() -> None:
    PatientFactory.create(accepts=True)
    tonight = NOW.replace(hour=11)  # Ten in the evening in Sydney.
    scheduled(tonight, marketing=True)
    text = Message.objects.get()
    assert text.not_before == NOW.replace(hour=22)
    assert text.send_by == tonight + composing.SEND_WITHIN


@pytest.mark.parametrize(
    "starts_at",
    [NOW, NOW - MOMENT, NOW - timedelta(days=1), NOW + composing.LATEST_START + MOMENT],
)
def test_a_time_that_is_over_or_far_away_is_refused(starts_at: datetime) -> None:
    PatientFactory.create()
    group = steps.draft()
    with pytest.raises(ReviewAgain, match="within a year"):
        confirm_for(group, starts_at)
    assert GroupMessage.objects.get().is_draft


def test_the_hold_keeps_the_first_text_back(account: None) -> None:
    SmsSettings.objects.update(hold_minutes=5)
    PatientFactory.create()
    group = scheduled(None)
    assert group.starts_at == NOW + timedelta(minutes=5)
    assert group.send_by == group.starts_at + composing.SEND_WITHIN
    assert steps.drain(at=group.starts_at - MOMENT) == 0
    assert outbox.anything_ready(now=group.starts_at)


def test_a_chosen_time_is_not_held_any_longer() -> None:
    SmsSettings.objects.update(hold_minutes=5)
    PatientFactory.create()
    assert scheduled().starts_at == TOMORROW


def test_as_shipped_it_begins_at_once() -> None:
    PatientFactory.create()
    group = scheduled(None)
    assert (group.starts_at, group.waits_until(NOW)) == (None, None)
    assert Message.objects.get().not_before is None
    assert list(GroupMessage.objects.running(NOW)) == [group]


def test_those_to_come_are_listed_with_the_next_one_first() -> None:
    PatientFactory.create()
    later, sooner = scheduled(TOMORROW + timedelta(days=1)), scheduled(TOMORROW)
    steps.draft()
    running = steps.frozen()
    assert list(GroupMessage.objects.coming(NOW)) == [sooner, later]
    assert list(GroupMessage.objects.coming(TOMORROW)) == [later]
    assert list(GroupMessage.objects.running(NOW)) == [running]


def test_the_steps_of_a_group_text_lead_forward_but_for_two() -> None:
    assert before(GroupStatus.DRAFT) == {GroupStatus.CONFIRMED, GroupStatus.SENDING, GroupStatus.PAUSED}
    assert before(GroupStatus.CONFIRMED) == {GroupStatus.DRAFT}
    assert before(GroupStatus.SENDING) == {GroupStatus.CONFIRMED, GroupStatus.PAUSED}
    for end in (GroupStatus.FINISHED, GroupStatus.CANCELLED):
        assert all(end not in before(status) for status in GroupStatus)


@pytest.mark.parametrize(
    "impossible",
    [
        {"status": GroupStatus.PAUSED},
        {"status": GroupStatus.CANCELLED},
        {"status": GroupStatus.DRAFT},
        {"paused_at": NOW},
        {"cancelled_at": NOW},
        {"frozen_at": None},
        {"status": GroupStatus.CONFIRMED},
        {"status": "resting"},
    ],
    ids=str,
)
def test_the_database_refuses_states_without_their_times(impossible: dict[str, object]) -> None:
    PatientFactory.create()
    scheduled()
    with pytest.raises(DatabaseError), transaction.atomic():
        GroupMessage.objects.update(**impossible)
    assert Message.objects.get().status == Status.QUEUED


@pytest.mark.parametrize("number", [5, 40])
def test_the_list_of_a_promotion_takes_the_same_few_statements(
    number: int, django_assert_max_num_queries: object
) -> None:
    PatientFactory.create_batch(number, accepts=True)
    group = confirm_for(steps.draft(marketing=True), None)
    with django_assert_max_num_queries(8):  # type: ignore[operator]
        composing.freeze(group_id=group.pk, at=NOW)
