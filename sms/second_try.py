"""A text that was proved not to have been sent, queued once more: by itself or by staff."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from patients.eligibility import Purpose
from sms.models import GroupMessage, Message
from sms.models.message import MessageQuerySet
from sms.status import GroupStatus, Status

# A group SMS waits for a person, who reads it again: it may say "today".
BY_ITSELF = frozenset({Purpose.ONE_OFF, Purpose.REMINDER})
SEND_WITHIN = timedelta(hours=24)


def by_itself(*, message_id: int, at: datetime) -> bool:
    """Queue a reminder or a one-off once more if it is still of use; the claim judges it anew, as the first time.

    Once only: what was not sent twice waits for a person.
    """
    still_on = Q(appointment=None) | Q(appointment__cancelled_at=None)
    of_use = _not_sent(still_on & Q(pk=message_id, purpose__in=BY_ITSELF, sent_again_at=None, send_by__gt=at))
    return bool(_queue(Q(pk__in=of_use.values("pk")), at=at))


def waiting_for_a_person(group: GroupMessage) -> int:
    """How many texts of a group SMS were not sent and can be queued once more."""
    return _waiting_for_a_person(group).count()


def for_group(*, group_id: UUID, at_most: int, at: datetime, by_id: int) -> int:
    """Queue the texts of a group SMS that were not sent; returns how many.

    At most as many as were shown: 0, and nothing is queued, if there are more by now. They have a day from now.
    """
    with transaction.atomic():
        groups = GroupMessage.objects.select_for_update(no_key=True)
        group = groups.get(pk=group_id)
        # Named one by one: while we count, a look-up may prove another one absent.
        shown = list(_waiting_for_a_person(group).values_list("pk", flat=True))
        if not 0 < len(shown) <= at_most:
            return 0
        queued = _queue(Q(pk__in=shown), at=at, sent_again_by=by_id, send_by=at + SEND_WITHIN)
        # A finished one is under way again; the next tick finishes it anew.
        finished = GroupMessage.objects.filter(pk=group_id, status=GroupStatus.FINISHED)
        finished.update(status=GroupStatus.SENDING, finished_at=None)
    return queued


def _waiting_for_a_person(group: GroupMessage) -> MessageQuerySet:
    under_way = group.status in {GroupStatus.SENDING, GroupStatus.FINISHED}
    return _not_sent(Q(group=group)) if under_way else Message.objects.none()


def _not_sent(which: Q) -> MessageQuerySet:
    """Without those of which nothing is left but that there was a text."""
    return Message.objects.filter(which, status=Status.NOT_SENT).exclude(phone="")


def _queue(which: Q, *, at: datetime, **more: object) -> int:
    return _not_sent(which).update(
        status=Status.QUEUED,
        status_at=at,
        sent_again_at=at,
        not_before=None,
        error_code=None,
        look_ups=0,
        **more,
    )
