"""How many texts of a sender may leave now: a rate, a limit for the day, and a rest when Twilio is too busy.

All are kept by sender, not by purpose: if marketing and care have one sender, they share what it can do. The row of
the sender is locked in the claim's own transaction, so ten workers spend no more than one. See docs/decisions.
"""

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil, inf

from django.conf import settings as environment
from django.db import transaction
from django.db.models import Case, F, PositiveSmallIntegerField, Value, When

from clinic.lib import clock
from clinic.lib.sms_text import segments
from settings_app.models import SmsSettings
from sms.models import Message, SenderBudget

# A sender that has been idle has saved up this much of its rate; a claim takes no more at once.
SAVED_UP = timedelta(seconds=5)
CONCURRENCY = 20
LONGEST_REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """`rate` in parts a second, `cap` in parts a day; infinite if the clinic set none."""

    rate: float
    cap: float

    @property
    def saved_up(self) -> float:
        return self.rate * SAVED_UP.total_seconds()


@dataclass(slots=True)
class Allowance:
    """What one claim may spend. The sender's row, if it has limits, is locked until the transaction ends."""

    limits: Limits
    budget: SenderBudget | None

    def fitting(self, messages: Sequence[Message]) -> list[Message]:
        """As many of the first of `messages` as may leave now; they are spent."""
        if self.budget is None:
            return list(messages)
        taken, spent = [], 0
        for message in messages:
            parts = parts_of(message)
            if not self._fits(spent, parts):
                break
            taken.append(message)
            spent += parts
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


def parts_of(message: Message) -> int:
    return len(segments(message.body))


def parts_expression(messages: Sequence[Message]) -> Case:
    """The parts of each of `messages`, as an expression over their rows; NULL for any other row."""
    by_parts: dict[int, list[int]] = defaultdict(list)
    for message in messages:
        by_parts[parts_of(message)].append(message.pk)
    cases = [When(pk__in=pks, then=Value(parts)) for parts, pks in by_parts.items()]
    return Case(*cases, default=None, output_field=PositiveSmallIntegerField())


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


def allowance(sender: str, *, now: datetime) -> Allowance | None:
    """What may be spent for `sender` in this transaction; None if it rests. Locks, so it comes before other locks."""
    if SenderBudget.objects.filter(sender=sender, rests_until__gt=now).exists():
        return None
    settings = SmsSettings.load()
    limits = limits_of(sender, settings)
    if limits == Limits(inf, inf):
        return Allowance(limits, None)
    SenderBudget.objects.get_or_create(sender=sender)
    budget = SenderBudget.objects.select_for_update().get(sender=sender)
    _fill(budget, limits, now=now, today=_day(now, settings))
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


def give_back(sender: str, messages: Iterable[Message], *, claimed_at: datetime) -> None:
    """The day's parts of texts of one claim that provably were not created: they will be claimed again."""
    if parts := sum(map(parts_of, messages)):
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
    SenderBudget.objects.filter(sender=sender, strikes__gt=0).update(strikes=F("strikes") - 1)


def concurrency(sender: str) -> int:
    """How many POSTs at once: no more than the rate, and half as many with each time that Twilio was too busy."""
    strikes = SenderBudget.objects.filter(sender=sender).values_list("strikes", flat=True).first() or 0
    rate = limits_of(sender, SmsSettings.load()).rate
    most = CONCURRENCY if rate == inf else min(CONCURRENCY, ceil(rate))
    return max(1, most >> strikes)


def _day(instant: datetime, settings: SmsSettings) -> date:
    return clock.local(instant, settings.time_zone).date()
