"""A promotion arrives by day, by the patient's own clocks, whatever they do; anything else at any time."""

import logging
from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from patients.eligibility import Purpose
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import composing, outbox, steering, timing
from sms.models import Message
from sms.quiet import QuietHours
from sms.status import Status
from tests.factories import NOW, AppointmentFactory, PatientFactory, UserFactory
from tests.sms import steps
from tests.sms.test_schedule import scheduled
from tests.sms.twilio import Twilio

pytestmark = pytest.mark.django_db

SYDNEY, LONDON, NEW_YORK = "Australia/Sydney", "Europe/London", "America/New_York"
LORD_HOWE, PERTH = "Australia/Lord_Howe", "Australia/Perth"

# A zone, a day there, and by how many hours its clocks differ from UTC between nine and eight that day.
DAYS = [
    pytest.param(SYDNEY, "2026-10-03", 10, id="Sydney, the day before the clocks go on"),
    pytest.param(SYDNEY, "2026-10-04", 11, id="Sydney, the day the clocks go on"),
    pytest.param(SYDNEY, "2027-04-03", 11, id="Sydney, the day before the clocks go back"),
    pytest.param(SYDNEY, "2027-04-04", 10, id="Sydney, the day the clocks go back"),
    pytest.param(LONDON, "2027-03-27", 0, id="London, the day before the clocks go on"),
    pytest.param(LONDON, "2027-03-28", 1, id="London, the day the clocks go on"),
    pytest.param(LONDON, "2026-10-24", 1, id="London, the day before the clocks go back"),
    pytest.param(LONDON, "2026-10-25", 0, id="London, the day the clocks go back"),
    pytest.param(NEW_YORK, "2027-03-13", -5, id="New York, the day before the clocks go on"),
    pytest.param(NEW_YORK, "2027-03-14", -4, id="New York, the day the clocks go on"),
    pytest.param(NEW_YORK, "2026-10-31", -4, id="New York, the day before the clocks go back"),
    pytest.param(NEW_YORK, "2026-11-01", -5, id="New York, the day the clocks go back"),
    pytest.param(LORD_HOWE, "2026-10-03", 10.5, id="Lord Howe, the day before half an hour on"),
    pytest.param(LORD_HOWE, "2026-10-04", 11, id="Lord Howe, the day of half an hour on"),
    pytest.param(LORD_HOWE, "2027-04-03", 11, id="Lord Howe, the day before half an hour back"),
    pytest.param(LORD_HOWE, "2027-04-04", 10.5, id="Lord Howe, the day of half an hour back"),
    pytest.param(SYDNEY, "2028-02-29", 11, id="Sydney, 29 February"),
    pytest.param(NEW_YORK, "2028-02-29", -5, id="New York, 29 February"),
    pytest.param("Asia/Kathmandu", "2026-12-31", 5.75, id="Kathmandu, the last day of the year"),
    pytest.param("Pacific/Kiritimati", "2027-01-01", 14, id="Kiritimati, the first day of the year"),
]
# The wall clock at an edge of the window, and whether a text may leave then.
EDGES = [
    pytest.param("08:59:59", False, id="a second before nine"),
    pytest.param("09:00:00", True, id="at nine"),
    pytest.param("19:59:59", True, id="a second before eight"),
    pytest.param("20:00:00", False, id="at eight"),
]


def instant(day: str, wall: str, offset: float) -> datetime:
    """Reckoned with the bare difference to UTC, so that no table of zones is asked twice."""
    there = timezone(timedelta(hours=offset))
    return datetime.combine(date.fromisoformat(day), time.fromisoformat(wall), there).astimezone(UTC)


def waiting(*, zone: str = "", at: datetime = NOW) -> Message:
    """A promotion to one patient, of which nothing but the claim's own check knows the time of the day."""
    patient = PatientFactory.create(accepts=True)
    Patient.objects.filter(pk=patient.pk).update(time_zone=zone)
    group = steps.frozen(marketing=True, at=at)
    Message.objects.filter(group=group).update(not_before=None, send_by=at + timedelta(days=7))
    return Message.objects.get(patient=patient)


def claim(at: datetime, purpose: Purpose = Purpose.MARKETING) -> outbox.Claim:
    return outbox.claim(purpose=purpose, limit=50, now=at)


@pytest.mark.parametrize(("zone", "day", "offset"), DAYS)
@pytest.mark.parametrize(("wall", "open_"), EDGES)
def test_nothing_is_claimed_outside_the_patients_day(
    account: None, zone: str, day: str, offset: float, wall: str, open_: bool
) -> None:
    at = instant(day, wall, offset)
    message = waiting(zone=zone, at=at - timedelta(days=1))
    taken = claim(at)
    assert [text.pk for text in taken.messages] == [message.pk] * open_
    message.refresh_from_db()
    assert message.status == (Status.SENDING if open_ else Status.QUEUED)
    if open_:
        assert message.not_before is None
        assert taken.until == {message.pk: instant(day, "20:00", offset)}
    else:
        nine = QuietHours.of(SmsSettings.load()).opening(at, zone)
        assert message.not_before == nine
        assert claim(nine - timedelta(microseconds=1)).examined == 0
        assert len(claim(nine).messages) == 1


@pytest.mark.parametrize(
    ("opens", "closes", "wall", "open_"),
    [
        ("00:00", "06:00", "00:00:00", True),
        ("00:00", "06:00", "05:59:59", True),
        ("00:00", "06:00", "06:00:00", False),
        ("00:00", "06:00", "23:59:59", False),
        ("18:00", "23:59", "17:59:59", False),
        ("18:00", "23:59", "18:00:00", True),
        ("18:00", "23:59", "23:59:59", True),
        ("18:00", "23:59", "00:00:00", False),
        ("00:00", "23:59", "00:00:00", True),
        ("00:00", "23:59", "23:59:59", True),
        ("09:00", "09:01", "09:00:59", True),
        ("09:00", "09:01", "09:01:00", False),
    ],
)
def test_windows_that_touch_midnight_and_the_narrowest(
    account: None, opens: str, closes: str, wall: str, open_: bool
) -> None:
    SmsSettings.objects.update(marketing_not_before=opens, marketing_not_after=closes)
    at = instant("2026-11-24", wall, 11)
    waiting(at=at - timedelta(days=1))
    assert len(claim(at).messages) == open_


def test_a_window_that_the_clocks_jump_over_opens_the_next_day(account: None) -> None:
    """Sydney has no 02:30 on 4 October 2026."""
    SmsSettings.objects.update(marketing_not_before="02:00", marketing_not_after="03:00")
    message = waiting(at=datetime(2026, 10, 3, 1, tzinfo=UTC))
    at = datetime(2026, 10, 3, 15, 59, 59, tzinfo=UTC)
    assert claim(at).messages == []
    message.refresh_from_db()
    assert message.not_before == instant("2026-10-05", "02:00", 11)


def test_a_window_in_the_hour_that_comes_twice_opens_twice(account: None) -> None:
    SmsSettings.objects.update(marketing_not_before="02:00", marketing_not_after="02:30")
    for patients, offset in ((1, 11), (2, 10)):  # Sydney, 4 April 2027: summer time first.
        waiting(at=datetime(2027, 4, 3, 1, tzinfo=UTC))
        assert len(claim(instant("2027-04-04", "02:10", offset)).messages) == patients
    waiting(at=datetime(2027, 4, 3, 1, tzinfo=UTC))
    assert claim(instant("2027-04-04", "02:40", 11)).messages == []


@pytest.mark.parametrize("purpose", [Purpose.SERVICE, Purpose.ONE_OFF, Purpose.REMINDER])
def test_other_texts_have_no_quiet_hours(account: None, purpose: Purpose) -> None:
    three_at_night = instant("2026-11-25", "03:00", 11)
    patient = PatientFactory.create()
    if purpose == Purpose.SERVICE:
        steps.frozen(at=three_at_night)
    elif purpose == Purpose.ONE_OFF:
        steps.queued(patient, at=three_at_night)
    else:
        message = steps.queued(patient, at=three_at_night)
        appointment = AppointmentFactory.create(
            patient=patient, starts_at=three_at_night + timedelta(hours=9)
        )
        Message.objects.filter(pk=message.pk).update(purpose=purpose, appointment=appointment)
    taken = claim(three_at_night, purpose)
    assert [taken.until[message.pk] for message in taken.messages] == [taken.messages[0].send_by]


def test_the_list_is_made_with_each_zones_own_time(account: None) -> None:
    """It is half past nine in the evening in Sydney, half past six in Perth, half past ten in London."""
    places = {"": "2026-11-24 22:00", PERTH: "2026-11-24 10:30", LONDON: "2026-11-24 10:30"}
    patients = {zone: PatientFactory.create(accepts=True) for zone in places}
    for zone, patient in patients.items():
        Patient.objects.filter(pk=patient.pk).update(time_zone=zone)
    at = instant("2026-11-24", "21:30", 11)
    group = steps.frozen(marketing=True, at=at)
    for zone, patient in patients.items():
        text = Message.objects.get(patient=patient)
        assert text.not_before == datetime.fromisoformat(places[zone]).replace(tzinfo=UTC)
        assert text.send_by == at + composing.SEND_WITHIN
    group.refresh_from_db()
    assert group.send_by == at + composing.SEND_WITHIN
    assert len(claim(at).messages) == 2
    assert len(claim(instant("2026-11-25", "09:00", 11)).messages) == 1


def test_the_first_day_that_leaves_room_is_never_cut_short(account: None) -> None:
    """Too late for the last minutes of a narrow window, on the eve of a day of 25 hours."""
    SmsSettings.objects.update(marketing_not_before="09:00", marketing_not_after="09:05")
    PatientFactory.create(accepts=True)
    at = instant("2027-04-03", "09:05", 11)
    group = steps.frozen(marketing=True, at=at)
    text = Message.objects.get()
    assert text.not_before == instant("2027-04-04", "09:00", 10) > at + composing.SEND_WITHIN
    group.refresh_from_db()
    assert text.send_by == group.send_by == instant("2027-04-04", "09:05", 10)


def test_a_list_that_is_made_late_does_not_put_off_the_last_moment(account: None) -> None:
    PatientFactory.create(accepts=True)
    group = steps.draft(marketing=True)
    steps.confirm(group)
    composing.freeze(group_id=group.pk, at=NOW + timedelta(days=2))
    assert Message.objects.get().send_by == NOW + composing.SEND_WITHIN
    assert claim(NOW + timedelta(days=2)).messages == []
    assert Message.objects.get().status == Status.EXPIRED


def test_a_setting_that_changed_since_counts(account: None, caplog: pytest.LogCaptureFixture) -> None:
    message = waiting()
    SmsSettings.objects.update(marketing_not_before="13:00")
    with caplog.at_level(logging.INFO):
        assert (claim(NOW).messages, claim(NOW).examined) == ([], 0)
    assert [record.texts for record in caplog.records if hasattr(record, "texts")] == [1]  # type: ignore[attr-defined]
    message.refresh_from_db()
    assert message.not_before == instant("2026-11-24", "13:00", 11)
    SmsSettings.objects.update(marketing_not_before="09:00")
    assert len(claim(message.not_before).messages) == 1


def test_a_patient_who_moved_since_is_texted_by_their_new_clocks(account: None) -> None:
    message = waiting()
    Patient.objects.update(time_zone=NEW_YORK)  # Eight in the evening there, to the minute.
    assert claim(NOW).messages == []
    message.refresh_from_db()
    assert message.not_before == instant("2026-11-24", "09:00", -5)


def test_hours_that_became_longer_let_the_waiting_go(account: None) -> None:
    night = instant("2026-11-24", "21:30", 11)
    PatientFactory.create(accepts=True)
    steps.frozen(marketing=True, at=night)
    assert timing.release(now=night) == 0
    SmsSettings.objects.update(marketing_not_after="22:00")
    assert not outbox.anything_ready(now=night)
    assert (timing.release(now=night), timing.release(now=night)) == (1, 0)
    assert outbox.anything_ready(now=night)
    assert len(claim(night).messages) == 1


def test_a_new_zone_where_it_is_day_lets_the_patient_go_alone(account: None) -> None:
    night = instant("2026-11-24", "21:30", 11)
    moved, stayed = PatientFactory.create_batch(2, accepts=True)
    steps.frozen(marketing=True, at=night)
    Patient.objects.filter(pk=moved.pk).update(time_zone=PERTH)
    assert timing.release(now=night) == 1
    assert [message.patient_id for message in claim(night).messages] == [moved.pk]
    assert steps.standing(stayed) == (Status.QUEUED, "")


def test_nothing_else_that_waits_is_let_go(account: None) -> None:
    """Neither a text that Twilio turned away for a while, nor one of a group SMS that is paused or begins later."""
    turned_away, paused = waiting(), waiting()
    later = NOW + timedelta(minutes=5)
    Message.objects.filter(pk=turned_away.pk).update(attempt=1, not_before=later)
    Message.objects.filter(group=paused.group).update(not_before=later)
    assert paused.group_id
    steering.pause(group_id=paused.group_id, at=NOW, by=UserFactory.create())
    scheduled(later, marketing=True)
    Message.objects.filter(group=turned_away.group, attempt=0).delete()
    assert timing.release(now=NOW) == 0


def test_a_zone_that_no_longer_exists_is_the_clinics(account: None) -> None:
    waiting(zone="Nowhere/Land")
    assert len(claim(NOW).messages) == 1
    quiet = QuietHours.of(SmsSettings.load())
    assert quiet.zone("Nowhere/Land") == quiet.zone("") == SYDNEY


def test_those_who_are_deferred_hold_up_nobody(account: None) -> None:
    for _ in range(3):
        waiting(zone=NEW_YORK)
    day = waiting()
    first = outbox.claim(purpose=Purpose.MARKETING, limit=3, now=NOW)
    assert (first.examined, first.messages) == (3, [])
    assert [message.pk for message in claim(NOW).messages] == [day.pk]


def test_a_deferred_text_is_left_out_or_expires_as_any_other(account: None) -> None:
    refused, late = waiting(zone=NEW_YORK), waiting(zone=NEW_YORK)
    claim(NOW)
    Patient.objects.filter(pk=refused.patient_id).update(archived_at=NOW)
    Message.objects.filter(pk=late.pk).update(send_by=NOW + timedelta(hours=1))
    assert outbox.expire(now=NOW + timedelta(hours=1)) == 1
    claim(instant("2026-11-24", "09:00", -5))
    refused.refresh_from_db()
    assert (refused.status, steps.status_of(late)) == (Status.LEFT_OUT, Status.EXPIRED)


def test_twilio_gives_up_when_the_quiet_hours_begin(twilio: Twilio) -> None:
    """Else a phone that is switched on at three in the morning would get it then."""
    waiting()
    at = instant("2026-11-24", "19:30", 11)
    steps.drain(at=at)
    assert [text["validity_period"] for text in twilio.texts()] == [30 * 60]


def test_without_quiet_hours_twilio_gives_up_at_the_last_moment(twilio: Twilio) -> None:
    SmsSettings.objects.update(marketing_not_before="00:00", marketing_not_after="23:59")
    message = waiting()
    at = instant("2026-11-24", "23:30", 11)
    Message.objects.filter(pk=message.pk).update(send_by=at + timedelta(hours=2))
    steps.drain(at=at)
    assert [text["validity_period"] for text in twilio.texts()] == [2 * 60 * 60]
