"""Large files that are checked and imported behind the page."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class Step(models.TextChoices):
    CHECK = "check", _("Check")
    IMPORT = "import", _("Import")


class ImportState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    WORKING = "working", _("Under way")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused: what was seen is not so any more")
    BROKEN = "broken", _("Stopped in the middle")
    GONE = "gone", _("The file is not here any more")


class PatientImport(models.Model):
    """One step with one file, asked for by one person. Nothing of what stands in the file is kept here."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file = models.CharField(max_length=40, help_text=_("Its name among the uploads."))
    rows = models.PositiveIntegerField(help_text=_("About so many, by its lines."))
    step = models.CharField(max_length=10, choices=Step.choices)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.WAITING)
    places = models.JSONField(help_text=_("Where each column stands."))
    seen = models.JSONField(null=True, help_text=_("The counts that were agreed to."))
    counts = models.JSONField(null=True, help_text=_("What the step found or did."))
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="patient_import_state"),
            models.CheckConstraint(condition=Q(step__in=Step.values), name="patient_import_step"),
            # Of two who press the button at once, one finds that it is being done.
            models.UniqueConstraint(
                fields=["file"], condition=Q(state__in=["waiting", "working"]), name="patient_import_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Import {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("patients:import_step", args=[self.pk])

    @property
    def is_unfinished(self) -> bool:
        return self.state in {ImportState.WAITING, ImportState.WORKING}
