"""The clock's part of a claim: whose local time is not for promotions."""

import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from patients.eligibility import Purpose
from settings_app.models import SmsSettings
from sms.models import GroupMessage, Message
from sms.quiet import QuietHours
from sms.status import Status
from sms.waiting import Text

logger = logging.getLogger(__name__)


def last_moments(texts: Iterable[Text], purpose: Purpose, now: datetime) -> dict[int, datetime]:
    """Message id to the instant until which its phone may get it, for those that may get it now.

    Whoever is missing has quiet hours.
    """
    if purpose != Purpose.MARKETING:
        return {text.pk: text.send_by for text in texts}
    quiet = QuietHours.of(SmsSettings.load())
    found: dict[int, datetime] = {}
    closings: dict[str, datetime | None] = {}
    for text in texts:
        if text.time_zone not in closings:
            closings[text.time_zone] = quiet.closing(now, text.time_zone)
        closes = closings[text.time_zone] or text.send_by
        if closes > now:
            found[text.pk] = min(closes, text.send_by)
    return found


def defer(texts: Iterable[Text], now: datetime) -> int:
    """Let marketing texts wait for the end of their patients' quiet hours; returns how many there were.

    Written down when the list was made, it can have changed since: a worker that was late, a new zone of the
    patient, other hours in the settings.
    """
    texts = list(texts)
    if not texts:
        return 0
    quiet = QuietHours.of(SmsSettings.load())
    by_opening: dict[datetime, list[int]] = defaultdict(list)
    for text in texts:
        by_opening[quiet.opening(now, text.time_zone)].append(text.pk)
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
