"""When a sender will be done: an estimate from its limits and what waits ahead. Without limits there is none."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import ceil, inf

from clinic.lib.sms_text import segments
from patients.eligibility import Purpose
from settings_app.models import SmsSettings
from sms import outbox, pacing
from sms.models import Message, SenderBudget
from sms.pacing import Limits
from sms.status import Status
from sms.waiting import MOST_URGENT_FIRST

# Of so many texts the parts are counted; the others are taken to be like them.
SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Forecast:
    """`finished_at` is about when; `cap` is the day's parts, `left_today` what is left of them (both None: no cap).

    `ahead` counts the texts that leave first. `waits` says that nothing more can leave today.
    """

    finished_at: datetime
    rate: int | None
    cap: int | None
    left_today: int | None
    ahead: int
    waits: bool


def before_sending(*, purpose: Purpose, parts: int, now: datetime) -> Forecast | None:
    """For a group SMS of so many `parts` that nobody has confirmed yet."""
    return _forecast(purpose, own=parts, own_texts=0, now=now)


def while_sending(*, purpose: Purpose, waiting: int, now: datetime) -> Forecast | None:
    """For a group SMS of which `waiting` texts still wait."""
    return _forecast(purpose, own=0, own_texts=waiting, now=now) if waiting else None


def held_until_tomorrow(*, now: datetime) -> int:
    """How many texts wait at a sender whose parts of today are used up."""
    settings = SmsSettings.load()
    held = 0
    for purposes in _purposes_of_each_sender():
        sender = outbox.sender_for(purposes[0])
        if _used_today(sender, settings, now) >= pacing.limits_of(sender, settings).cap:
            held += Message.objects.filter(status=Status.QUEUED, purpose__in=purposes).count()
    return held


def _purposes_of_each_sender() -> list[list[Purpose]]:
    found: dict[str, list[Purpose]] = {}
    for purpose in Purpose:
        found.setdefault(outbox.sender_for(purpose), []).append(purpose)
    return list(found.values())


def _forecast(purpose: Purpose, *, own: int, own_texts: int, now: datetime) -> Forecast | None:
    settings = SmsSettings.load()
    sender = outbox.sender_for(purpose)
    limits = pacing.limits_of(sender, settings)
    if limits == Limits(inf, inf):
        return None
    queued, queued_parts = _queued(sender, purpose)
    used = _used_today(sender, settings, now)
    left = max(limits.cap - used, 0)
    parts = own + queued_parts
    return Forecast(
        finished_at=_finished_at(parts, limits, left, settings, now),
        rate=None if limits.rate == inf else int(limits.rate),
        cap=None if limits.cap == inf else int(limits.cap),
        left_today=None if left == inf else int(left),
        ahead=queued - own_texts,
        waits=left == 0,
    )


def _queued(sender: str, purpose: Purpose) -> tuple[int, int]:
    """Texts, and about how many parts, that wait at `sender` and are at least as urgent."""
    urgent = MOST_URGENT_FIRST[: MOST_URGENT_FIRST.index(purpose) + 1]
    purposes = [each for each in urgent if outbox.sender_for(each) == sender]
    waiting = Message.objects.filter(status=Status.QUEUED, purpose__in=purposes).order_by()
    texts = waiting.count()
    sample = [len(segments(body)) for body in waiting.values_list("body", flat=True)[:SAMPLE]]
    return texts, ceil(texts * sum(sample) / len(sample)) if sample else 0


def _used_today(sender: str, settings: SmsSettings, now: datetime) -> int:
    today = now.astimezone(settings.zone).date()
    return SenderBudget.objects.filter(sender=sender, day=today).values_list("used", flat=True).first() or 0


def _finished_at(parts: float, limits: Limits, left: float, settings: SmsSettings, now: datetime) -> datetime:
    if parts <= left:
        return now + timedelta(seconds=parts / limits.rate)
    days = ceil((parts - left) / limits.cap)
    last = parts - left - (days - 1) * limits.cap
    day = now.astimezone(settings.zone).date() + timedelta(days=days)
    return datetime.combine(day, time.min, settings.zone) + timedelta(seconds=last / limits.rate)
