"""Appointment reminders: pulled when they are due, so that a cancelled appointment needs no clean-up.

The marketing preference does not count here. A constraint allows one reminder per appointment, ever.
"""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from clinic.lib import placeholders
from patients.eligibility import Purpose, still_refused
from patients.models import Appointment, Patient
from settings_app.models import SmsSettings
from sms.models import Message
from sms.status import Status

KNOWN = frozenset({"first_name", "last_name", "clinic_name", "clinic_phone", "date", "time", "practitioner"})
DEFAULTS = {"first_name": "there", "practitioner": "us"}
BATCH = 500


def queue_due_reminders(*, now: datetime) -> int:
    """Queue a reminder for each appointment that starts soon and has none; returns how many.

    "Soon" is the number of hours in the settings. Patients who cannot get one are kept as left out, with the
    reason; once that is mended they get theirs, if there is still time.
    """
    settings = SmsSettings.load()
    soon = _due(settings, now)
    return _queue_new(soon.filter(messages=None), settings, now) + _queue_mended(soon, settings, now)


def count_due(*, now: datetime) -> int:
    """How many appointments would get a reminder row now."""
    return _due(SmsSettings.load(), now).filter(messages=None).count()


def _due(settings: SmsSettings, now: datetime) -> QuerySet[Appointment]:
    if not settings.reminders_enabled:
        return Appointment.objects.none()
    return Appointment.objects.starting_between(now, now + timedelta(hours=settings.reminder_hours_before))


def _queue_new(appointments: QuerySet[Appointment], settings: SmsSettings, now: datetime) -> int:
    queued = 0
    while batch := list(appointments.select_related("patient").order_by("starts_at", "id")[:BATCH]):
        refused = still_refused(
            Patient.objects.filter(pk__in=[appointment.patient_id for appointment in batch]), Purpose.REMINDER
        )
        rows = [_reminder(appointment, settings, now) for appointment in batch]
        for row in rows:
            if reason := refused.get(row.patient_id):
                row.status, row.left_out_reason = Status.LEFT_OUT, reason
        # Somebody else may have been quicker: the constraint on appointments decides.
        Message.objects.bulk_create(rows, ignore_conflicts=True)
        queued += sum(row.status == Status.QUEUED for row in rows)
    return queued


def _queue_mended(appointments: QuerySet[Appointment], settings: SmsSettings, now: datetime) -> int:
    queued = 0
    left_out = Message.objects.filter(status=Status.LEFT_OUT, appointment__in=appointments)
    patients = Patient.objects.filter(pk__in=left_out.values("patient"))
    refused = still_refused(patients, Purpose.REMINDER)
    for message in left_out.exclude(patient__in=list(refused)).select_related("appointment__patient")[:BATCH]:
        assert message.appointment is not None
        fresh = _reminder(message.appointment, settings, now)
        queued += Message.objects.filter(pk=message.pk, status=Status.LEFT_OUT).update(
            status=Status.QUEUED,
            left_out_reason="",
            phone=fresh.phone,
            body=fresh.body,
            send_by=fresh.send_by,
            status_at=now,
        )
    return queued


def _reminder(appointment: Appointment, settings: SmsSettings, now: datetime) -> Message:
    patient = appointment.patient
    return Message(
        purpose=Purpose.REMINDER,
        status=Status.QUEUED,
        patient=patient,
        appointment=appointment,
        phone=patient.phone,
        body=reminder_text(appointment, settings),
        created_at=now,
        send_by=appointment.starts_at,
        status_at=now,
    )


def reminder_text(appointment: Appointment, settings: SmsSettings) -> str:
    """The reminder as the patient reads it, in the clinic's time zone."""
    template = placeholders.parse(settings.reminder_text, known=KNOWN, defaults=DEFAULTS)
    starts = appointment.starts_at.astimezone(settings.zone)
    return template.render(
        {
            "first_name": appointment.patient.first_name,
            "last_name": appointment.patient.last_name,
            "clinic_name": settings.clinic_name,
            "clinic_phone": settings.clinic_phone,
            "date": f"{starts:%A} {starts.day} {starts:%B}",
            "time": f"{starts.hour % 12 or 12}:{starts:%M} {'am' if starts.hour < 12 else 'pm'}",
            "practitioner": appointment.practitioner,
        }
    )
