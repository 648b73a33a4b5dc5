"""A patient: who they are, their number, and what they said about texts."""

import re
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from clinic.lib import names
from clinic.lib.clock import town_first
from clinic.lib.phone import E164, PhoneKind, display, search_digits
from patients.models.consent import ConsentSource
from settings_app.models import validate_time_zone

MOST_WORDS = 20  # of a search: no name has more, and a database takes only so many conditions
_BETWEEN_WORDS = re.compile(r"[-‐‑–'’ʼ.,]+")


def searchable(name: str) -> str:
    """`name` as it is searched: folded, each part of "Smith-Jones" and "O'Neil" a word of its own."""
    return names.folded(_BETWEEN_WORDS.sub(" ", name))


class PatientQuerySet(models.QuerySet["Patient"]):
    def active(self) -> Self:
        """Neither archived nor deceased."""
        return self.filter(archived_at=None, deceased_at=None)

    def not_erased(self) -> Self:
        """Whom we still know anything about."""
        return self.filter(erased_at=None)

    def on_number(self, number: str) -> Self:
        """Everybody whose number is `number` (E.164), the archived and deceased among them."""
        return self.filter(phone=number).exclude(phone="")

    def search(self, text: str, *, country: str) -> Self:
        """Patients found by what staff typed: part of the number, the beginnings of names, the reference.

        Every word must be found in the name; case and accents do not matter. Nothing typed finds everybody.
        """
        matches = Q()
        numbers = search_digits(text, country=country)
        for digits in numbers:
            matches |= Q(phone__contains=digits)
        if not numbers:
            for word in searchable(text).split()[:MOST_WORDS]:
                matches &= Q(search_name__startswith=word) | Q(search_name__contains=f" {word}")
        return self.filter(matches | Q(reference__iexact=text.strip())) if matches else self


class Patient(models.Model):
    """Made by `patients.registration.register_patient` alone; `patients.consent` writes the preference."""

    first_name = models.CharField(_("First name"), max_length=100, blank=True)
    last_name = models.CharField(_("Last name"), max_length=100)
    birth_date = models.DateField(_("Date of birth"), null=True, blank=True)
    reference = models.CharField(_("Reference"), max_length=64, blank=True)
    phone = models.CharField(_("Mobile number"), max_length=16, blank=True)
    phone_kind = models.CharField(
        max_length=12, blank=True, editable=False, choices=[(kind.value, kind.value) for kind in PhoneKind]
    )
    number_refused_at = models.DateTimeField(null=True, blank=True, editable=False)
    number_refused_code = models.PositiveIntegerField(null=True, blank=True, editable=False)
    accepts_sms_marketing = models.BooleanField(_("Agrees to receive promotional SMS marketing"))
    sms_marketing_source = models.CharField(max_length=12, choices=ConsentSource.choices, editable=False)
    # The newest row of the ledger: the proof behind `accepts_sms_marketing`, and what lets an undo see, on
    # the locked row itself, whether anybody has touched the patient since.
    consent_event = models.ForeignKey(
        "patients.ConsentEvent",
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # Blank: the clinic's. Nobody is texted a promotion in the middle of their night.
    time_zone = models.CharField(
        _("Time zone"), max_length=50, blank=True, default="", validators=[validate_time_zone]
    )
    wants_reminders = models.BooleanField(_("Wants appointment reminders"), default=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deceased_at = models.DateTimeField(null=True, blank=True)
    # Everything personal is gone; the row stays, for the ledger and the counts of texts.
    erased_at = models.DateTimeField(null=True, editable=False)
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    search_name = models.CharField(max_length=201, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(phone="") | Q(phone__regex=E164), name="patient_phone_e164"),
            models.CheckConstraint(
                condition=Q(phone="", phone_kind="") | (~Q(phone="") & ~Q(phone_kind="")),
                name="patient_phone_has_a_kind",
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    first_name="",
                    last_name="",
                    search_name="",
                    reference="",
                    phone="",
                    birth_date=None,
                    archived_at__isnull=False,
                ),
                name="patient_erased_is_bare",
            ),
            # An import finds "the same patient" by the other system's reference.
            models.UniqueConstraint(
                fields=["reference"], condition=~Q(reference=""), name="patient_reference_once"
            ),
        ]
        indexes = [
            # Families on one number, an incoming reply, the freeze's one text per number.
            models.Index(fields=["phone"], name="patient_phone"),
            # The order of the patient list.
            models.Index(fields=["last_name", "first_name", "id"], name="patient_list_order"),
            # What a text that was on its way at that moment left behind is looked for every few minutes.
            models.Index(fields=["erased_at"], condition=Q(erased_at__isnull=False), name="patient_erased"),
            # An import asks of each row, and the form of a new patient, whether the person is here already.
            models.Index(fields=["search_name"], name="patient_same_name"),
            # Each group SMS asks which zones there are; hardly anybody lives in another than the clinic's.
            models.Index(fields=["time_zone"], condition=~Q(time_zone=""), name="patient_own_time_zone"),
        ]
        permissions = [
            ("export_patient", _("Can export patients and their consents")),
            ("disclose_patient", _("Can see and export everything held on one patient")),
            ("erase_patient", _("Can erase a patient for good")),
        ]

    def __str__(self) -> str:
        return self.full_name

    def get_absolute_url(self) -> str:
        return reverse("patients:detail", args=[self.pk])

    @property
    def full_name(self) -> str:
        if self.erased_at:
            return f"Erased patient {self.pk}"
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def phone_display(self) -> str:
        """The number grouped for reading; empty if there is none."""
        return display(self.phone) if self.phone else ""

    @property
    def zone_display(self) -> str:
        """The zone of their own as people call it, "Perth, Australia"; empty if they have none."""
        return town_first(self.time_zone)

    @property
    def is_active(self) -> bool:
        return self.archived_at is None and self.deceased_at is None
