"""An appointment, so far as reminders need it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from patients.models.patient import Patient


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def booked(self) -> Self:
        return self.filter(cancelled_at=None)

    def starting_between(self, start: datetime, end: datetime) -> Self:
        """Booked ones that start after `start` and no later than `end`."""
        return self.booked().filter(starts_at__gt=start, starts_at__lte=end)

    def cancel(self, *, at: datetime) -> int:
        """Cancel those that are still booked; returns how many. No reminder goes out for them."""
        return self.booked().update(cancelled_at=at)


class Appointment(models.Model):
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="appointments")
    starts_at = models.DateTimeField(_("Starts at"))
    practitioner = models.CharField(_("With"), max_length=100, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [
            # send_due_reminders asks for the booked ones of the coming hours.
            models.Index(
                fields=["starts_at"],
                condition=models.Q(cancelled_at=None),
                name="appointment_booked_by_start",
            ),
        ]

    def __str__(self) -> str:
        return f"Appointment {self.pk}"
