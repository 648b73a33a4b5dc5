"""What staff may still do to a group SMS they have confirmed: pause it, resume it, stop it, take it back to a draft.

Each step is one guarded update of its row, which waits for the claims that hold the row at that moment (see
`sms.timing`). So once it is saved nothing more is claimed, and whoever comes second finds it done.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from sms.models import GroupMessage, Message
from sms.status import MAY_EXIST, GroupStatus, Status


@dataclass(frozen=True, slots=True)
class Stopped:
    """`gone` texts had left, or may have; `stopped` never will."""

    gone: int
    stopped: int


def pause(*, group_id: UUID, at: datetime, by: AbstractBaseUser) -> bool:
    """Nothing more leaves until somebody resumes it; False if there is nothing to pause, or it is paused already.

    The texts' last moments stay what they are: what is still here by then is never sent.
    """
    sending = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.SENDING)
    return bool(sending.update(status=GroupStatus.PAUSED, paused_at=at, paused_by_id=by.pk))


def resume(*, group_id: UUID) -> bool:
    """False if it is not paused."""
    paused = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.PAUSED)
    return bool(paused.update(status=GroupStatus.SENDING, paused_at=None, paused_by=None))


def cancel(*, group_id: UUID, at: datetime, by: AbstractBaseUser) -> Stopped | None:
    """Stop for good what has not left; None if it is over already.

    Texts that are being sent at this moment, and those of which we do not know, stay what they are.
    """
    with transaction.atomic():
        cancelled = (
            GroupMessage.objects.may_become(GroupStatus.CANCELLED)
            .filter(pk=group_id)
            .update(
                status=GroupStatus.CANCELLED,
                cancelled_at=at,
                cancelled_by_id=by.pk,
                paused_at=None,
                paused_by=None,
            )
        )
        if not cancelled:
            return None
        texts = Message.objects.filter(group_id=group_id)
        stopped = texts.filter(status=Status.QUEUED).update(status=Status.CANCELLED, status_at=at)
        return Stopped(gone=texts.filter(status__in=MAY_EXIST).count(), stopped=stopped)


def stop_leftovers(*, at: datetime) -> int:
    """Stop texts that came back to the queue after their group SMS was stopped; returns how many.

    They had been claimed before that, and Twilio took none of them.
    """
    back = Message.objects.filter(status=Status.QUEUED, group__status=GroupStatus.CANCELLED)
    return back.update(status=Status.CANCELLED, status_at=at)


def back_to_draft(*, group_id: UUID) -> bool:
    """Undo the confirmation, list and all, as long as no text of it was ever claimed; False if it is too late."""
    with transaction.atomic():
        drafted = (
            GroupMessage.objects.may_become(GroupStatus.DRAFT)
            .filter(pk=group_id)
            .select_for_update(no_key=True)
        )
        if drafted.first() is None:
            return False
        texts = Message.objects.filter(group_id=group_id)
        if texts.filter(attempt__gt=0).exists():
            return False
        # Row by row Django would look for what points at them; the database does, and nothing points at a text
        # that was never sent.
        texts._raw_delete(texts.db)
        drafted.update(
            status=GroupStatus.DRAFT,
            confirmed_at=None,
            confirmed_by=None,
            starts_at=None,
            frozen_at=None,
            send_by=None,
            paused_at=None,
            paused_by=None,
        )
    return True
