"""Why sending rests, until a person lets it go on: what no next text would get past, or too much going wrong."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SendingPauseQuerySet(models.QuerySet["SendingPause"]):
    def in_force(self) -> Self:
        return self.filter(resumed_at=None)


class PauseKind(models.TextChoices):
    ERROR = "error", _("An error of the account")
    FAILURES = "failures", _("Too many texts failed")
    BACKUP = "backup", _("A restored backup")


class SendingPause(models.Model):
    """`number` of `out_of` texts went wrong, or `number` are at Twilio since `since` that the database lacks."""

    kind = models.CharField(max_length=10, choices=PauseKind.choices, db_default=PauseKind.ERROR)
    error_code = models.PositiveIntegerField(null=True)
    number = models.PositiveIntegerField(null=True)
    out_of = models.PositiveIntegerField(null=True)
    since = models.DateTimeField(null=True)
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
        permissions = [("resume_sending", _("Can resume sending"))]

    def __str__(self) -> str:
        return f"Sending pause {self.pk}"
