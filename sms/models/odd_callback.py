"""Calls at Twilio's side door that led nowhere, counted: they tell of a wrong address, an old token, a lost row."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Max, Q, Sum
from django.utils.translation import gettext_lazy as _

# A flood of forged calls is not to become a flood of writes.
COUNTED_ONCE_IN = timedelta(seconds=1)
LATELY = timedelta(days=1)


class Oddity(models.TextChoices):
    UNKNOWN_TEXT = "unknown_text", _("News of a text that we do not have")
    NOT_SIGNED = "not_signed", _("No valid signature")


class OddCallback(models.Model):
    """One row for each day (UTC) and kind."""

    day = models.DateField()
    kind = models.CharField(max_length=12, choices=Oddity.choices)
    number = models.PositiveIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["-day", "kind"]
        constraints = [models.UniqueConstraint(fields=["day", "kind"], name="odd_callback_once_a_day")]

    def __str__(self) -> str:
        return f"Odd callbacks {self.pk}"

    @classmethod
    def count(cls, kind: Oddity, *, at: datetime) -> None:
        """Each unknown text counts; of unsigned calls, which anybody can make, one in a second does."""
        row, is_new = cls.objects.get_or_create(
            day=at.date(), kind=kind, defaults={"number": 1, "last_at": at}
        )
        if is_new:
            return
        due = Q() if kind == Oddity.UNKNOWN_TEXT else Q(last_at__lte=at - COUNTED_ONCE_IN)
        if due and row.last_at > at - COUNTED_ONCE_IN:
            return
        cls.objects.filter(due, pk=row.pk).update(number=F("number") + 1, last_at=at)

    @classmethod
    def lately(cls, *, now: datetime) -> dict[str, tuple[int, datetime]]:
        """By kind: how many on the days since yesterday, and when the last one came; none from before `LATELY`."""
        since = (now - LATELY).date()
        found = cls.objects.filter(day__gte=since).order_by().values_list("kind")
        counted = found.annotate(Sum("number"), Max("last_at"))
        return {kind: (number, last) for kind, number, last in counted if last >= now - LATELY}
