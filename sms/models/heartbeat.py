"""When the sender was last seen alive."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models

# A tick comes every few seconds; after this long without one, nobody is sending.
SILENT_AFTER = timedelta(minutes=1)


class Heartbeat(models.Model):
    """One row, written by each tick of the worker."""

    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="heartbeat_one_row")]

    def __str__(self) -> str:
        return "Heartbeat"

    @classmethod
    def beat(cls, *, at: datetime) -> None:
        cls.objects.update_or_create(pk=1, defaults={"at": at})

    @classmethod
    def last(cls) -> Self | None:
        return cls.objects.filter(pk=1).first()

    @classmethod
    def is_silent(cls, *, now: datetime) -> bool:
        """Whether no tick came for longer than `SILENT_AFTER`: no worker or no beat is running."""
        last = cls.last()
        return last is None or last.at < now - SILENT_AFTER
