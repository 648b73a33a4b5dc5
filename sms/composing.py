"""A group SMS from draft to frozen list: write, change, untick, confirm once, freeze once."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    ProtectedError,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.insert_select import insert_select
from clinic.lib.promotion import promotional_words
from clinic.lib.sms_text import MAX_CHARACTERS
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, tally
from sms.models import GroupMessage, Message
from sms.quiet import QuietHours
from sms.status import GroupStatus, Status

# What has not left by then is never sent: news of this afternoon is no use tomorrow. Counted from the time it begins.
SEND_WITHIN = timedelta(hours=24)
LATEST_START = timedelta(days=366)


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


def confirm(
    *,
    group_id: UUID,
    reviewed: str,
    at_most: int,
    at: datetime,
    by: AbstractBaseUser,
    starts_at: datetime | None = None,
) -> bool:
    """Confirm what was reviewed; True for the one call that did it, False if it had been confirmed before.

    `reviewed` is the fingerprint and `at_most` the number of recipients that staff saw. Fewer is fine: somebody
    opted out since. It begins at `starts_at`; if that is None now, or after the hold that the settings ask for.
    Raises ReviewAgain, GroupMessage.DoesNotExist.
    """
    if starts_at and not at < starts_at <= at + LATEST_START:
        raise ReviewAgain(_("The time must be still to come, and within a year. Please choose it again."))
    with transaction.atomic():
        group = GroupMessage.objects.select_for_update().get(pk=group_id)
        if not group.is_draft:
            return False
        settings = SmsSettings.load()
        if fingerprint(group, settings) != reviewed:
            raise ReviewAgain(_("The message was changed after you reviewed it. Please look at it again."))
        found = tally.of(group, audience.whole(group, settings))
        number, longest = found.number, found.parts.longest
        if number == 0:
            raise ReviewAgain(_("Nobody would get this message now."))
        if number > at_most:
            raise ReviewAgain(
                _("The list has grown to %(number)s since you reviewed it. Please look at it again.")
                % {"number": number}
            )
        if refusing := unexplained(group):
            raise ReviewAgain(
                ngettext(
                    "This sounds like a promotion, and %(number)s of those who would get it "
                    "does not accept marketing. "
                    "Change the text: tick “This is a marketing message”, or say why it is none.",
                    "This sounds like a promotion, and %(number)s of those who would get it "
                    "do not accept marketing. "
                    "Change the text: tick “This is a marketing message”, or say why it is none.",
                    refusing,
                )
                % {"number": refusing}
            )
        if longest > MAX_CHARACTERS:
            raise ReviewAgain(
                _("With the names filled in, a text has %(longest)s characters; %(most)s is the most.")
                % {"longest": longest, "most": MAX_CHARACTERS}
            )
        if starts_at is None and settings.hold_minutes:
            starts_at = at + timedelta(minutes=settings.hold_minutes)
        return bool(
            GroupMessage.objects.filter(pk=group.pk, status=GroupStatus.DRAFT).update(
                status=GroupStatus.CONFIRMED,
                body=str(audience.whole(group, settings)),
                confirmed_at=at,
                confirmed_by_id=by.pk,
                starts_at=starts_at,
                send_by=(starts_at or at) + SEND_WITHIN,
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
                "status_at": Value(at),
                **_times(group),
            },
            audience.everybody(group),
        )


def _times(group: GroupMessage) -> dict[str, BaseExpression]:
    """When each text of the list may leave, from and until, as expressions over the patients.

    A promotion waits for the end of the patient's quiet hours. Where the first day that leaves room for it ends after
    the group SMS's own last moment, which a change of the clocks can bring about, it has until the end of that day.
    """
    assert group.send_by is not None
    if not group.is_marketing:
        begins = {"not_before": Value(group.starts_at)} if group.starts_at else {}
        return {**begins, "send_by": Value(group.send_by)}
    quiet = QuietHours.of(SmsSettings.load())
    own = Patient.objects.exclude(time_zone="").order_by().values_list("time_zone", flat=True).distinct()
    starts = group.starts_at or group.confirmed_at
    assert starts is not None
    openings = {zone: quiet.opening(starts, zone) for zone in ["", *own]}
    ends = {
        zone: max(group.send_by, quiet.closing(opening, zone) or group.send_by)
        for zone, opening in openings.items()
    }
    GroupMessage.objects.filter(pk=group.pk).update(send_by=max(ends.values()))
    return {"not_before": _by_zone(openings), "send_by": _by_zone(ends)}


def _by_zone(instants: Mapping[str, datetime]) -> BaseExpression:
    """The instant of each patient's zone, as an expression; that of "" for all who have none of their own."""
    zones: dict[datetime, list[str]] = defaultdict(list)
    for zone, instant in instants.items():
        if instant != instants[""]:
            zones[instant].append(zone)
    cases = [When(time_zone__in=names, then=Value(instant)) for instant, names in zones.items()]
    return Case(*cases, default=Value(instants[""]), output_field=DateTimeField())


def finish(*, at: datetime) -> int:
    """Mark as finished each group SMS with nothing left to decide, also a paused one; returns how many."""
    undecided = Message.objects.open().filter(group=OuterRef("pk"))
    done = GroupMessage.objects.may_become(GroupStatus.FINISHED).filter(~Exists(undecided))
    return done.update(status=GroupStatus.FINISHED, finished_at=at, paused_at=None, paused_by=None)
