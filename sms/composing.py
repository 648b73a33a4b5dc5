"""A group SMS from draft to frozen list: write, change, untick, confirm once, freeze once."""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, TextField, Value, When

from clinic.insert_select import insert_select
from clinic.lib.sms_text import MAX_CHARACTERS
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status

# What has not left by then is never sent: news of this afternoon is no use tomorrow.
SEND_WITHIN = timedelta(hours=24)


class NotADraft(Exception):
    """The group SMS has been confirmed; its text and list are fixed."""


class ReviewAgain(Exception):
    """What was reviewed is not what would be sent now. `str()` says why, for staff."""


def create_draft(*, body: str, is_marketing: bool, at: datetime, by: AbstractBaseUser) -> GroupMessage:
    return GroupMessage.objects.create(
        body=body, is_marketing=is_marketing, created_at=at, created_by_id=by.pk
    )


def change_draft(*, group_id: UUID, body: str, is_marketing: bool) -> None:
    """Raises NotADraft."""
    drafts = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.DRAFT)
    if not drafts.update(body=body, is_marketing=is_marketing):
        raise NotADraft


def untick(*, group_id: UUID, patient_id: int, ticked: bool) -> None:
    """Leave one patient out of a draft, or take them in again. Raises NotADraft."""
    with transaction.atomic():
        group = GroupMessage.objects.select_for_update().get(pk=group_id)
        if not group.is_draft:
            raise NotADraft
        if ticked:
            group.deselected.remove(patient_id)
        else:
            group.deselected.add(patient_id)


def fingerprint(group: GroupMessage, settings: SmsSettings) -> str:
    """Names the text and purpose as reviewed: another tab may have changed them since."""
    text = str(audience.with_clinic(audience.template_of(group.body), settings))
    return hashlib.sha256(f"{group.purpose}\n{text}".encode()).hexdigest()[:32]


def confirm(*, group_id: UUID, reviewed: str, at_most: int, at: datetime, by: AbstractBaseUser) -> bool:
    """Confirm what was reviewed; True for the one call that did it, False if it had been confirmed before.

    `reviewed` is the fingerprint and `at_most` the number of recipients that staff saw. Fewer is fine: somebody
    opted out since. Raises ReviewAgain, GroupMessage.DoesNotExist.
    """
    with transaction.atomic():
        group = GroupMessage.objects.select_for_update().get(pk=group_id)
        if not group.is_draft:
            return False
        settings = SmsSettings.load()
        if fingerprint(group, settings) != reviewed:
            raise ReviewAgain("The message was changed after you reviewed it. Please look at it again.")
        number, longest = audience.extent(group, settings)
        if number == 0:
            raise ReviewAgain("Nobody would get this message now.")
        if number > at_most:
            raise ReviewAgain(
                f"The list has grown to {number} since you reviewed it. Please look at it again."
            )
        if longest > MAX_CHARACTERS:
            raise ReviewAgain(
                f"With the names filled in, a text has {longest} characters; {MAX_CHARACTERS} is the most."
            )
        return bool(
            GroupMessage.objects.filter(pk=group.pk, status=GroupStatus.DRAFT).update(
                status=GroupStatus.CONFIRMED,
                body=str(audience.with_clinic(audience.template_of(group.body), settings)),
                confirmed_at=at,
                confirmed_by_id=by.pk,
                send_by=at + SEND_WITHIN,
            )
        )


def freeze(*, group_id: UUID, at: datetime) -> int:
    """Write one row for each patient, those left out with their reason; returns how many rows. Once only.

    The step and the rows are one transaction: a crash leaves neither, and a second call finds nothing to do.
    """
    with transaction.atomic():
        confirmed = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.CONFIRMED)
        # Whoever holds it is making the list just now: nothing to wait for.
        if not (group := confirmed.select_for_update(skip_locked=True, no_key=True).first()):
            return 0
        confirmed.update(status=GroupStatus.SENDING, frozen_at=at)
        gets_it = Q(left_out_reason="")
        text = audience.text_expression(audience.template_of(group.body))
        return insert_select(
            Message,
            {
                "purpose": Value(group.purpose.value),
                "status": Case(
                    When(gets_it, then=Value(Status.QUEUED.value)), default=Value(Status.LEFT_OUT.value)
                ),
                "left_out_reason": F("left_out_reason"),
                "group": Value(group.pk, output_field=GroupMessage._meta.pk),
                "patient": F("pk"),
                "phone": F("phone"),
                "body": Case(When(gets_it, then=text), default=Value(""), output_field=TextField()),
                "created_at": Value(at),
                "created_by": Value(group.confirmed_by_id, output_field=Patient._meta.pk),
                "send_by": Value(group.send_by),
                "status_at": Value(at),
            },
            audience.everybody(group),
        )


def finish(*, at: datetime) -> int:
    """Mark as finished each group SMS with nothing left to decide; returns how many."""
    undecided = Message.objects.open().filter(group=OuterRef("pk"))
    sending = GroupMessage.objects.filter(~Exists(undecided), status=GroupStatus.SENDING)
    return sending.update(status=GroupStatus.FINISHED, finished_at=at)
