"""One text to many patients."""

import uuid
from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from patients.eligibility import Purpose
from sms.status import UNDER_WAY, GroupStatus, before


class GroupMessageQuerySet(models.QuerySet["GroupMessage"]):
    def to_freeze(self) -> Self:
        """Confirmed, but the list of recipients has not been made yet."""
        return self.filter(status=GroupStatus.CONFIRMED)

    def may_become(self, status: GroupStatus) -> Self:
        return self.filter(status__in=before(status))

    def sendable(self, now: datetime) -> Self:
        """Those whose texts may leave: neither paused nor stopped, and the time to begin has come."""
        return self.filter(Q(starts_at=None) | Q(starts_at__lte=now), status=GroupStatus.SENDING)

    def coming(self, now: datetime) -> Self:
        """Those that are confirmed and begin later, the next one first."""
        return self.filter(status__in=UNDER_WAY, starts_at__gt=now).order_by("starts_at", "id")

    def running(self, now: datetime) -> Self:
        """Those that have begun, and are not over."""
        return self.filter(Q(starts_at=None) | Q(starts_at__lte=now), status__in=UNDER_WAY)


class GroupMessage(models.Model):
    """`body` is the text with its placeholders; it cannot change once the group SMS has been confirmed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    body = models.TextField(_("Message"), max_length=1600)
    is_marketing = models.BooleanField(_("This is a marketing message"), default=False)
    status = models.CharField(max_length=10, choices=GroupStatus.choices, default=GroupStatus.DRAFT)
    deselected = models.ManyToManyField("patients.Patient", related_name="+", blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Empty: at once, when it was confirmed.
    starts_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    send_by = models.DateTimeField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Why staff say that what sounds like a promotion is none.
    unmarked_reason = models.CharField(
        _("Why is it not marketing?"), max_length=300, blank=True, db_default="", default=""
    )
    # Of a draft: when its text was saved, and from which page. Another page that does not know it may not overwrite it.
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_from = models.UUIDField(null=True, editable=False)

    objects = GroupMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("group SMS")
        verbose_name_plural = _("group SMS")
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=GroupStatus.DRAFT, confirmed_at=None)
                | (~Q(status=GroupStatus.DRAFT) & Q(confirmed_at__isnull=False, send_by__isnull=False)),
                name="group_message_confirmed_or_draft",
            ),
            models.CheckConstraint(condition=Q(status__in=GroupStatus.values), name="group_message_status"),
            # Paused means: since when, and by whom. Whoever resumes it empties both.
            models.CheckConstraint(
                condition=Q(status=GroupStatus.PAUSED, paused_at__isnull=False, paused_by__isnull=False)
                | (~Q(status=GroupStatus.PAUSED) & Q(paused_at=None, paused_by=None)),
                name="group_message_paused_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=GroupStatus.CANCELLED, cancelled_at__isnull=False, cancelled_by__isnull=False
                )
                | (~Q(status=GroupStatus.CANCELLED) & Q(cancelled_at=None, cancelled_by=None)),
                name="group_message_cancelled_is_whole",
            ),
            # A draft has no time; the list is made when a confirmed one turns to sending.
            models.CheckConstraint(
                condition=Q(status=GroupStatus.DRAFT, starts_at=None, send_by=None, frozen_at=None)
                | Q(status=GroupStatus.CONFIRMED, frozen_at=None)
                | Q(status=GroupStatus.CANCELLED)
                | Q(
                    status__in=[GroupStatus.SENDING, GroupStatus.PAUSED, GroupStatus.FINISHED],
                    frozen_at__isnull=False,
                ),
                name="group_message_times_fit_status",
            ),
        ]
        indexes = [models.Index(fields=["-created_at"], name="group_message_newest")]
        permissions = [("send_groupmessage", _("Can send a group SMS"))]

    def __str__(self) -> str:
        return f"Group SMS {self.pk}"

    def get_absolute_url(self) -> str:
        name = "sms:review" if self.is_draft else "sms:group_detail"
        return reverse(name, args=[self.pk])

    @property
    def purpose(self) -> Purpose:
        return Purpose.MARKETING if self.is_marketing else Purpose.SERVICE

    @property
    def is_draft(self) -> bool:
        return self.status == GroupStatus.DRAFT

    @property
    def is_finished(self) -> bool:
        return self.status == GroupStatus.FINISHED

    @property
    def is_under_way(self) -> bool:
        return self.status in UNDER_WAY

    @property
    def is_paused(self) -> bool:
        return self.status == GroupStatus.PAUSED

    @property
    def is_cancelled(self) -> bool:
        return self.status == GroupStatus.CANCELLED

    def waits_until(self, now: datetime) -> datetime | None:
        """When it will begin, if that is still to come; None for a draft, and once it is over."""
        waits = self.is_under_way and self.starts_at is not None and self.starts_at > now
        return self.starts_at if waits else None
