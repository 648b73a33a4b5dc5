"""What is done by hand at the command line."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from sms import delivery, dispatch, gateway, outbox
from sms.models import Message
from sms.status import Status
from tests.factories import AppointmentFactory, PatientFactory
from tests.sms import steps
from tests.sms.gateway.texts import post_all
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().strip()


def test_a_dry_run_of_the_reminders_changes_nothing() -> None:
    AppointmentFactory.create_batch(2, starts_at=timezone.now() + timedelta(hours=2))
    assert run("send_due_reminders", "--dry-run") == "2 appointments are due for a reminder."
    assert not Message.objects.exists()


def test_reminders_are_queued_once_however_often_it_runs() -> None:
    AppointmentFactory.create_batch(2, starts_at=timezone.now() + timedelta(hours=2))
    assert run("send_due_reminders") == "2 reminders queued."
    assert run("send_due_reminders") == "0 reminders queued."
    assert Message.objects.count() == 2


def test_the_sweep_finds_the_dead_and_the_late(account: None) -> None:
    now = timezone.now()
    dead = steps.claimed(PatientFactory.create(), at=now - outbox.LEASE * 2).messages[0]
    late = steps.queued(PatientFactory.create(), at=now - timedelta(days=1))
    group = steps.frozen(at=now - timedelta(days=2))
    assert run("sweep_messages") == "1 became unknown, 3 expired, 1 group SMS finished."
    assert (steps.status_of(dead), steps.status_of(late)) == (Status.UNKNOWN, Status.EXPIRED)
    assert group.messages.filter(status=Status.EXPIRED).count() == 2


def test_reconciliation_asks_twilio_and_sends_nothing(twilio: Twilio) -> None:
    now = timezone.now() - delivery.LOOK_UP_AFTER[0]
    taken = steps.claimed(PatientFactory.create(), at=now)
    post_all([dispatch._outgoing(message, message.send_by, now) for message in taken.messages])
    dispatch.settle(taken, [gateway.OutcomeUnknown("timeout")], now=now)
    assert run("reconcile_messages") == "1 settled, lost news of 0."
    assert run("reconcile_messages") == "0 settled, lost news of 0."
    assert len(twilio.posts()) == 1
    assert Message.objects.get().sid == twilio.texts()[0]["sid"]
