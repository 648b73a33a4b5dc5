"""The consent ledger: one row for each time a preference was set. Rows are never removed, nor changed,
but that an erasure takes the number and the words out of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.lib.phone import display


class ConsentSource(models.TextChoices):
    """Where a preference came from."""

    DEFAULT = "default", _("the clinic's default")
    STAFF = "staff", _("staff")
    IMPORT = "import", _("an import")
    BULK_DEFAULT = "bulk_default", _("the default applied to all")
    UNDO = "undo", _("an undo")
    SMS_STOP = "sms_stop", _("a STOP reply")
    SMS_START = "sms_start", _("a START reply")
    CARRIER = "carrier", _("the carrier")


# The patient (or staff on their word) decided; the other sources are the clinic's own doing.
CHOSEN = frozenset(
    {
        ConsentSource.STAFF,
        ConsentSource.IMPORT,
        ConsentSource.SMS_STOP,
        ConsentSource.SMS_START,
        ConsentSource.CARRIER,
    }
)


class ConsentHow(models.TextChoices):
    """How staff learned of a choice."""

    IN_PERSON = "in_person", _("In person")
    PHONE = "phone", _("By phone")
    FORM = "form", _("On a form")
    EMAIL = "email", _("By email")
    TEXT = "text", _("By text")


class PreferenceBatch(models.Model):
    """One "apply to all existing patients", or the undo of one."""

    class Scope(models.TextChoices):
        EVERYONE = "everyone", _("Everyone, replacing their own choices")
        NEVER_CHOSE = "never_chose", _("Only patients who never chose")

    to_value = models.BooleanField(null=True, help_text=_("Empty for an undo, which restores both ways."))
    scope = models.CharField(max_length=12, choices=Scope.choices)
    undo_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="undos")
    changed = models.PositiveIntegerField(default=0)
    # A large one is worked off in slices, from the first patient to the last, behind the page.
    running = models.BooleanField(default=False)
    expected = models.PositiveIntegerField(default=0, help_text=_("How many would change when it began."))
    last_event = models.BigIntegerField(
        default=0, help_text=_("The ledger's newest row when it began: who has a newer one is left alone.")
    )
    last_patient = models.BigIntegerField(default=0, help_text=_("The newest patient when it began."))
    done_up_to = models.BigIntegerField(default=0, help_text=_("The patient with whom the last slice ended."))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = _("preference batches")
        constraints = [
            # Whoever comes second is told. So between two slices nobody but people themselves chooses.
            models.UniqueConstraint(
                fields=["running"], condition=Q(running=True), name="preference_batch_one_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"Batch {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("patients:batch", args=[self.pk])

    @property
    def left_alone(self) -> int:
        """How many of those who would have changed were changed by somebody else before their turn came."""
        return 0 if self.running else max(0, self.expected - self.changed)


class ConsentEvent(models.Model):
    """Who set which patient's preference, how, when, from what to what. The first has `from_value` None."""

    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="consent_events")
    from_value = models.BooleanField(null=True)
    to_value = models.BooleanField()
    from_source = models.CharField(max_length=12, choices=ConsentSource.choices, blank=True)
    source = models.CharField(max_length=12, choices=ConsentSource.choices)
    how = models.CharField(max_length=10, choices=ConsentHow.choices, blank=True)
    evidence = models.CharField(
        max_length=500, blank=True, help_text=_("The words, or where the proof is kept.")
    )
    phone = models.CharField(max_length=16, blank=True, help_text=_("The patient's number at that time."))
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    batch = models.ForeignKey(
        PreferenceBatch, null=True, db_index=False, on_delete=models.PROTECT, related_name="events"
    )
    at = models.DateTimeField()
    # The patient was erased: the number and the words are gone. The database allows no other change, ever.
    erased_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=ConsentSource.values), name="consent_event_source_known"
            ),
            models.CheckConstraint(
                condition=Q(from_value=None, from_source="")
                | (Q(from_value__isnull=False) & ~Q(from_source="")),
                name="consent_event_from_is_whole",
            ),
        ]
        indexes = [
            # A patient's timeline, and their newest event (the proof behind a text).
            models.Index(fields=["patient", "-id"], name="consent_event_newest"),
            # A slice of a batch by its patients: never more of it is read than the slice, however large it is.
            models.Index(fields=["batch", "patient"], name="consent_event_batch"),
        ]

    def __str__(self) -> str:
        return f"Consent event {self.pk}"

    @property
    def phone_display(self) -> str:
        """The number of that time, grouped for reading; empty if there was none."""
        return display(self.phone) if self.phone else ""
