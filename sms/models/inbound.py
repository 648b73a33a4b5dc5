"""A text that came back, and what staff made of it."""

from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils.translation import gettext_lazy as _

from clinic.lib.phone import display
from patients.models import Patient


class ReplyKind(models.TextChoices):
    """What a reply asks for, as `sms.keywords` reads it."""

    STOP = "stop", _("Opt-out")
    START = "start", _("Opt-in")
    HELP = "help", _("Asks for help")
    MAY_BE_STOP = "may_be_stop", _("May be an opt-out")
    OTHER = "other", _("Reply")


class Handled(models.TextChoices):
    """What staff decided about a reply that may be an opt-out."""

    REFUSAL = "refusal", _("Refusal recorded")
    NOT_STOP = "not_stop", _("Not an opt-out")


# The others ask for something definite, and the app has done it: they are read and done when they come.
FOR_STAFF_TO_READ = frozenset({ReplyKind.MAY_BE_STOP, ReplyKind.OTHER})


class InboundMessageQuerySet(models.QuerySet["InboundMessage"]):
    def not_erased(self) -> Self:
        """Those that still say anything. Of the others only the sid is kept, so that a replay is one."""
        return self.exclude(phone="")

    def waiting(self) -> Self:
        """Replies that may be an opt-out and that nobody has decided about."""
        return self.not_erased().filter(kind=ReplyKind.MAY_BE_STOP, handled_at=None)

    def unread(self) -> Self:
        return self.not_erased().filter(read_at=None)

    def open(self) -> Self:
        """Those that still want something of somebody."""
        return self.not_erased().filter(done_at=None)

    def done(self) -> Self:
        return self.not_erased().filter(done_at__isnull=False)

    def waiting_first(self) -> Self:
        """Those that wait for a decision on top, each part the newest first. For short lists: it sorts all of it."""
        waits = When(kind=ReplyKind.MAY_BE_STOP, handled_at=None, then=Value(0))
        return self.order_by(Case(waits, default=Value(1)), "-id")

    def from_anybody_of(self, people: Iterable[Patient], *, numbers: Iterable[str]) -> Self:
        """What `people` wrote, and what came from `numbers` and has not been assigned to anybody.

        Without the words of the erased: those that were assigned to nobody have no number any more.
        """
        unassigned = Q(patient=None, phone__in={number for number in numbers if number})
        return self.not_erased().filter(Q(patient__in=people) | unassigned)


class InboundMessage(models.Model):
    sid = models.CharField(max_length=34, unique=True)
    phone = models.CharField(
        max_length=16
    )  # Empty, with the body, once the last patient who had it is erased.
    sender = models.CharField(max_length=34, help_text=_("The number or messaging service it was sent to."))
    body = models.TextField()
    kind = models.CharField(max_length=12, choices=ReplyKind.choices)
    received_at = models.DateTimeField()
    handled_as = models.CharField(max_length=10, choices=Handled.choices, blank=True)
    handled_at = models.DateTimeField(null=True, blank=True)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    read_at = models.DateTimeField(null=True, editable=False)
    # Who wrote it: the one patient on the number when it came, or whom staff chose of several. Nobody is known else.
    patient = models.ForeignKey(
        Patient, null=True, editable=False, db_index=False, on_delete=models.PROTECT, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True, editable=False)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # It wants nothing more of anybody; by nobody means by the app itself.
    done_at = models.DateTimeField(null=True, editable=False)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        db_index=False,
        on_delete=models.PROTECT,
        related_name="+",
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
            # By nobody, it was the app that assigned it.
            models.CheckConstraint(
                condition=Q(patient=None, assigned_at=None, assigned_by=None)
                | Q(patient__isnull=False, assigned_at__isnull=False),
                name="inbound_assigned_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=False) | Q(done_by=None), name="inbound_done_is_whole"
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
            # The count in the navigation, on every page.
            models.Index(fields=["id"], condition=Q(read_at=None), name="inbound_unread"),
            # What the inbox opens with.
            models.Index(fields=["id"], condition=Q(done_at=None), name="inbound_open"),
            # A patient's conversation.
            models.Index(
                fields=["patient", "-id"], condition=Q(patient__isnull=False), name="inbound_patient_newest"
            ),
            # The communications log.
            models.Index(fields=["received_at", "id"], name="inbound_log"),
        ]

    def __str__(self) -> str:
        return f"Inbound message {self.pk}"

    @property
    def is_waiting(self) -> bool:
        return self.kind == ReplyKind.MAY_BE_STOP and self.handled_at is None

    @property
    def is_unread(self) -> bool:
        return self.read_at is None

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    @property
    def can_be_refusal(self) -> bool:
        """Whether staff may still record it as one: not if the app or staff have done so."""
        return self.kind in FOR_STAFF_TO_READ and self.handled_as != Handled.REFUSAL

    @property
    def phone_display(self) -> str:
        """The number grouped for reading; empty once it is erased."""
        return display(self.phone) if self.phone else ""
