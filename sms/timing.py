"""The clock's part of a claim: which group SMS may send now, and whose local time is not for promotions."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from clinic.share_lock import lock_shared
from patients.eligibility import GROUP, Purpose
from settings_app.models import SmsSettings
from sms.models import GroupMessage, Message
from sms.models.message import MessageQuerySet
from sms.quiet import QuietHours
from sms.status import Status

logger = logging.getLogger(__name__)


def of_running_groups(waiting: MessageQuerySet, purpose: Purpose, now: datetime) -> MessageQuerySet:
    """Those of `waiting` whose group SMS may send; what belongs to none always may. Within a claim's transaction.

    The group SMS are locked such that whoever pauses or stops one waits for this claim, and whoever is about to
    has this claim pass it over: there is no claim after a pause or a stop that has been saved.
    """
    if purpose not in GROUP:
        return waiting
    marketing = purpose == Purpose.MARKETING
    return waiting.filter(
        group__in=lock_shared(GroupMessage.objects.sendable(now).filter(is_marketing=marketing))
    )


def last_moments(messages: Iterable[Message], purpose: Purpose, now: datetime) -> dict[int, datetime]:
    """Message id to the instant until which its phone may get it, for those that may get it now.

    Whoever is missing has quiet hours. `messages` come with their patients.
    """
    if purpose != Purpose.MARKETING:
        return {message.pk: message.send_by for message in messages}
    quiet = QuietHours.of(SmsSettings.load())
    found: dict[int, datetime] = {}
    closings: dict[str, datetime | None] = {}
    for message in messages:
        zone = message.patient.time_zone
        if zone not in closings:
            closings[zone] = quiet.closing(now, zone)
        closes = closings[zone] or message.send_by
        if closes > now:
            found[message.pk] = min(closes, message.send_by)
    return found


def defer(messages: Iterable[Message], now: datetime) -> int:
    """Let marketing texts wait for the end of their patients' quiet hours; returns how many there were.

    Written down when the list was made, it can have changed since: a worker that was late, a new zone of the
    patient, other hours in the settings.
    """
    messages = list(messages)
    if not messages:
        return 0
    quiet = QuietHours.of(SmsSettings.load())
    by_opening: dict[datetime, list[int]] = defaultdict(list)
    for message in messages:
        by_opening[quiet.opening(now, message.patient.time_zone)].append(message.pk)
    number = 0
    for opening, pks in by_opening.items():
        number += Message.objects.filter(pk__in=pks, status=Status.QUEUED).update(not_before=opening)
    if number:
        logger.info("Deferred to the end of the quiet hours", extra={"texts": number})
    return number


def release(*, now: datetime) -> int:
    """Let those promotions go whose quiet hours ended sooner than was written down; returns how many.

    Somebody changed the hours, or a patient's zone. What was claimed before waits for another reason, and goes on
    waiting.
    """
    waiting = Message.objects.filter(
        status=Status.QUEUED,
        purpose=Purpose.MARKETING,
        attempt=0,
        not_before__gt=now,
        group__in=GroupMessage.objects.sendable(now).order_by().values("pk"),
    )
    zones = set(waiting.order_by().values_list("patient__time_zone", flat=True).distinct())
    quiet = QuietHours.of(SmsSettings.load())
    awake = {zone for zone in zones if quiet.opening(now, zone) <= now}
    return waiting.filter(patient__time_zone__in=awake).update(not_before=now) if awake else 0
