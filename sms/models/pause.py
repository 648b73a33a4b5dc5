"""Why sending rests: the account's credentials, sender or limit, which no next text would get past."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q


class SendingPauseQuerySet(models.QuerySet["SendingPause"]):
    def in_force(self) -> Self:
        return self.filter(resumed_at=None)


class SendingPause(models.Model):
    error_code = models.PositiveIntegerField()
    paused_at = models.DateTimeField()
    resumed_at = models.DateTimeField(null=True, blank=True)
    resumed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = SendingPauseQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Fifty texts that fail together make one pause.
            models.UniqueConstraint(
                models.Value(1), condition=Q(resumed_at=None), name="sending_pause_one_in_force"
            ),
        ]
        permissions = [("resume_sending", "Can resume sending")]

    def __str__(self) -> str:
        return f"Sending pause {self.pk}"
