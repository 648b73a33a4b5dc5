"""What was proved not to have been sent: once more by itself, or when a person says so."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from patients import registration
from sms import composing, delivery, dispatch, gateway, outbox, reminders, second_try
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status
from tests.factories import AppointmentFactory, PatientFactory
from tests.sms import steps
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db


def lose_answers(*, at: datetime) -> None:
    """Claim what waits; no answer comes, and at Twilio there is nothing."""
    while claim := dispatch.next_batch(now=at):
        unknown: list[gateway.Outcome] = [gateway.OutcomeUnknown("timeout") for _ in claim.messages]
        dispatch.settle(claim, unknown, now=at)


def prove_absent(*, since: datetime) -> datetime:
    """Look up until the last time; returns when that was."""
    for after in delivery.LOOK_UP_AFTER:
        at = since + after
        delivery.look_up_unknown(clock=lambda at=at: at, until=at + timedelta(seconds=1))  # type: ignore[misc]
    return since + delivery.LOOK_UP_AFTER[-1]


def test_a_one_off_that_was_not_sent_is_sent_once_more_and_no_more(twilio: Twilio) -> None:
    now = timezone.now()
    message = steps.queued(PatientFactory.create(), at=now)
    lose_answers(at=now)
    proved_at = prove_absent(since=now)
    message.refresh_from_db()
    assert (message.status, message.sent_again_at, message.sent_again_by) == (Status.QUEUED, proved_at, None)

    lose_answers(at=proved_at)
    prove_absent(since=proved_at)
    message.refresh_from_db()
    assert (message.status, message.attempt) == (Status.NOT_SENT, 2)
    assert steps.drain(at=proved_at + timedelta(hours=1)) == 0


def test_a_second_try_arrives(twilio: Twilio) -> None:
    now = timezone.now()
    patient = PatientFactory.create()
    steps.queued(patient, at=now)
    lose_answers(at=now)
    steps.drain(at=prove_absent(since=now))
    assert twilio.numbers() == [patient.phone]
    assert steps.standing(patient) == (Status.ACCEPTED, "")


def test_a_reminder_that_was_not_sent_is_sent_once_more_unless_the_appointment_is_over_or_off(
    twilio: Twilio,
) -> None:
    now = timezone.now()
    kept, cancelled = AppointmentFactory.create_batch(2, starts_at=now + timedelta(hours=3))
    soon = AppointmentFactory.create(starts_at=now + timedelta(minutes=20))
    reminders.queue_due_reminders(now=now)
    lose_answers(at=now)
    type(cancelled).objects.filter(pk=cancelled.pk).cancel(at=now)
    steps.drain(at=prove_absent(since=now))
    assert twilio.numbers() == [kept.patient.phone]
    for appointment in (cancelled, soon):
        assert steps.standing(appointment.patient) == (Status.NOT_SENT, "")


def test_who_may_not_be_texted_any_more_gets_no_second_try(twilio: Twilio) -> None:
    now = timezone.now()
    patient = PatientFactory.create()
    steps.queued(patient, at=now)
    lose_answers(at=now)
    registration.archive(patient_id=patient.pk, at=now)
    steps.drain(at=prove_absent(since=now))
    assert twilio.posts() == []
    assert steps.standing(patient) == (Status.LEFT_OUT, "archived")


@pytest.fixture
def not_sent(twilio: Twilio) -> GroupMessage:
    """A group SMS to four: one got it, three did not."""
    now = timezone.now()
    PatientFactory.create_batch(4)
    group = steps.frozen(at=now)
    claim = outbox.claim(purpose=group.purpose, limit=1, now=now)
    dispatch.settle(claim, [gateway.Accepted("SM" + "1" * 32, "queued")], now=now)
    lose_answers(at=now)
    prove_absent(since=now)
    composing.finish(at=now)
    group.refresh_from_db()
    return group


def test_a_group_text_waits_for_a_person(not_sent: GroupMessage, twilio: Twilio) -> None:
    assert not_sent.status == GroupStatus.FINISHED
    assert second_try.waiting_for_a_person(not_sent) == 3
    assert steps.drain(at=timezone.now()) == 0
    assert twilio.posts() == []


def test_a_person_sends_it_to_those_who_did_not_get_it(
    not_sent: GroupMessage, twilio: Twilio, manager: User
) -> None:
    later = timezone.now() + timedelta(days=2)
    assert second_try.for_group(group_id=not_sent.pk, at_most=3, at=later, by_id=manager.pk) == 3
    assert second_try.for_group(group_id=not_sent.pk, at_most=3, at=later, by_id=manager.pk) == 0
    assert steps.drain(at=later) == 3
    got_it = Message.objects.get(sid="SM" + "1" * 32)
    assert twilio.numbers() == sorted(Message.objects.exclude(pk=got_it.pk).values_list("phone", flat=True))
    again = Message.objects.filter(sent_again_at=later, sent_again_by=manager, attempt=2)
    assert again.count() == 3
    assert composing.finish(at=later) == 1


def test_more_than_were_shown_are_not_sent(not_sent: GroupMessage, manager: User) -> None:
    at = timezone.now()
    assert second_try.for_group(group_id=not_sent.pk, at_most=2, at=at, by_id=manager.pk) == 0
    assert second_try.waiting_for_a_person(not_sent) == 3


def test_a_record_that_is_found_after_all_is_never_sent_again(not_sent: GroupMessage, twilio: Twilio) -> None:
    """A callback that comes hours late proves that the text exists, also after somebody has queued it again."""
    message = Message.objects.filter(status=Status.NOT_SENT).earliest("pk")
    Message.objects.filter(pk=message.pk).update(status=Status.QUEUED)
    delivery.record_news(
        token=message.token, sid="SM" + "7" * 32, status="delivered", error_code=None, at=timezone.now()
    )
    assert steps.drain(at=timezone.now()) == 0
    assert twilio.posts() == []
