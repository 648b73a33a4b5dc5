"""A text that was proved not to have been sent, queued once more: by itself or by staff."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from patients.eligibility import Purpose
from sms.models import GroupMessage, Message
from sms.status import GroupStatus, Status

# A group SMS waits for a person, who reads it again: it may say "today".
BY_ITSELF = frozenset({Purpose.ONE_OFF, Purpose.REMINDER})
SEND_WITHIN = timedelta(hours=24)


def by_itself(*, message_id: int, at: datetime) -> bool:
    """Queue a reminder or a one-off once more if it is still of use; the claim judges it anew, as the first time.

    Once only: what was not sent twice waits for a person.
    """
    of_use = Message.objects.filter(
        Q(appointment=None) | Q(appointment__cancelled_at=None),
        pk=message_id,
        status=Status.NOT_SENT,
        purpose__in=BY_ITSELF,
        sent_again_at=None,
        send_by__gt=at,
    ).values("pk")
    return bool(_queue(Q(pk__in=of_use), at=at))


def waiting_for_a_person(group: GroupMessage) -> int:
    """How many texts of a group SMS were not sent and can be queued once more."""
    if group.status not in {GroupStatus.SENDING, GroupStatus.FINISHED}:
        return 0
    return Message.objects.filter(group=group, status=Status.NOT_SENT, erased_at=None).count()


def for_group(*, group_id: UUID, at_most: int, at: datetime, by_id: int) -> int:
    """Queue the texts of a group SMS that were not sent; returns how many.

    At most as many as were shown: 0, and nothing is queued, if there are more by now. They have a day from now.
    """
    with transaction.atomic():
        groups = GroupMessage.objects.select_for_update(no_key=True)
        group = groups.get(pk=group_id)
        if not 0 < waiting_for_a_person(group) <= at_most:
            return 0
        queued = _queue(Q(group=group), at=at, sent_again_by=by_id, send_by=at + SEND_WITHIN)
        # A finished one is under way again; the next tick finishes it anew.
        finished = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.FINISHED)
        finished.update(status=GroupStatus.SENDING, finished_at=None)
    return queued


def _queue(which: Q, *, at: datetime, **more: object) -> int:
    # A text of an erased patient has neither words nor a number any more.
    return Message.objects.filter(which, status=Status.NOT_SENT, erased_at=None).update(
        status=Status.QUEUED,
        status_at=at,
        sent_again_at=at,
        not_before=None,
        error_code=None,
        look_ups=0,
        **more,
    )
