"""After a restored backup nothing already sent is sent again without a person. See docs/decisions.

Whenever nobody has ticked for a while the database may be an older one. Before anything is sent then, Twilio's list is
compared with it: a text of ours that is there and not here proves that rows were lost.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db import transaction

from patients.eligibility import Purpose
from sms import gateway, outbox, strays
from sms.models import DeliveryEvent, Heartbeat, Message, SendingPause, StrayRecord
from sms.models.pause import PauseKind
from sms.status import Status

logger = logging.getLogger(__name__)

# Ticks come every few seconds. A backup is older than this by the time that it has been restored.
GAP = timedelta(minutes=2)
# Twilio's clock and ours differ.
MARGIN = timedelta(minutes=2)
LONGEST_COMPARING = timedelta(minutes=5)
TRY_AGAIN_AFTER = timedelta(seconds=15)
BATCH = 500
# Their record may exist without its sid here, whatever the age of the database.
_IN_DOUBT = [Status.SENDING, Status.UNKNOWN, Status.NOT_SENT]

Clock = Callable[[], datetime]


def may_send(*, clock: Clock) -> bool:
    """Whether all that was sent is in this database; after a gap Twilio is asked first.

    False as long as its list cannot be read, or while somebody else reads it: nothing is sent blindly.
    """
    last = Heartbeat.last()
    now = clock()
    if last is None or last.complete_until >= now - GAP:
        return True
    if not Heartbeat.take_turn(now=now, until=now + LONGEST_COMPARING):
        return False
    return _compare(last.complete_until, clock)


def waits(*, now: datetime) -> bool:
    """Whether nothing is sent until the comparing has succeeded."""
    last = Heartbeat.last()
    return last is not None and last.complete_until < now - GAP


def _compare(since: datetime, clock: Clock) -> bool:
    begun_at = clock()
    try:
        lost = _lost(gateway.sent_since(since - MARGIN))
    except gateway.TooMuch:
        # It will not become less: a person decides.
        outbox.pause(now=begun_at, kind=PauseKind.BACKUP, since=since)
        Heartbeat.compared(at=begun_at)
        return False
    except gateway.CannotTell as reason:
        logger.warning("Sending waits: Twilio's list could not be read: %s", reason)
        Heartbeat.try_again(at=clock() + TRY_AGAIN_AFTER)
        return False
    if lost:
        _write_down(lost, since, clock())
        _set_aside_what_waits(clock())
    Heartbeat.compared(at=begun_at)
    return not lost


def _lost(records: Iterable[gateway.Found]) -> list[gateway.Found]:
    """Those of our texts at Twilio that this database cannot explain."""
    senders = {outbox.sender_for(purpose) for purpose in Purpose} - {""}
    ours = {record.sid: record for record in records if record.senders & senders}
    for start in range(0, len(ours), BATCH):
        sids = list(ours)[start : start + BATCH]
        _forget(ours, Message.objects.filter(sid__in=sids).values_list("sid", flat=True))
    _forget(ours, DeliveryEvent.objects.filter(sid__in=list(ours)).values_list("sid", flat=True))
    _forget(ours, StrayRecord.objects.filter(sid__in=list(ours)).values_list("sid", flat=True))
    in_doubt = Message.objects.filter(status__in=_IN_DOUBT, sid="")
    explained = Counter(strays.digest(phone, body) for phone, body in in_doubt.values_list("phone", "body"))
    lost = []
    for record in ours.values():
        digest = strays.digest(record.to, record.body)
        if explained[digest]:
            explained[digest] -= 1
        else:
            lost.append(record)
    return lost


def _forget(records: dict[str, gateway.Found], sids: Iterable[str]) -> None:
    for sid in list(sids):
        records.pop(sid, None)


def _write_down(lost: list[gateway.Found], since: datetime, now: datetime) -> None:
    senders = {outbox.sender_for(purpose) for purpose in Purpose}
    rows = [
        StrayRecord(
            sid=record.sid,
            digest=strays.digest(record.to, record.body),
            sender=next(iter(record.senders & senders)),
            sent_at=record.created_at,
            found_at=now,
        )
        for record in lost
    ]
    with transaction.atomic():
        StrayRecord.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        if not outbox.pause(now=now, kind=PauseKind.BACKUP, number=len(lost), since=since):
            # It rests already; that it must not simply go on is the graver reason.
            resting = SendingPause.objects.in_force()
            resting.update(kind=PauseKind.BACKUP, error_code=None, number=len(lost), since=since)


def _set_aside_what_waits(now: datetime) -> None:
    """So that staff see it; what is queued later the claim sets aside."""
    pks = list(Message.objects.filter(status=Status.QUEUED).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(pks), BATCH):
        with transaction.atomic():
            waiting = Message.objects.filter(pk__in=pks[start : start + BATCH], status=Status.QUEUED)
            strays.set_aside(list(waiting.select_for_update(skip_locked=True, no_key=True)), now=now)
