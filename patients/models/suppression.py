"""Numbers that must not be texted. A block belongs to the number, whoever uses it."""

from typing import Self

from django.db import models
from django.db.models import Q


class Covers(models.TextChoices):
    """Which texts a block stops."""

    MARKETING = "marketing", "Marketing texts"
    EVERYTHING = "everything", "All texts"


class SuppressionSource(models.TextChoices):
    SMS_STOP = "sms_stop", "a STOP reply"
    CARRIER = "carrier", "the carrier"


class SuppressedNumberQuerySet(models.QuerySet["SuppressedNumber"]):
    def in_force(self) -> Self:
        return self.filter(lifted_at=None)


class SuppressedNumber(models.Model):
    phone = models.CharField(max_length=16)
    covers = models.CharField(max_length=10, choices=Covers.choices)
    source = models.CharField(max_length=10, choices=SuppressionSource.choices)
    blocked_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)

    objects = SuppressedNumberQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # A second STOP is no second block; START then has one row to lift.
            models.UniqueConstraint(
                fields=["phone", "covers"], condition=Q(lifted_at=None), name="suppressed_number_once"
            ),
        ]
        indexes = [models.Index(fields=["phone"], name="suppressed_number_phone")]

    def __str__(self) -> str:
        return f"Suppressed number {self.pk}"
