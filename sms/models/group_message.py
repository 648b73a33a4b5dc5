"""One text to many patients."""

import uuid
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from patients.eligibility import Purpose
from sms.status import GroupStatus


class GroupMessageQuerySet(models.QuerySet["GroupMessage"]):
    def to_freeze(self) -> Self:
        """Confirmed, but the list of recipients has not been made yet."""
        return self.filter(status=GroupStatus.CONFIRMED)


class GroupMessage(models.Model):
    """`body` is the text with its placeholders; it cannot change once the group SMS has been confirmed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    body = models.TextField("Message", max_length=1600)
    is_marketing = models.BooleanField("This is a marketing message", default=False)
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
    frozen_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    send_by = models.DateTimeField(null=True, blank=True)
    # Why staff say that what sounds like a promotion is none.
    unmarked_reason = models.CharField(
        "Why is it not marketing?", max_length=300, blank=True, db_default="", default=""
    )
    # Of a draft: when its text was saved, and from which page. Another page that does not know it may not overwrite it.
    saved_at = models.DateTimeField(null=True, blank=True)
    saved_from = models.UUIDField(null=True, editable=False)

    objects = GroupMessageQuerySet.as_manager()

    class Meta:
        verbose_name = "group SMS"
        verbose_name_plural = "group SMS"
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=GroupStatus.DRAFT, confirmed_at=None)
                | (~Q(status=GroupStatus.DRAFT) & Q(confirmed_at__isnull=False, send_by__isnull=False)),
                name="group_message_confirmed_or_draft",
            ),
            models.CheckConstraint(condition=Q(status__in=GroupStatus.values), name="group_message_status"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="group_message_newest")]
        permissions = [("send_groupmessage", "Can send a group SMS")]

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
