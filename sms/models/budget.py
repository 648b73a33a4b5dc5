"""How fast a sender may go on, shared by all workers: one row for each, locked by whoever claims texts for it."""

from django.db import models


class SenderBudget(models.Model):
    """`parts` may be spent now, as counted at `filled_at`; less than nothing after a text longer than the rest.

    `used` parts have been spent on `day`, the clinic's. Until `rests_until` Twilio wants nothing from this sender;
    `strikes` counts how often in a row it has said so.
    """

    sender = models.CharField(max_length=34, unique=True)
    parts = models.FloatField(default=0)
    filled_at = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    used = models.PositiveIntegerField(default=0)
    rests_until = models.DateTimeField(null=True)
    strikes = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"Sender budget {self.pk}"
