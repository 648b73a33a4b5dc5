"""Opening hours, and the appointments in them."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from django.db.models import F

from patients.models import Appointment, Patient

PRACTITIONERS = ("Dr Amara Osei", "Dr Helen Papas", "Dr Minh Tran", "Nurse Kiri Parata")
PAST_DAYS, COMING_DAYS = 21, 14
# Open every day, so that there are reminders to see whenever the demo starts; less so on Saturday and Sunday.
WEEKDAY, WEEKEND = 36, 14
OPENS, CLOSES = time(8, 30), time(18, 0)
BOOKED_AHEAD = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Diary:
    """Days are counted from `now`, in the clinic's zone: -1 is yesterday."""

    now: datetime
    zone: ZoneInfo

    def at(self, day: int, hour: int, minute: int = 0) -> datetime:
        """That wall clock time on that day."""
        local = (self.now.astimezone(self.zone) + timedelta(days=day)).replace(
            hour=hour, minute=minute, second=0, microsecond=0
        )
        return local.astimezone(self.now.tzinfo)

    def slots(self, day: int) -> list[datetime]:
        """The quarters of an hour in which appointments begin."""
        minutes = range(OPENS.hour * 60 + OPENS.minute, CLOSES.hour * 60, 15)
        return [self.at(day, minute // 60, minute % 60) for minute in minutes]

    def is_weekend(self, day: int) -> bool:
        return self.at(day, 12).astimezone(self.zone).weekday() >= 5


def book(diary: Diary, patient_ids: list[int]) -> int:
    """Appointments from three weeks ago to two weeks from now, some of them cancelled; returns how many."""
    rng = random.Random("appointments")  # noqa: S311 - invents, guards nothing
    rows = [row for day in range(-PAST_DAYS, COMING_DAYS + 1) for row in _day(diary, day, patient_ids, rng)]
    Appointment.objects.bulk_create(rows)
    # They were not all made this minute, as the field says by itself.
    early = Appointment.objects.filter(starts_at__lt=diary.now + BOOKED_AHEAD - timedelta(days=1))
    early.update(created_at=F("starts_at") - BOOKED_AHEAD)
    late = Appointment.objects.filter(starts_at__gte=diary.now + BOOKED_AHEAD - timedelta(days=1))
    late.update(created_at=diary.now - timedelta(days=1))
    return len(rows)


def _day(diary: Diary, day: int, patient_ids: list[int], rng: random.Random) -> Iterator[Appointment]:
    usual = WEEKEND if diary.is_weekend(day) else WEEKDAY
    # Even a clinic of ten patients has somebody coming, and nobody comes twice on one day.
    number = min(usual, max(1, len(patient_ids) // 20), len(patient_ids))
    times = sorted(rng.sample(list(product(diary.slots(day), PRACTITIONERS)), number))
    for (starts_at, practitioner), patient_id in zip(times, rng.sample(patient_ids, number), strict=True):
        cancelled = rng.random() < 0.06
        yield Appointment(
            patient_id=patient_id,
            starts_at=starts_at,
            practitioner=practitioner,
            cancelled_at=min(starts_at - timedelta(hours=30), diary.now - timedelta(hours=3))
            if cancelled
            else None,
        )


def bookable(first: int) -> list[int]:
    """The ids of the first so many patients, without the archived and deceased."""
    return list(Patient.objects.active().order_by("pk").values_list("pk", flat=True)[:first])
