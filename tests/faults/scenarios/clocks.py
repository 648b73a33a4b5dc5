"""The sender is told what time it is: edges of the window, days of 23 and 25 hours, midnight, 29 February, jumps."""

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clinic.lib import phone as phones
from patients import registration
from patients.consent import Choice
from patients.models import ConsentHow, ConsentSource, Patient
from settings_app.models import SmsSettings
from sms import audience, composing, dispatch
from sms.models import GroupMessage, Message
from tests.faults.stage import Scenario, Stage, someone

ROW = "clock jumps, DST in four zones, midnight, 29 February, window edges ±1 s"
SECOND = timedelta(seconds=1)
OPENS, CLOSES = time(9), time(20)
# The days on which the clocks of these places change, in both directions.
CHANGES = {
    "Australia/Sydney": (date(2027, 4, 4), date(2027, 10, 3)),
    "Australia/Lord_Howe": (date(2027, 4, 4), date(2027, 10, 3)),
    "Europe/London": (date(2027, 3, 28), date(2027, 10, 31)),
    "America/New_York": (date(2027, 3, 14), date(2027, 11, 7)),
}
Case = tuple[str, datetime, bool]


def window_cases() -> Iterator[Case]:
    """A zone, an instant, and whether a promotion may leave at it: by the clock on the wall there."""
    for zone, days in CHANGES.items():
        for day in days:
            yield from edges(zone, day)
    for zone in ("Australia/Perth", "Pacific/Auckland"):
        yield from edges(zone, date(2028, 2, 29))
    for zone in ("Australia/Sydney", "America/New_York"):
        midnight = datetime.combine(date(2027, 6, 1), time(0), ZoneInfo(zone))
        for instant in (midnight - SECOND, midnight, midnight + SECOND):
            yield zone, instant.astimezone(UTC), False
    # The hour that does not exist, and the one that comes twice.
    for zone, days in CHANGES.items():
        for day in days:
            start = datetime.combine(day, time(0), ZoneInfo(zone)).astimezone(UTC)
            yield zone, start + timedelta(hours=2, minutes=30), False


def edges(zone: str, day: date) -> Iterator[Case]:
    for wall in (OPENS, CLOSES):
        edge = datetime.combine(day, wall, ZoneInfo(zone)).astimezone(UTC)
        yield zone, edge - SECOND, wall == CLOSES
        yield zone, edge, wall == OPENS
        if wall == OPENS:
            yield zone, edge + SECOND, True


def windows(stage: Stage) -> None:
    """Each case is a patient of that zone with a promotion that was confirmed ten minutes before."""
    SmsSettings.objects.update(marketing_not_before=OPENS, marketing_not_after=CLOSES)
    with asleep(stage):
        for number, (zone, instant, may_leave) in enumerate(window_cases()):
            patient = _patient(stage, number, zone)
            group = _confirmed(stage, marketing=True, at=instant - timedelta(minutes=10))
            _drain(instant)
            left = Message.objects.filter(group=group, patient=patient, claimed_at=instant).exists()
            told = instant.astimezone(ZoneInfo(zone)).isoformat()
            stage.must(left == may_leave, f"at {told} in {zone} a promotion {'left' if left else 'waited'}")
            registration.archive(patient_id=patient.pk, at=instant)
            # What waited waits no longer: the next case has a clock of its own.
            Message.objects.filter(status="queued").update(status="expired")
    stage.over()


def jumps(stage: Stage) -> None:
    """The last moment ±1 s, and a clock that jumps between two batches: back an hour, ahead a day."""
    noon = datetime(2027, 6, 1, 2, 0, tzinfo=UTC)
    with asleep(stage):
        for number, (after, leaves) in enumerate(
            [(-SECOND, True), (timedelta(0), False), (SECOND, False), (timedelta(days=30), False)]
        ):
            patient = _patient(stage, number, "Australia/Sydney")
            group = _confirmed(stage, marketing=False, at=noon)
            send_by = GroupMessage.objects.get(pk=group.pk).send_by
            assert send_by is not None
            _drain(send_by + after)
            stage.must(
                Message.objects.filter(group=group, patient=patient, attempt=1).exists() == leaves,
                f"{after} after its last moment a text {'waited' if leaves else 'left'}",
            )
            registration.archive(patient_id=patient.pk, at=noon)
        for number, jump in enumerate([timedelta(hours=-1), timedelta(days=1), timedelta(days=-400)]):
            patients = [_patient(stage, 10 + 60 * number + n, "Australia/Sydney") for n in range(60)]
            _confirmed(stage, marketing=False, at=noon)
            clock = _that_jumps([noon] * 8, noon + jump)
            dispatch.drain(clock=clock, until=noon + timedelta(days=9))
            for patient in patients:
                registration.archive(patient_id=patient.pk, at=noon)
        Message.objects.filter(status="queued").update(status="expired")
    stage.over()


class asleep:  # noqa: N801  Reads as a word.
    """Worker and beat, who know the true time, do nothing meanwhile."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.programs = stage, (stage.world.beat, stage.world.worker)
        stage.more["clock_is_real"] = False

    def __enter__(self) -> None:
        for program in self.programs:
            program.end()

    def __exit__(self, *_: object) -> None:
        for program in self.programs:
            program.start(wait=False)
        for program in self.programs:
            program.wait_ready()


def _patient(stage: Stage, number: int, zone: str) -> Patient:
    details = registration.Details(
        first_name="P",
        last_name=f"{stage.word}name",
        phone=phones.parse(f"+61414{number:06d}", country="AU"),
        time_zone=zone,
    )
    yes = Choice(True, ConsentSource.STAFF, ConsentHow.IN_PERSON)
    return registration.register_patient(details=details, choice=yes, at=datetime(2026, 1, 1, tzinfo=UTC))


def _confirmed(stage: Stage, *, marketing: bool, at: datetime) -> GroupMessage:
    group = composing.create_draft(
        body=f"Hello {stage.word} {uuid.uuid4().hex[:6]}", is_marketing=marketing, at=at, by=someone()
    )
    composing.confirm(
        group_id=group.pk,
        reviewed=composing.fingerprint(group, SmsSettings.load()),
        at_most=audience.recipients(group).count(),
        at=at,
        by=someone(),
    )
    composing.freeze(group_id=group.pk, at=at)
    stage.lists[str(group.pk)] = Patient.objects.count()
    return group


def _that_jumps(first: list[datetime], then: datetime) -> dispatch.Clock:
    """A clock that says each of `first` once and then for ever `then`."""
    moments = iter(first)
    return lambda: next(moments, then)


def _drain(at: datetime) -> None:
    dispatch.drain(clock=lambda: at, until=at + SECOND)


SCENARIOS = [
    Scenario(f"clocks: {len(list(window_cases()))} edges of quiet hours", ROW, 1, windows),
    Scenario("clocks: last moments and jumps", ROW, 1, jumps),
]
