"""One text to one patient; or the row of a patient who was left out, with the reason."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.expressions import Func
from django.utils.translation import gettext_lazy as _

from clinic.lib.phone import display
from patients.eligibility import Purpose, Reason
from patients.models import Appointment, ConsentEvent, Patient
from sms.models.group_message import GroupMessage
from sms.status import BILLED, HANDED_OVER, IN_FLIGHT, OPEN, Status

# In one order, for the migrations.
IN_FLIGHT_VALUES = sorted(status.value for status in IN_FLIGHT)
BILLED_VALUES = sorted(status.value for status in BILLED)
HANDED_OVER_VALUES = sorted(status.value for status in HANDED_OVER)
# How few texts end, or stay for long.
_RARE = {Status.UNDELIVERED, Status.FAILED, Status.UNKNOWN, Status.NOT_SENT, Status.CANCELLED, Status.EXPIRED}
RARE_VALUES = sorted(status.value for status in _RARE)


class RandomUUID(Func):
    """A random UUID made by the database, from its cryptographic generator."""

    template = "gen_random_uuid()"
    output_field = models.UUIDField()
    arity = 0

    def as_sqlite(self, compiler, connection, **extra):  # type: ignore[no-untyped-def]
        return self.as_sql(compiler, connection, template="lower(hex(randomblob(16)))", **extra)


class MessageQuerySet(models.QuerySet["Message"]):
    def ready(self, now: datetime) -> Self:
        """Waiting texts whose time has come, and whose group SMS has begun and rests not."""
        sendable = GroupMessage.objects.sendable(now).order_by().values("pk")
        return self.filter(
            Q(not_before=None) | Q(not_before__lte=now),
            Q(group=None) | Q(group__in=sendable),
            status=Status.QUEUED,
        )

    def overdue(self, claimed_before: datetime) -> Self:
        """Claimed, and never settled: the process died between the two."""
        return self.filter(status=Status.SENDING, claimed_at__lt=claimed_before)

    def bound_by_guess(self) -> Self:
        """Bound to a record at Twilio that a look-up found to be alike, without proof that it is the very one.

        A look-up leaves its number behind; the answer to our POST and a callback, which are proof, leave none.
        """
        return self.filter(look_ups__gt=0).exclude(sid="")

    def open(self) -> Self:
        return self.filter(status__in=OPEN)

    def in_flight(self) -> Self:
        return self.filter(status__in=IN_FLIGHT)


class Message(models.Model):
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    status = models.CharField(max_length=12, choices=Status.choices)
    left_out_reason = models.CharField(max_length=24, choices=Reason.choices, blank=True, db_default="")
    group = models.ForeignKey(GroupMessage, null=True, on_delete=models.PROTECT, related_name="messages")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="messages")
    appointment = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="messages")
    phone = models.CharField(max_length=16, blank=True)
    body = models.TextField(max_length=1600)
    consent_event = models.ForeignKey(
        ConsentEvent, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # The form's own random number: sent twice, it makes one text.
    request_key = models.UUIDField(null=True, unique=True, editable=False)
    # Part of the callback address: whoever knows it has it from us, by way of Twilio.
    token = models.UUIDField(unique=True, editable=False, db_default=RandomUUID())
    not_before = models.DateTimeField(null=True, blank=True)
    send_by = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(db_default=0)
    claim = models.UUIDField(null=True, editable=False)
    claimed_at = models.DateTimeField(null=True)
    # How many parts it had when it was claimed: what the clinic pays for, and still there when the words are erased.
    parts = models.PositiveSmallIntegerField(null=True, editable=False)
    # What it was claimed for: the settings may name another sender by the time that we look it up.
    sender = models.CharField(max_length=34, blank=True, db_default="", editable=False)
    sid = models.CharField(max_length=34, blank=True, db_default="")
    error_code = models.PositiveIntegerField(null=True)
    # Why we do not, or did not, know: in the gateway's few words, or one of `outbox`'s own.
    unknown_because = models.CharField(max_length=40, blank=True, db_default="", editable=False)
    status_at = models.DateTimeField()
    look_ups = models.PositiveSmallIntegerField(db_default=0)
    # How often Twilio was asked for news that no callback brought.
    news_asked = models.PositiveSmallIntegerField(db_default=0, editable=False)
    # Queued once more after it was proved that nothing had been sent; by nobody means by the app itself.
    sent_again_at = models.DateTimeField(null=True, editable=False)
    sent_again_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # The patient was erased: number and words are gone, what became of the text is not.
    erased_at = models.DateTimeField(null=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="message_status"),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="message_purpose"),
            models.CheckConstraint(
                condition=(Q(status=Status.LEFT_OUT) & ~Q(left_out_reason=""))
                | (~Q(status=Status.LEFT_OUT) & Q(left_out_reason="")),
                name="message_left_out_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.LEFT_OUT) | ~Q(phone="") | Q(erased_at__isnull=False),
                name="message_has_a_number",
            ),
            # And what is erased is never sent, whoever would queue it again.
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | (Q(phone="", body="") & ~Q(status__in=[Status.QUEUED, Status.SENDING])),
                name="message_erased_is_bare",
            ),
            # Nobody gets the same group SMS twice: neither a person nor a phone.
            models.UniqueConstraint(fields=["group", "patient"], name="message_once_per_patient"),
            models.UniqueConstraint(
                fields=["group", "phone"],
                condition=~Q(status=Status.LEFT_OUT) & Q(group__isnull=False, erased_at=None),
                name="message_once_per_number",
            ),
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(appointment__isnull=False), name="message_one_reminder"
            ),
            models.UniqueConstraint(fields=["sid"], condition=~Q(sid=""), name="message_sid_once"),
        ]
        indexes = [
            # The claim takes the oldest waiting texts of one purpose.
            models.Index(fields=["purpose", "id"], condition=Q(status=Status.QUEUED), name="message_queue"),
            # The sweep and the reconciler look for what is not settled.
            models.Index(
                fields=["status", "claimed_at"],
                condition=Q(status__in=[Status.SENDING, Status.UNKNOWN]),
                name="message_unsettled",
            ),
            # The search for news that no callback brought.
            models.Index(
                fields=["claimed_at"], condition=Q(status__in=IN_FLIGHT_VALUES), name="message_awaiting_news"
            ),
            # What a month has cost: all that is asked for is in the index.
            models.Index(
                fields=["claimed_at", "parts"], condition=Q(status__in=BILLED_VALUES), name="message_billed"
            ),
            # What the breaker counts, every few seconds.
            models.Index(
                fields=["status_at"], condition=Q(status__in=HANDED_OVER_VALUES), name="message_newest_news"
            ),
            # Counts and lists of one group SMS.
            models.Index(fields=["group", "status", "id"], name="message_group_status"),
            # A patient's conversation.
            models.Index(fields=["patient", "-id"], name="message_patient_newest"),
            # The communications log, and the two filters of it that find little among much.
            models.Index(fields=["created_at", "id"], name="message_log"),
            models.Index(
                fields=["purpose", "created_at", "id"],
                condition=Q(purpose__in=[Purpose.ONE_OFF, Purpose.REMINDER]),
                name="message_log_to_one",
            ),
            models.Index(
                fields=["status", "created_at", "id"],
                condition=Q(status__in=RARE_VALUES),
                name="message_log_rare",
            ),
        ]
        permissions = [("send_message", _("Can send a one-off text"))]

    def __str__(self) -> str:
        return f"Message {self.pk}"

    @property
    def phone_display(self) -> str:
        """The number it was made for, grouped for reading; empty if there was none."""
        return display(self.phone) if self.phone else ""
