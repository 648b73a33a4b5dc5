"""Which appointments are due, and which are no longer booked."""

from datetime import timedelta

import pytest

from patients.models import Appointment
from tests.factories import NOW, AppointmentFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_those_starting_in_a_window_begin_after_its_start_and_by_its_end() -> None:
    for starts_at in (NOW, NOW + DAY, NOW + DAY + timedelta(seconds=1)):
        AppointmentFactory.create(starts_at=starts_at)
    found = Appointment.objects.starting_between(NOW, NOW + DAY)
    assert [appointment.starts_at for appointment in found] == [NOW + DAY]


def test_a_cancelled_one_is_not_among_them_and_keeps_its_hour() -> None:
    appointment = AppointmentFactory.create(starts_at=NOW + DAY)
    assert Appointment.objects.filter(pk=appointment.pk).cancel(at=NOW) == 1
    assert Appointment.objects.filter(pk=appointment.pk).cancel(at=NOW + DAY) == 0
    appointment.refresh_from_db()
    assert (appointment.cancelled_at, str(appointment)) == (NOW, f"Appointment {appointment.pk}")
    assert not Appointment.objects.starting_between(NOW, NOW + 2 * DAY).exists()
