"""Reminders: pulled when they are due, at most one for each appointment, in the clinic's own time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients import registration
from patients.eligibility import Reason
from patients.models import Appointment, Covers, Patient
from patients.suppression import lift_block
from settings_app.models import SmsSettings
from sms import reminders
from sms.models import Message
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory, block
from tests.sms import steps
from tests.sms.twilio import CARE, Twilio

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def appointment(starts_in: timedelta, **given: object) -> Appointment:
    return AppointmentFactory.create(starts_at=NOW + starts_in, **given)


def run(at: datetime = NOW) -> int:
    return reminders.queue_due_reminders(now=at)


def test_a_reminder_goes_out_and_says_when_and_where(twilio: Twilio) -> None:
    SmsSettings.objects.update(clinic_name="Harbour Clinic")
    appointment(timedelta(hours=20), patient=PatientFactory.create(first_name="Ana"))
    assert reminders.count_due(now=NOW) == 1
    assert run() == 1
    steps.drain()
    [text] = twilio.texts()
    assert text["body"] == (
        "Hi Ana, this is a reminder of your appointment at Harbour Clinic on Wednesday 25 November at 8:00 am."
    )
    assert text["messaging_service_sid"] == CARE


def test_only_appointments_that_start_soon_and_have_not_started_are_reminded_of() -> None:
    SmsSettings.objects.update(reminder_hours_before=24)
    for starts_in in (timedelta(0), -HOUR, timedelta(hours=24, seconds=1)):
        appointment(starts_in)
    due = {appointment(timedelta(seconds=1)).pk, appointment(timedelta(hours=24)).pk}
    assert run() == 2
    assert set(Message.objects.values_list("appointment", flat=True)) == due


def test_the_hours_before_are_those_of_the_settings() -> None:
    SmsSettings.objects.update(reminder_hours_before=48)
    appointment(timedelta(hours=47))
    assert run() == 1


def test_running_again_reminds_nobody_twice(twilio: Twilio) -> None:
    appointment(20 * HOUR)
    assert [run(), run(NOW + HOUR)] == [1, 0]
    steps.drain(at=NOW + HOUR)
    assert [run(NOW + 2 * HOUR), steps.drain(at=NOW + 2 * HOUR)] == [0, 0]
    assert len(twilio.texts()) == 1


def test_two_appointments_of_one_patient_have_a_reminder_each(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    appointment(20 * HOUR, patient=patient)
    appointment(21 * HOUR, patient=patient)
    assert run() == 2
    steps.drain()
    assert twilio.numbers() == [patient.phone] * 2


def test_a_family_on_one_number_has_a_reminder_for_each(twilio: Twilio) -> None:
    for patient in PatientFactory.create_batch(2, phone="+61412900001"):
        appointment(20 * HOUR, patient=patient)
    assert run() == 2
    steps.drain()
    assert len(twilio.texts()) == 2


def test_a_cancelled_appointment_is_not_reminded_of(twilio: Twilio) -> None:
    appointment(20 * HOUR, cancelled_at=NOW - HOUR)
    assert reminders.count_due(now=NOW) == 0
    assert run() == 0
    assert Message.objects.count() == 0


def test_the_marketing_preference_does_not_count(twilio: Twilio) -> None:
    patient = PatientFactory.create(accepts=False)
    block(patient.phone, covers=Covers.MARKETING)
    appointment(20 * HOUR, patient=patient)
    run()
    steps.drain()
    assert twilio.numbers() == [patient.phone]


def test_reminders_can_be_turned_off_altogether() -> None:
    SmsSettings.objects.update(reminders_enabled=False)
    appointment(20 * HOUR)
    assert [reminders.count_due(now=NOW), run()] == [0, 0]
    assert Message.objects.count() == 0


@pytest.mark.parametrize(
    ("reason", "given"),
    [
        (Reason.NO_MOBILE, {"phone": ""}),
        (Reason.INVALID_NUMBER, {"phone": "+61290000000"}),
        (Reason.INVALID_NUMBER, {"number_refused": True}),
        (Reason.DECEASED, {"deceased": True}),
        (Reason.ARCHIVED, {"archived": True}),
        (Reason.REMINDERS_OFF, {"wants_reminders": False}),
    ],
)
def test_whoever_cannot_be_reminded_is_left_out_with_the_reason(
    twilio: Twilio, reason: Reason, given: dict[str, object]
) -> None:
    left_out, other = PatientFactory.create(**given), PatientFactory.create()
    for patient in (left_out, other):
        appointment(20 * HOUR, patient=patient)
    assert run() == 1
    assert [run(), run()] == [0, 0]
    steps.drain()
    assert steps.standing(left_out) == (Status.LEFT_OUT, reason)
    assert twilio.numbers() == [other.phone]


def test_a_blocked_number_is_left_out_until_the_block_is_lifted(twilio: Twilio) -> None:
    patient = PatientFactory.create(first_name="Ana")
    block(patient.phone)
    appointment(20 * HOUR, patient=patient)
    assert run() == 0
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.NUMBER_BLOCKED)
    lift_block(phone=patient.phone, covers=Covers.EVERYTHING, at=NOW)
    assert [run(NOW + HOUR), run(NOW + HOUR)] == [1, 0]
    steps.drain(at=NOW + HOUR)
    assert [text["to"] for text in twilio.texts()] == [patient.phone]


def test_what_is_mended_goes_out_with_what_is_true_by_then(twilio: Twilio) -> None:
    """Left out for want of a number, then given one, with another name, and moved to another hour."""
    patient = PatientFactory.create(phone="", first_name="Ann")
    booked = appointment(20 * HOUR, patient=patient)
    run()
    Patient.objects.filter(pk=patient.pk).update(phone="+61412900001", phone_kind="mobile", first_name="Anna")
    Appointment.objects.filter(pk=booked.pk).update(starts_at=NOW + 22 * HOUR)
    assert run() == 1
    message = Message.objects.get()
    assert message.send_by == NOW + 22 * HOUR
    steps.drain()
    [text] = twilio.texts()
    assert text["to"] == "+61412900001"
    assert text["body"].startswith("Hi Anna, ")
    assert text["body"].endswith("at 10:00 am.")


def test_what_is_mended_too_late_stays_left_out(twilio: Twilio) -> None:
    patient = PatientFactory.create(wants_reminders=False)
    appointment(2 * HOUR, patient=patient)
    run()
    Patient.objects.update(wants_reminders=True)
    assert run(NOW + 2 * HOUR) == 0
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.REMINDERS_OFF)


def test_one_who_was_left_out_at_the_last_second_is_reminded_once_that_is_mended(twilio: Twilio) -> None:
    patient = PatientFactory.create()
    appointment(20 * HOUR, patient=patient)
    run()
    registration.archive(patient_id=patient.pk, at=NOW)
    steps.drain()
    assert steps.standing(patient) == (Status.LEFT_OUT, Reason.ARCHIVED)
    registration.unarchive(patient_id=patient.pk, at=NOW)
    assert run() == 1
    steps.drain()
    assert twilio.numbers() == [patient.phone]


def test_a_reminder_is_worth_nothing_once_the_appointment_has_begun(twilio: Twilio) -> None:
    appointment(HOUR)
    run()
    steps.drain(at=NOW + HOUR)
    assert Message.objects.get().status == Status.EXPIRED
    assert twilio.posts() == []


@pytest.mark.parametrize(
    ("starts_at", "zone", "expected"),
    [
        (datetime(2026, 10, 3, 15, 59, tzinfo=UTC), "Australia/Sydney", "Sunday 4 October 1:59 am"),
        (datetime(2026, 10, 3, 16, 0, tzinfo=UTC), "Australia/Sydney", "Sunday 4 October 3:00 am"),
        (datetime(2026, 4, 4, 15, 30, tzinfo=UTC), "Australia/Sydney", "Sunday 5 April 2:30 am"),
        (datetime(2026, 4, 4, 16, 30, tzinfo=UTC), "Australia/Sydney", "Sunday 5 April 2:30 am"),
        (datetime(2026, 10, 25, 9, 0, tzinfo=UTC), "Europe/London", "Sunday 25 October 9:00 am"),
        (datetime(2026, 10, 24, 9, 0, tzinfo=UTC), "Europe/London", "Saturday 24 October 10:00 am"),
        (datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Pacific/Auckland", "Friday 1 January 12:30 pm"),
        (datetime(2026, 11, 24, 0, 5, tzinfo=UTC), "UTC", "Tuesday 24 November 12:05 am"),
        (datetime(2026, 11, 24, 12, 0, tzinfo=UTC), "UTC", "Tuesday 24 November 12:00 pm"),
    ],
)
def test_date_and_time_are_those_of_the_clinics_wall_clock(
    sms_settings: SmsSettings, starts_at: datetime, zone: str, expected: str
) -> None:
    sms_settings.time_zone, sms_settings.reminder_text = zone, "{date} {time}"
    assert reminders.reminder_text(AppointmentFactory.create(starts_at=starts_at), sms_settings) == expected


def test_names_that_are_not_known_have_a_stand_in(sms_settings: SmsSettings) -> None:
    sms_settings.reminder_text = "Hi {first_name}, see you with {practitioner} {{at}} {clinic_phone|the desk}"
    booked = AppointmentFactory.create(patient=PatientFactory.create(first_name=""), practitioner="")
    assert reminders.reminder_text(booked, sms_settings) == "Hi there, see you with us {at} the desk"


def test_the_statements_do_not_grow_with_the_appointments() -> None:
    def statements(number: int) -> int:
        for _ in range(number):
            appointment(20 * HOUR)
        with CaptureQueriesContext(connection) as queries:
            assert run() == number
        return len(queries)

    assert statements(2) == statements(30) <= 12


def test_more_than_a_batch_are_all_reminded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "BATCH", 2)
    for patient in [*PatientFactory.create_batch(4), PatientFactory.create(phone="")]:
        appointment(20 * HOUR, patient=patient)
    assert run() == 4
    assert Message.objects.count() == 5


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_runs_at_once_remind_once(
    twilio: Twilio, at_once: Callable[[list[Callable[[], int]]], list[int]]
) -> None:
    for _ in range(20):
        appointment(20 * HOUR)
    mended = PatientFactory.create(archived=True)
    appointment(20 * HOUR, patient=mended)
    run()
    registration.unarchive(patient_id=mended.pk, at=NOW)
    for _ in range(20):
        appointment(21 * HOUR)
    at_once([run] * 5)
    assert Message.objects.filter(status=Status.QUEUED).count() == 41
    steps.drain()
    assert len(set(twilio.numbers())) == len(twilio.numbers()) == 41
