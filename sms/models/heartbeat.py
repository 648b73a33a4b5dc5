"""When the sender was last seen alive, and until when its database is known to have all that was sent."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

# A tick comes every few seconds; after this long without one, nobody is sending.
SILENT_AFTER = timedelta(minutes=1)


class Heartbeat(models.Model):
    """One row, written by each tick of the worker.

    Without a gap since `compared_at` all that was sent is in this database. After one it may have been restored from
    a backup: see `sms.restored`. Nobody need try to find out before `compare_again_at`.
    """

    at = models.DateTimeField()
    compared_at = models.DateTimeField(null=True)
    compare_again_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="heartbeat_one_row")]

    def __str__(self) -> str:
        return "Heartbeat"

    @classmethod
    def beat(cls, *, at: datetime) -> None:
        """Before the first beat nothing was sent, so there is nothing to compare."""
        new = {"at": at, "compared_at": at}
        cls.objects.update_or_create(pk=1, defaults={"at": at}, create_defaults=new)

    @classmethod
    def compared(cls, *, at: datetime) -> None:
        cls.objects.filter(pk=1).update(compared_at=at, compare_again_at=None)

    @classmethod
    def take_turn(cls, *, now: datetime, until: datetime) -> bool:
        """Whether the caller is the one to compare now; nobody else is before `until`."""
        free = Q(compare_again_at=None) | Q(compare_again_at__lte=now)
        return bool(cls.objects.filter(free, pk=1).update(compare_again_at=until))

    @classmethod
    def try_again(cls, *, at: datetime) -> None:
        cls.objects.filter(pk=1).update(compare_again_at=at)

    @classmethod
    def last(cls) -> Self | None:
        return cls.objects.filter(pk=1).first()

    @property
    def complete_until(self) -> datetime:
        return self.compared_at or self.at

    @classmethod
    def is_silent(cls, *, now: datetime) -> bool:
        """Whether no tick came for longer than `SILENT_AFTER`: no worker or no beat is running."""
        last = cls.last()
        return last is None or last.at < now - SILENT_AFTER
