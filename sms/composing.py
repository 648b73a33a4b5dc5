"""A group SMS from draft to frozen list: write, change, untick, confirm once, freeze once."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import Case, Exists, F, OuterRef, ProtectedError, Q, TextField, Value, When

from clinic.insert_select import insert_select
from clinic.lib.promotion import promotional_words
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


class ChangedElsewhere(Exception):
    """The draft was saved from another page, whose words would be lost."""


class ReviewAgain(Exception):
    """What was reviewed is not what would be sent now. `str()` says why, for staff."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page on which a draft is written: its own name, and from which page the text on it had been saved."""

    name: UUID
    seen: UUID | None


def create_draft(
    *,
    body: str,
    is_marketing: bool,
    at: datetime,
    by: AbstractBaseUser,
    unmarked_reason: str = "",
    group_id: UUID | None = None,
    page: Page | None = None,
) -> GroupMessage:
    """Raises IntegrityError if there is a group SMS with this id already."""
    return GroupMessage.objects.create(
        pk=group_id or uuid4(),
        body=body,
        is_marketing=is_marketing,
        unmarked_reason=unmarked_reason,
        created_at=at,
        created_by_id=by.pk,
        saved_at=at,
        saved_from=page.name if page else None,
    )


def change_draft(
    *,
    group_id: UUID,
    body: str,
    is_marketing: bool,
    unmarked_reason: str = "",
    at: datetime | None = None,
    page: Page | None = None,
) -> None:
    """Write the draft's words. Without a `page` whatever stood there is overwritten.

    A page may overwrite what it saved itself, also when the answer got lost, and what it showed when it was opened.
    Raises NotADraft, ChangedElsewhere.
    """
    drafts = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.DRAFT)
    known = Q()
    if page:
        known = Q(saved_from=page.name) | (Q(saved_from=page.seen) if page.seen else Q(saved_from=None))
    written = {"body": body, "is_marketing": is_marketing, "unmarked_reason": unmarked_reason}
    saved_from = page.name if page else uuid4()
    if drafts.filter(known).update(**written, saved_at=at, saved_from=saved_from):
        return
    if drafts.filter(**written).exists():  # there is nothing to lose
        return
    raise ChangedElsewhere if drafts.exists() else NotADraft


def save_draft(*, group_id: UUID, at: datetime, by: AbstractBaseUser, page: Page, **words: Any) -> None:
    """Write a draft that may not be there yet. Raises NotADraft, ChangedElsewhere."""
    if not GroupMessage.objects.filter(pk=group_id).exists():
        with suppress(IntegrityError), transaction.atomic():
            create_draft(**words, group_id=group_id, page=page, at=at, by=by)
            return
    change_draft(**words, group_id=group_id, page=page, at=at)


def discard_draft(*, group_id: UUID) -> None:
    """Raises NotADraft, also for a draft that some patients have a text of: it was confirmed once."""
    try:
        deleted, _ = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.DRAFT).delete()
    except ProtectedError:
        raise NotADraft from None
    if not deleted:
        raise NotADraft


def unexplained(group: GroupMessage) -> int:
    """How many would get a promotion that they refused, with nobody having said why it is none."""
    if group.is_marketing or group.unmarked_reason or not promotional_words(group.body):
        return 0
    return audience.refusing(group).count()


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
    text = str(audience.whole(group, settings))
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
        if refusing := unexplained(group):
            raise ReviewAgain(
                f"This sounds like a promotion, and {refusing} of those who would get it "
                f"{'does' if refusing == 1 else 'do'} not accept marketing. "
                "Change the text: tick “This is a marketing message”, or say why it is none."
            )
        if longest > MAX_CHARACTERS:
            raise ReviewAgain(
                f"With the names filled in, a text has {longest} characters; {MAX_CHARACTERS} is the most."
            )
        return bool(
            GroupMessage.objects.filter(pk=group.pk, status=GroupStatus.DRAFT).update(
                status=GroupStatus.CONFIRMED,
                body=str(audience.whole(group, settings)),
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
