"""Numbers that must not be texted. A block belongs to the number, whoever uses it."""

from collections.abc import Iterable
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clinic import keyed_hash
from clinic.lib.phone import display

_SALT = "patients.suppressed_number"


class Covers(models.TextChoices):
    """Which texts a block stops."""

    MARKETING = "marketing", _("Marketing texts")
    EVERYTHING = "everything", _("All texts")
    # What an erased patient leaves behind: promotions only to those on the number whose yes staff recorded.
    PROMOTIONS = "promotions", _("Promotions, unless staff recorded a yes")


class SuppressionSource(models.TextChoices):
    SMS_STOP = "sms_stop", _("a STOP reply")
    CARRIER = "carrier", _("the carrier")
    ERASURE = "erasure", _("an erasure")


def digest_of(phone: str) -> str:
    """What is kept of the number of an erased patient."""
    return keyed_hash.digests(phone, salt=_SALT)[0]


def numbers_by_digest(phones: Iterable[str]) -> dict[str, str]:
    """Every digest that one of `phones` may be kept as, with the number."""
    return {digest: phone for phone in phones for digest in keyed_hash.digests(phone, salt=_SALT)}


class SuppressedNumberQuerySet(models.QuerySet["SuppressedNumber"]):
    def in_force(self) -> Self:
        return self.filter(lifted_at=None)

    def of(self, phone: str) -> Self:
        """The blocks of `phone` (E.164), those that keep only its digest too; of no number none."""
        if not phone:
            return self.none()
        return self.filter(Q(phone=phone) | Q(digest__in=list(numbers_by_digest([phone]))))

    def hidden(self) -> Self:
        """Those of numbers that only erased patients had."""
        return self.exclude(digest="")

    def unreadable(self) -> Self:
        """Hidden ones that no key here made: their numbers would not be recognised."""
        known = Q()
        for key_id in keyed_hash.key_ids(salt=_SALT):
            known |= Q(digest__startswith=f"{key_id}:")
        return self.hidden().exclude(known)


class SuppressedNumber(models.Model):
    """`phone` in the clear, or once the last patient who had it is erased, its keyed `digest` in its place."""

    phone = models.CharField(max_length=16, blank=True)
    digest = models.CharField(max_length=80, blank=True, default="", db_default="", editable=False)
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
                fields=["phone", "digest", "covers"],
                condition=Q(lifted_at=None),
                name="suppressed_number_once",
            ),
            models.CheckConstraint(
                condition=Q(phone="") & ~Q(digest="") | ~Q(phone="") & Q(digest=""),
                name="suppressed_number_or_digest",
            ),
        ]
        indexes = [
            models.Index(fields=["phone"], name="suppressed_number_phone"),
            # Each number that a patient is given is looked for among these.
            models.Index(fields=["digest"], condition=~Q(digest=""), name="suppressed_number_digest"),
        ]

    def __str__(self) -> str:
        return f"Suppressed number {self.pk}"

    @property
    def phone_display(self) -> str:
        """The number grouped for reading; empty once it is erased."""
        return display(self.phone) if self.phone else ""
