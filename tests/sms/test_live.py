"""Whole stories: our pages' addresses, the simulator's callbacks, and a worker in a process of its own."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from patients.eligibility import Reason
from patients.models import Patient, SuppressedNumber
from sms import composing, tasks
from sms.models import DeliveryEvent, GroupMessage, InboundMessage, Message
from sms.status import GroupStatus, Status
from tests.factories import AppointmentFactory, PatientFactory
from tests.sms import steps, workers
from tests.sms.twilio import CARE, MARKETING, Twilio
from tests.sms.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def calling_back(twilio: Twilio, live_server: LiveServer, settings: Settings) -> Iterator[Twilio]:
    """The simulator with its callbacks and replies coming to a real server of ours."""
    settings.PUBLIC_BASE_URL = live_server.url
    twilio.set(callbacks=True, inbound_urls=[f"{live_server.url}/webhooks/twilio/inbound/"])
    yield twilio
    wait_until(twilio.is_quiet)  # The database is about to be emptied.


@pytest.fixture
def worker(calling_back: Twilio, tmp_path: Path) -> Iterator[None]:
    with workers.own_broker(tmp_path) as environment, workers.worker(tmp_path, environment):
        yield


def wait_for(status: Status, *messages: Message) -> None:
    wait_until(
        lambda: {steps.status_of(message) for message in messages} == {status},
        seconds=30,
        what=lambda: f"{status}; it is {[steps.status_of(message) for message in messages]}",
    )


@pytest.mark.parametrize(
    ("digits", "events"),
    [("0001", 3), ("7002", 3), ("7003", 3), ("7004", 3)],
    ids=["in order", "twice", "reversed", "before the answer"],
)
def test_a_text_ends_as_delivered_however_the_callbacks_come(
    calling_back: Twilio, digits: str, events: int
) -> None:
    message = steps.queued(PatientFactory.create(phone=f"+6141200{digits}"), at=timezone.now())
    steps.drain(at=timezone.now())
    wait_for(Status.DELIVERED, message)
    wait_until(lambda: DeliveryEvent.objects.count() == events)
    [text] = calling_back.texts()
    wait_until(lambda: {call["http_status"] for call in calling_back.texts()[0]["callbacks"]} == {204})
    message.refresh_from_db()
    assert message.sid == text["sid"]


def test_a_text_whose_answer_was_lost_is_bound_by_its_callback(calling_back: Twilio) -> None:
    message = steps.queued(PatientFactory.create(phone="+61412005001"), at=timezone.now())
    steps.drain(at=timezone.now())
    wait_for(Status.DELIVERED, message)
    message.refresh_from_db()
    assert message.sid == calling_back.texts()[0]["sid"]
    assert len(calling_back.posts()) == 1


def test_a_dead_number_is_known_from_its_callback(calling_back: Twilio) -> None:
    message = steps.queued(PatientFactory.create(phone="+61412003006"), at=timezone.now())
    steps.drain(at=timezone.now())
    wait_for(Status.UNDELIVERED, message)
    wait_until(lambda: Patient.objects.get().number_refused_code == 30006)


def test_a_stop_from_the_phone_is_respected_by_the_next_text(
    calling_back: Twilio, around_the_clock: None
) -> None:
    patient = PatientFactory.create(accepts=True)
    steps.sent(marketing=True, at=timezone.now())
    [heard] = calling_back.reply(from_=patient.phone, body="stop", to=MARKETING)["webhooks"]
    assert heard["http_status"] == 200
    assert InboundMessage.objects.get().sender == MARKETING
    assert SuppressedNumber.objects.get().phone == patient.phone

    group = steps.draft("More news", marketing=True)
    with pytest.raises(composing.ReviewAgain):
        steps.confirm(group)
    steps.sent("We are closed", marketing=False, at=timezone.now())
    assert [(text["body"], text["messaging_service_sid"]) for text in calling_back.texts()] == [
        ("Hello\nOur clinic. Reply STOP to opt out.", MARKETING),
        ("We are closed", CARE),
    ]
    assert len(calling_back.posts()) == 2


def test_from_confirmation_to_delivery_with_a_real_worker(
    calling_back: Twilio, worker: None, around_the_clock: None
) -> None:
    """The bell, the list, the sender, the callbacks; and a reminder and a one-off beside it."""
    now = timezone.now()
    accepting = PatientFactory.create_batch(3, accepts=True)
    refusing = PatientFactory.create(accepts=False)
    group = steps.draft("News", marketing=True, at=now)
    assert steps.confirm(group, at=now)
    tasks.freeze_soon(group.pk)
    wait_until(lambda: Message.objects.filter(status=Status.DELIVERED).count() == 3)
    assert calling_back.numbers() == sorted(patient.phone for patient in accepting)
    assert steps.standing(refusing) == (Status.LEFT_OUT, Reason.NOT_SUBSCRIBED)
    wait_until(lambda: GroupMessage.objects.get().status == GroupStatus.FINISHED)

    AppointmentFactory.create(patient=refusing, starts_at=now + timedelta(hours=3))
    tasks.queue_due_reminders.delay()
    wait_until(lambda: len(calling_back.texts(refusing.phone)) == 1)
    steps.queued(refusing, at=now)
    tasks.send_soon()
    wait_until(lambda: len(calling_back.texts(refusing.phone)) == 2)
    wait_until(lambda: Message.objects.filter(status=Status.DELIVERED).count() == 5)
    assert len(calling_back.posts()) == 5


def test_a_bell_that_was_lost_costs_nothing_but_time(calling_back: Twilio, worker: None) -> None:
    """Confirmed while the broker was away; then one tick, as beat sends it every few seconds."""
    patients = PatientFactory.create_batch(2)
    group = steps.draft(at=timezone.now())
    steps.confirm(group, at=timezone.now())
    with workers.broker("redis://127.0.0.1:1/0"):
        tasks.freeze_soon(group.pk)
    assert calling_back.posts() == []
    tasks.tick.delay()
    wait_until(lambda: Message.objects.filter(status=Status.DELIVERED).count() == 2)
    assert calling_back.numbers() == sorted(patient.phone for patient in patients)


def test_twenty_bells_send_each_text_once(calling_back: Twilio, worker: None) -> None:
    patients = PatientFactory.create_batch(120)
    group = steps.draft(at=timezone.now())
    steps.confirm(group, at=timezone.now())
    for _ in range(20):
        tasks.freeze_soon(group.pk)
        tasks.send_soon()
    wait_until(
        lambda: Message.objects.filter(status=Status.DELIVERED).count() == 120,
        seconds=120,
        what=lambda: f"120 delivered; {Counter(Message.objects.values_list('status', flat=True))}",
    )
    assert calling_back.numbers() == sorted(patient.phone for patient in patients)
    assert len(calling_back.posts()) == 120
