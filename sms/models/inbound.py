"""A text that came back, and what staff made of it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When

from clinic.lib.phone import display


class ReplyKind(models.TextChoices):
    """What a reply asks for, as `sms.keywords` reads it."""

    STOP = "stop", "Opt-out"
    START = "start", "Opt-in"
    HELP = "help", "Asks for help"
    MAY_BE_STOP = "may_be_stop", "May be an opt-out"
    OTHER = "other", "Reply"


class Handled(models.TextChoices):
    """What staff decided about a reply that may be an opt-out."""

    REFUSAL = "refusal", "Refusal recorded"
    NOT_STOP = "not_stop", "Not an opt-out"


# The others ask for something definite, and the app has done it.
FOR_STAFF_TO_READ = frozenset({ReplyKind.MAY_BE_STOP, ReplyKind.OTHER})


class InboundMessageQuerySet(models.QuerySet["InboundMessage"]):
    def not_erased(self) -> Self:
        """Those that still say anything. Of the others only the sid is kept, so that a replay is one."""
        return self.exclude(phone="")

    def waiting(self) -> Self:
        """Replies that may be an opt-out and that nobody has decided about."""
        return self.not_erased().filter(kind=ReplyKind.MAY_BE_STOP, handled_at=None)

    def waiting_first(self) -> Self:
        """Those that wait for a decision on top, each part the newest first."""
        waits = When(kind=ReplyKind.MAY_BE_STOP, handled_at=None, then=Value(0))
        return self.order_by(Case(waits, default=Value(1)), "-id")


class InboundMessage(models.Model):
    sid = models.CharField(max_length=34, unique=True)
    phone = models.CharField(
        max_length=16
    )  # Empty, with the body, once the last patient who had it is erased.
    sender = models.CharField(max_length=34, help_text="The number or messaging service it was sent to.")
    body = models.TextField()
    kind = models.CharField(max_length=12, choices=ReplyKind.choices)
    received_at = models.DateTimeField()
    handled_as = models.CharField(max_length=10, choices=Handled.choices, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = InboundMessageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            # "Handled" without what and by whom would answer nothing.
            models.CheckConstraint(
                condition=Q(handled_as="", handled_at=None, handled_by=None)
                | Q(handled_as__in=Handled.values, handled_at__isnull=False, handled_by__isnull=False),
                name="inbound_handled_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["phone", "-id"], name="inbound_phone_newest"),
            # The overview's count, on every visit.
            models.Index(
                fields=["id"],
                condition=Q(kind=ReplyKind.MAY_BE_STOP, handled_at=None),
                name="inbound_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"Inbound message {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.kind == ReplyKind.MAY_BE_STOP and self.handled_at is None

    @property
    def can_be_refusal(self) -> bool:
        """Whether staff may still record it as one: not if the app or staff have done so."""
        return self.kind in FOR_STAFF_TO_READ and self.handled_as != Handled.REFUSAL

    @property
    def phone_display(self) -> str:
        """The number grouped for reading; empty once it is erased."""
        return display(self.phone) if self.phone else ""
