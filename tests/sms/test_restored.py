"""After a restored backup nothing that was sent is sent again without a person; an interruption alone passes."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sms import delivery, dispatch, gateway, outbox, reminders, restored, strays, tasks
from sms.gateway import records
from sms.models import Heartbeat, Message, SendingPause, StrayRecord
from sms.models.pause import PauseKind
from sms.status import Status
from tests.factories import AppointmentFactory, PatientFactory
from tests.sms import backups, steps
from tests.sms.gateway.texts import post_all
from tests.sms.pages.test_compose_and_review import words
from tests.sms.twilio import CARE, Twilio

pytestmark = pytest.mark.django_db


def beat_until(**ago: int) -> None:
    """The sender was last alive so long ago."""
    Heartbeat.objects.update_or_create(
        pk=1,
        defaults={
            "at": timezone.now() - timedelta(**ago),
            "compared_at": timezone.now() - timedelta(**ago),
            "compare_again_at": None,
        },
    )


def may_send() -> bool:
    return restored.may_send(clock=timezone.now)


def post(to: str, body: str, *, sender: str = CARE) -> str:
    """A text that is at Twilio and that this database does not know."""
    text = gateway.Outgoing(to=to, body=body, sender=sender, callback_url="", valid_for=timedelta(hours=1))
    [outcome] = post_all([text])
    assert isinstance(outcome, gateway.Accepted)
    return outcome.sid


def look_up_all() -> None:
    for after in delivery.LOOK_UP_AFTER:
        at = timezone.now() + after
        delivery.look_up_unknown(clock=lambda at=at: at, until=at + timedelta(seconds=9))  # type: ignore[misc]


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_before_the_texts_left_sends_none_of_them_again(
    twilio: Twilio, tmp_path: Path, settings: Settings
) -> None:
    """The whole story, with a real backup: a group SMS, a reminder, and a one-off that never left."""
    if connection.vendor == "postgresql" and not shutil.which("pg_dump"):
        pytest.skip("needs pg_dump")
    now = timezone.now()
    appointment = AppointmentFactory.create(starts_at=now + timedelta(hours=20))
    PatientFactory.create_batch(5)
    steps.frozen(at=now)
    beat_until(minutes=10)
    backups.save(tmp_path / "backup")

    Heartbeat.compared(at=now)
    reminders.queue_due_reminders(now=now)
    tasks.drain()
    assert len(twilio.texts()) == 7
    backups.restore(tmp_path / "backup")

    assert Message.objects.filter(status=Status.QUEUED).count() == 6
    unsent = steps.queued(PatientFactory.create(), at=now)
    tasks.drain()  # A bell alone does not get past it.
    assert Message.objects.filter(status=Status.UNKNOWN).count() == 6
    pause = SendingPause.objects.get()
    assert (pause.kind, pause.number) == (PauseKind.BACKUP, 7)
    assert len(twilio.posts()) == 7

    reminders.queue_due_reminders(now=timezone.now())  # The lost reminder is made anew.
    outbox.resume(now=timezone.now(), by_id=unsent.created_by_id or 0)
    tasks.tick()
    tasks.drain()
    assert len(twilio.texts()) == 8
    assert steps.status_of(unsent) == Status.ACCEPTED
    look_up_all()
    assert Message.objects.filter(status=Status.DELIVERED).count() == 7
    assert Message.objects.get(appointment=appointment).status == Status.DELIVERED
    assert len(twilio.posts()) == 8


def test_a_mere_interruption_passes_by_itself(twilio: Twilio) -> None:
    steps.queued(PatientFactory.create(), at=timezone.now())
    steps.drain(at=timezone.now())
    beat_until(hours=3)
    steps.queued(PatientFactory.create(), at=timezone.now())
    tasks.tick()
    assert not restored.waits(now=timezone.now())
    tasks.drain()
    assert len(twilio.texts()) == 2
    assert not SendingPause.objects.exists()


def test_a_worker_that_died_in_the_middle_is_no_backup(twilio: Twilio) -> None:
    """Its texts are at Twilio, and their sids were never written down."""
    now = timezone.now()
    for _ in range(3):
        steps.queued(PatientFactory.create(), at=now)
    claim = dispatch.next_batch(now=now)
    assert claim is not None
    post_all([dispatch._outgoing(message, message.send_by, now) for message in claim.messages])
    beat_until(hours=1)
    assert may_send()
    steps.put(claim.messages[0], status=Status.UNKNOWN)
    steps.put(claim.messages[1], status=Status.NOT_SENT)
    beat_until(hours=1)
    assert may_send()


def test_a_second_record_of_one_text_is_explained_by_nothing(twilio: Twilio) -> None:
    now = timezone.now()
    claim = steps.claimed(PatientFactory.create(), "Please call", at=now)
    for _ in range(2):
        post(claim.messages[0].phone, "Please call")
    beat_until(hours=1)
    assert not may_send()
    assert SendingPause.objects.get().number == 1


def test_others_texts_prove_nothing(twilio: Twilio) -> None:
    """Another sender of the account, a reply, and what was sent before the gap."""
    patient = PatientFactory.create()
    steps.queued(patient, at=timezone.now())
    steps.drain(at=timezone.now())
    post(patient.phone, "From the other system", sender="+61400000000")
    twilio.reply(from_=patient.phone, body="Thanks", to=CARE)
    beat_until(hours=1)
    assert may_send()


def test_without_a_gap_nobody_asks(account: None) -> None:
    """Nobody listens at the account's address here."""
    beat_until(seconds=int(restored.GAP.total_seconds()) - 5)
    assert may_send()
    Heartbeat.objects.all().delete()
    assert may_send()


def test_as_long_as_the_list_cannot_be_read_nothing_is_sent(
    twilio: Twilio, settings: Settings, manager_client: Client
) -> None:
    steps.queued(PatientFactory.create(), at=timezone.now())
    beat_until(hours=1)
    settings.TWILIO_API_URL = "http://127.0.0.1:1"
    tasks.tick()
    tasks.drain()
    assert restored.waits(now=timezone.now())
    assert "Sending waits for a comparison with Twilio" in words(manager_client.get("/").content)
    assert not SendingPause.objects.exists()

    settings.TWILIO_API_URL = twilio.url
    assert not may_send()  # Too soon after the last try.
    later = timezone.now() + restored.TRY_AGAIN_AFTER
    assert restored.may_send(clock=lambda: later)
    tasks.drain()
    assert len(twilio.texts()) == 1
    assert "Sending waits" not in words(manager_client.get("/").content)


def test_only_one_compares_at_a_time(twilio: Twilio) -> None:
    beat_until(hours=1)
    now = timezone.now()
    assert Heartbeat.take_turn(now=now, until=now + restored.LONGEST_COMPARING)
    assert not may_send()
    later = now + restored.LONGEST_COMPARING
    assert restored.may_send(clock=lambda: later)


def test_an_account_with_too_much_to_read_waits_for_a_person(
    twilio: Twilio, monkeypatch: pytest.MonkeyPatch, manager: User, manager_client: Client
) -> None:
    monkeypatch.setattr(records, "LARGE_PAGE_SIZE", 1)
    monkeypatch.setattr(records, "MOST_LARGE_PAGES", 2)
    for number in range(3):
        post(f"+6141290000{number}", "Hello")
    beat_until(hours=1)
    assert not may_send()
    assert "too much at Twilio to compare" in words(manager_client.get("/").content)
    outbox.resume(now=timezone.now(), by_id=manager.pk)
    assert may_send()


def test_what_a_person_writes_afterwards_is_sent_though_the_words_are_the_same(
    twilio: Twilio, manager: User
) -> None:
    patient = PatientFactory.create()
    post(patient.phone, "Please call us")
    beat_until(hours=1)
    assert not may_send()
    outbox.resume(now=timezone.now(), by_id=manager.pk)
    again = steps.queued(patient, "Please call us", at=timezone.now())
    tasks.drain()
    assert steps.status_of(again) == Status.ACCEPTED
    assert may_send()  # What is known to be lost is not found a second time.


def test_one_record_explains_one_text(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    now = timezone.now()
    for _ in range(2):
        steps.queued(patient, "Please call us", at=now)
    post(patient.phone, "Please call us")
    beat_until(hours=1)
    may_send()
    assert sorted(Message.objects.values_list("status", flat=True)) == [Status.QUEUED, Status.UNKNOWN]


def test_nothing_personal_is_kept_of_what_was_lost(twilio: Twilio) -> None:
    post("+61412900001", "Your results are here")
    beat_until(hours=1)
    may_send()
    [row] = StrayRecord.objects.values()
    assert "412900001" not in str(row)
    assert "results" not in str(row)
    assert strays.digest("+61412900001", "Your results are here") == row["digest"]


def test_a_pause_that_was_in_force_tells_of_the_backup_instead(
    twilio: Twilio, manager_client: Client
) -> None:
    outbox.pause(code=20003, now=timezone.now())
    post("+61412900001", "Your results are here")
    beat_until(hours=1)
    may_send()
    page = words(manager_client.get("/").content)
    assert "A backup seems to have been restored: 1 text is at Twilio that is not in this database." in page
    assert "The lost time begins on" in page
    assert "credentials" not in page
