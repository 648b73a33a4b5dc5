"""A bell is only a bell: without it the tick finds the work, and no page waits for a broker."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sms import delivery, dispatch, gateway, outbox, pacing, steering, tasks
from sms.models import Heartbeat, Message, SendingPause
from sms.status import GroupStatus, Status
from tests.factories import AppointmentFactory, PatientFactory, UserFactory
from tests.sms import steps, workers
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def bells(tmp_path: Path) -> Iterator[Path]:
    """A folder in which each bell that nobody has heard is a file."""
    messages = tmp_path / "messages"
    messages.mkdir()
    folders = {"data_folder_in": str(messages), "data_folder_out": str(messages)}
    with workers.broker("filesystem://", **folders, control_folder=str(tmp_path)):
        yield messages


def rung(bells: Path) -> list[str]:
    """The tasks that were called and have not been heard."""
    texts = [bell.read_text() for bell in sorted(bells.iterdir())]
    return [name for text in texts for name in ("drain", "freeze") if f"sms.tasks.{name}" in text]


def test_a_bell_rings_once_what_it_is_about_is_saved(
    bells: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    group = steps.draft()
    with django_capture_on_commit_callbacks(execute=True):
        tasks.send_soon()
        tasks.freeze_soon(group.pk)
        assert rung(bells) == []
    assert sorted(rung(bells)) == ["drain", "freeze"]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_rings_no_bell(bells: Path) -> None:
    with transaction.atomic():
        tasks.send_soon()
        transaction.set_rollback(True)
    assert rung(bells) == []


def ring_and_time() -> float:
    begin = time.monotonic()
    tasks._ring(tasks.drain)
    return time.monotonic() - begin


def test_a_broker_that_is_down_does_not_hold_up_a_page(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    options = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry_on_timeout": False, "max_retries": 0}
    with workers.broker(f"redis://127.0.0.1:{port}/0", **options):
        assert ring_and_time() < 2
    assert "did not answer" in caplog.text


def test_whether_a_bell_would_be_heard_is_known_at_once(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
    with workers.broker(settings.CELERY_BROKER_URL):
        begin = time.monotonic()
        assert not tasks.broker_answers()
        assert time.monotonic() - begin < 1.5


def test_a_broker_that_is_frozen_does_not_hold_up_a_page_for_long(caplog: pytest.LogCaptureFixture) -> None:
    options = {"socket_timeout": 1, "socket_connect_timeout": 1, "retry_on_timeout": False, "max_retries": 0}
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with workers.broker(f"redis://127.0.0.1:{port}/0", **options):
            assert ring_and_time() < 2
    assert "did not answer" in caplog.text


def test_folders_that_cannot_be_written_to_do_not_break_a_page(
    bells: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bells.rmdir()
    bells.write_text("no folder")
    tasks._ring(tasks.drain)
    assert "did not answer" in caplog.text


def test_what_is_left_when_the_time_is_up_has_the_bell_rung_again(
    twilio: Twilio, bells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing.environment, "TWILIO_AT_ONCE", 1)
    monkeypatch.setattr(outbox, "TURNS", 1)
    monkeypatch.setattr(tasks, "LONGEST_DRAIN", timedelta(milliseconds=150))
    twilio.set(latency_ms=200)
    for _ in range(2):
        steps.queued(PatientFactory.create(), at=timezone.now())
    tasks.drain()
    assert (len(twilio.texts()), rung(bells)) == (1, ["drain"])
    tasks.drain()
    assert (len(twilio.texts()), rung(bells)) == (2, ["drain"])


def test_a_drain_that_found_nothing_does_not_ring_for_what_others_hold(
    account: None, bells: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it would ring for itself as fast as it can for as long as they hold it."""
    now = timezone.now()
    steps.queued(PatientFactory.create(), at=now)
    monkeypatch.setattr(tasks, "LONGEST_DRAIN", timedelta(0))
    tasks.drain()
    assert outbox.anything_ready(now=now)
    assert rung(bells) == []


def test_a_drain_finishes_what_is_done(twilio: Twilio, bells: Path) -> None:
    PatientFactory.create_batch(2)
    group = steps.frozen(at=timezone.now())
    tasks.drain()
    group.refresh_from_db()
    assert group.status == GroupStatus.FINISHED
    assert (len(twilio.texts()), rung(bells)) == (2, [])


def test_the_list_is_made_and_the_sender_called(bells: Path) -> None:
    PatientFactory.create()
    group = steps.draft()
    steps.confirm(group)
    tasks.freeze(str(group.pk))
    assert Message.objects.get().status == Status.QUEUED
    assert rung(bells) == ["drain"]


def test_a_tick_finds_everything_whatever_bell_was_lost(account: None, bells: Path) -> None:
    now = timezone.now()
    dead = steps.claimed(PatientFactory.create(), at=now - timedelta(minutes=10)).messages[0]
    late = steps.queued(PatientFactory.create(), at=now - timedelta(days=1))
    group = steps.draft(at=now)
    steps.confirm(group, at=now)
    assert Heartbeat.is_silent(now=now)
    tasks.tick()
    assert not Heartbeat.is_silent(now=now)
    assert (steps.status_of(dead), steps.status_of(late)) == (Status.UNKNOWN, Status.EXPIRED)
    assert group.messages.count() == 2
    assert rung(bells) == ["drain"]


def test_a_tick_with_nothing_to_do_rings_for_nobody(bells: Path) -> None:
    tasks.tick()
    assert rung(bells) == []


def test_while_sending_rests_a_tick_rings_for_nobody(account: None, bells: Path) -> None:
    now = timezone.now()
    steps.queued(PatientFactory.create(), at=now)
    SendingPause.objects.create(error_code=20003, paused_at=now)
    tasks.tick()
    assert rung(bells) == []


def test_the_heart_is_silent_after_a_while() -> None:
    now = timezone.now()
    Heartbeat.beat(at=now)
    Heartbeat.beat(at=now)
    assert Heartbeat.objects.count() == 1
    assert not Heartbeat.is_silent(now=now + timedelta(minutes=1))
    assert Heartbeat.is_silent(now=now + timedelta(minutes=1, seconds=1))


def test_unknown_texts_are_looked_up(twilio: Twilio) -> None:
    now = timezone.now() - delivery.LOOK_UP_AFTER[-1]
    taken = steps.claimed(PatientFactory.create(), at=now)
    dispatch.settle(taken, [gateway.OutcomeUnknown("timeout")], now=now)
    Message.objects.update(look_ups=len(delivery.LOOK_UP_AFTER) - 1)
    steps.on_the_last_try(*taken.messages)
    tasks.look_up_unknown()
    assert Message.objects.get().status == Status.NOT_SENT


def test_promotions_that_need_not_wait_any_more_call_the_sender(bells: Path, around_the_clock: None) -> None:
    now = timezone.now()
    PatientFactory.create(accepts=True)
    group = steps.frozen(marketing=True, at=now)
    tasks.release_promotions()
    assert rung(bells) == []
    group.messages.update(not_before=now + timedelta(hours=9))
    tasks.release_promotions()
    assert rung(bells) == ["drain"]


def test_a_tick_stops_what_came_back_after_the_stop(bells: Path) -> None:
    PatientFactory.create()
    group = steps.frozen(at=timezone.now())
    steering.cancel(group_id=group.pk, at=timezone.now(), by=UserFactory.create())
    steps.put(Message.objects.get(), status=Status.QUEUED)
    tasks.tick()
    assert (Message.objects.get().status, rung(bells)) == (Status.CANCELLED, [])


def test_reminders_that_are_due_call_the_sender(bells: Path) -> None:
    tasks.queue_due_reminders()
    assert rung(bells) == []
    AppointmentFactory.create(starts_at=timezone.now() + timedelta(hours=2))
    tasks.queue_due_reminders()
    assert rung(bells) == ["drain"]
