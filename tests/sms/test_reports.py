"""The numbers on the pages add up."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from patients.eligibility import Reason
from patients.models import Appointment
from settings_app.models import SmsSettings
from sms import dispatch, reminders, reports
from sms.models import Message
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory
from tests.sms import steps

pytestmark = pytest.mark.django_db


def test_progress_counts_texts_and_reasons_apart() -> None:
    PatientFactory.create_batch(len(Status), accepts=True)
    PatientFactory.create(phone="")
    PatientFactory.create_batch(2, accepts=False)
    group = steps.frozen(marketing=True)
    waiting = group.messages.filter(status=Status.QUEUED).order_by("pk")
    for message, status in zip(list(waiting), Status, strict=True):
        reason = Reason.ARCHIVED if status == Status.LEFT_OUT else ""
        steps.put(message, status=status, left_out_reason=reason)
    progress = reports.progress(group)
    assert progress.per_status == {status: 4 if status == Status.LEFT_OUT else 1 for status in Status}
    assert progress.per_reason == {Reason.NO_MOBILE: 1, Reason.NOT_SUBSCRIBED: 2, Reason.ARCHIVED: 1}
    assert list(progress.per_reason) == [Reason.NO_MOBILE, Reason.ARCHIVED, Reason.NOT_SUBSCRIBED]
    assert progress.total == len(Status) - 1
    assert progress.left_out == 4
    assert progress.decided == progress.total - 3
    assert progress.awaiting_news == 2


def test_progress_of_a_text_whose_list_is_not_made_is_nothing() -> None:
    progress = reports.progress(steps.draft())
    assert (progress.total, progress.left_out, progress.decided) == (0, 0, 0)


def billed(at: datetime, body: str = "Hello", status: Status = Status.DELIVERED) -> Message:
    """A text that was claimed, and counted, at `at`, and then became `status`."""
    claim = steps.claimed(PatientFactory.create(), body, at=at)
    return steps.put(claim.messages[0], status=status)


@pytest.mark.usefixtures("account")
def test_a_month_counts_the_parts_of_what_twilio_took(sms_settings: SmsSettings) -> None:
    # Midnight in Sydney is eleven hours before midnight in London.
    begins = datetime(2026, 10, 31, 13, 0, tzinfo=UTC)
    billed(begins - timedelta(seconds=1))
    for status in (Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.UNDELIVERED):
        billed(begins, "x" * 161, status)
    billed(begins, status=Status.FAILED)
    billed(begins, status=Status.UNKNOWN)
    steps.queued(PatientFactory.create(), at=NOW)
    month = reports.this_month(sms_settings, now=NOW)
    assert (month.since, month.texts, month.parts, month.cost) == (begins, 4, 8, None)
    sms_settings.part_price, sms_settings.currency = Decimal("0.0515"), "AUD"
    assert reports.this_month(sms_settings, now=NOW).cost == Decimal("0.41")


@pytest.mark.usefixtures("account")
def test_each_text_of_a_claim_has_its_own_parts() -> None:
    for length in (1, 160, 161, 400):
        steps.queued(PatientFactory.create(), "x" * length)
    waiting = steps.queued(PatientFactory.create(), at=NOW + timedelta(hours=1))
    Message.objects.filter(pk=waiting.pk).update(not_before=NOW + timedelta(hours=1))
    claim = dispatch.next_batch(now=NOW)
    assert claim is not None
    assert [message.parts for message in claim.messages] == [1, 1, 2, 3]
    assert Message.objects.get(pk=waiting.pk).parts is None


def test_texts_sent_before_parts_were_counted_get_them_once() -> None:
    lately, long_ago, bare = (steps.queued(PatientFactory.create(), "x" * 161) for _ in range(3))
    steps.put(lately, status=Status.DELIVERED, claimed_at=timezone.now())
    steps.put(long_ago, status=Status.DELIVERED, claimed_at=timezone.now() - timedelta(days=70))
    migration = import_module("sms.migrations.0016_parts_already_sent")
    migration.forwards(apps, SimpleNamespace(connection=connection))
    found = dict(Message.objects.values_list("pk", "parts"))
    assert found == {lately.pk: 2, long_ago.pk: None, bare.pk: None}


def test_a_reminder_in_vain_is_shown_while_there_is_time_to_call() -> None:
    def reminded(status: Status, **appointment: Any) -> Message:
        of = AppointmentFactory.create(**appointment)
        reminders.queue_due_reminders(now=of.starts_at - timedelta(hours=1))
        return steps.put(Message.objects.get(appointment=of), status=status)

    later = reminded(Status.UNDELIVERED, starts_at=NOW + timedelta(hours=3))
    sooner = reminded(Status.FAILED, starts_at=NOW + timedelta(hours=2))
    reminded(Status.DELIVERED, starts_at=NOW + timedelta(hours=2))
    reminded(Status.FAILED, starts_at=NOW - timedelta(minutes=1))
    over = reminded(Status.FAILED, starts_at=NOW + timedelta(hours=2))
    Appointment.objects.filter(pk=over.appointment_id).update(cancelled_at=NOW)
    steps.put(steps.queued(PatientFactory.create()), status=Status.FAILED)
    assert list(reports.reminders_in_vain(now=NOW)) == [sooner, later]
