"""How many texts of a sender may leave now: a rate, a limit for the day, and a rest when Twilio is too busy.

All are kept by sender, not by purpose: if marketing and care have one sender, they share what it can do. The row of
the sender is locked in the claim's own transaction, so ten workers spend no more than one. See docs/decisions.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil, inf

from django.conf import settings as environment
from django.db import transaction
from django.db.models import CharField, F

from clinic.compiled import Compiled, Mark
from clinic.lib import clock
from clinic.lib.sms_text import segments
from settings_app.models import SmsSettings
from sms.models import SenderBudget
from sms.waiting import Text

# A sender that has been idle has saved up this much of its rate; a claim takes no more at once.
SAVED_UP = timedelta(seconds=5)
LONGEST_REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """`rate` in parts a second, `cap` in parts a day; infinite if the clinic set none."""

    rate: float
    cap: float

    @property
    def saved_up(self) -> float:
        return self.rate * SAVED_UP.total_seconds()


@dataclass(frozen=True, slots=True)
class Pace:
    """How a sender goes on: the clinic's settings, and how often in a row Twilio has been too busy for it."""

    sender: str
    settings: SmsSettings
    strikes: int = 0
    rests_until: datetime | None = None

    @property
    def limits(self) -> Limits:
        return limits_of(self.sender, self.settings)

    @property
    def at_once(self) -> int:
        """How many POSTs: no more than the rate, and half as many with each time that Twilio was too busy."""
        rate = self.limits.rate
        most = environment.TWILIO_AT_ONCE
        most = most if rate == inf else min(most, ceil(rate))
        return max(1, most >> self.strikes)


_BUDGET = Compiled(
    lambda: SenderBudget.objects.filter(sender=Mark("sender", CharField())).values_list(
        "strikes", "rests_until"
    )
)


@dataclass(slots=True)
class Allowance:
    """What one claim may spend. The sender's row, if it has limits, is locked until the transaction ends."""

    limits: Limits
    budget: SenderBudget | None

    def fitting(self, texts: Sequence[Text]) -> list[Text]:
        """As many of the first of `texts` as may leave now, with their parts; these are spent."""
        taken, spent = [], 0
        for text in texts:
            text.parts = len(segments(text.body))
            if self.budget and not self._fits(spent, text.parts):
                break
            taken.append(text)
            spent += text.parts
        if self.budget is None:
            return taken
        if self.limits.rate != inf:
            self.budget.parts -= spent
        self.budget.used += spent
        self.budget.save(update_fields=["parts", "filled_at", "day", "used"])
        return taken

    def _fits(self, spent: int, parts: int) -> bool:
        assert self.budget is not None
        # A text of more parts than can be saved up leaves when all is saved up, and the next ones wait the longer.
        left, saved_up = self.budget.parts - spent, self.limits.saved_up
        soon_enough = saved_up == inf or left >= min(parts, saved_up)
        return soon_enough and self.budget.used + spent + parts <= self.limits.cap


def limits_of(sender: str, settings: SmsSettings) -> Limits:
    """The limits of each kind of text that comes from `sender`: the smaller ones, if both do."""
    rates, caps = [inf], [inf]
    if sender == environment.TWILIO_MARKETING_SENDER:
        rates.append(settings.marketing_rate or inf)
        caps.append(settings.marketing_daily_cap or inf)
    if sender == environment.TWILIO_CARE_SENDER:
        rates.append(settings.care_rate or inf)
        caps.append(settings.care_daily_cap or inf)
    return Limits(min(rates), min(caps))


def pace_of(sender: str) -> Pace:
    """What holds for `sender` just now."""
    settings = SmsSettings.load()
    for strikes, rests_until in _BUDGET.rows(sender=sender):
        return Pace(sender, settings, strikes, rests_until)
    return Pace(sender, settings)


def allowance(pace: Pace, *, now: datetime) -> Allowance | None:
    """What may be spent in this transaction; None if the sender rests. Locks, so it comes before other locks."""
    if pace.rests_until and pace.rests_until > now:
        return None
    limits = pace.limits
    if limits == Limits(inf, inf):
        return Allowance(limits, None)
    SenderBudget.objects.get_or_create(sender=pace.sender)
    budget = SenderBudget.objects.select_for_update().get(sender=pace.sender)
    _fill(budget, limits, now=now, today=_day(now, pace.settings))
    return Allowance(limits, budget)


def _fill(budget: SenderBudget, limits: Limits, *, now: datetime, today: date) -> None:
    if limits.rate == inf:
        budget.parts, budget.filled_at = 0.0, None
    elif budget.filled_at is None:
        budget.parts, budget.filled_at = limits.saved_up, now
    else:
        # Machines' clocks differ: one that is behind adds nothing, and takes nothing away.
        passed = max((now - budget.filled_at).total_seconds(), 0.0)
        budget.parts = min(limits.saved_up, budget.parts + passed * limits.rate)
        budget.filled_at = max(now, budget.filled_at)
    if budget.day is None or budget.day < today:
        budget.day, budget.used = today, 0


def give_back(sender: str, texts: Iterable[Text], *, claimed_at: datetime) -> None:
    """The day's parts of texts of one claim that provably were not created: they will be claimed again."""
    if parts := sum(text.parts for text in texts):
        day = _day(claimed_at, SmsSettings.load())
        spent = SenderBudget.objects.filter(sender=sender, day=day, used__gte=parts)
        spent.update(used=F("used") - parts)


def slow_down(sender: str, *, wished: timedelta | None, now: datetime) -> None:
    """Twilio was too busy: nothing more from this sender for as long as it wished, or longer each time."""
    with transaction.atomic():
        SenderBudget.objects.get_or_create(sender=sender)
        budget = SenderBudget.objects.select_for_update().get(sender=sender)
        budget.strikes += 1
        longest = min(2.0 ** (budget.strikes - 1), LONGEST_REST.total_seconds())
        wait = wished or timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311  spreads load
        budget.rests_until = max(budget.rests_until or now, now + wait)
        budget.save(update_fields=["strikes", "rests_until"])


def speed_up(sender: str) -> None:
    """A batch went through without a complaint."""
    if any(strikes for strikes, _ in _BUDGET.rows(sender=sender)):
        SenderBudget.objects.filter(sender=sender, strikes__gt=0).update(strikes=F("strikes") - 1)


def _day(instant: datetime, settings: SmsSettings) -> date:
    return clock.local(instant, settings.time_zone).date()
