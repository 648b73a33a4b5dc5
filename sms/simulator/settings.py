"""What can be set while the simulator runs: how fast, how reliable, and what goes wrong next."""

import random
from collections import deque
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from sms.simulator.outcomes import Outcome, Step, named, reversed_news


class InvalidSetting(ValueError):
    """A setting that is unknown or has a value that makes no sense. Its words name the setting, not the value."""


@dataclass(slots=True)
class Settings:
    """The settings. Rates of `lose`, `duplicate` and `reorder` are chances from 0 to 1, per callback or message.

    `rate` is the messages per second beyond which Twilio answers 429; 0 is no limit. `delivery_delay_ms` lies between
    one status and the next. `seed` makes the chances repeatable.
    """

    latency_ms: float = 0
    rate: float = 0
    delivery_delay_ms: float = 500
    callbacks: bool = True
    magic_endings: bool = True
    advanced_opt_out: bool = True
    lose: float = 0
    duplicate: float = 0
    reorder: float = 0
    seed: int | None = None
    inbound_urls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.validate()

    def validate(self) -> None:
        for name in ("latency_ms", "rate", "delivery_delay_ms"):
            _require(_is_number(getattr(self, name)) and getattr(self, name) >= 0, name, "a number from 0 up")
        for name in ("lose", "duplicate", "reorder"):
            _require(_is_number(getattr(self, name)) and 0 <= getattr(self, name) <= 1, name, "from 0 to 1")
        for name in ("callbacks", "magic_endings", "advanced_opt_out"):
            _require(isinstance(getattr(self, name), bool), name, "true or false")
        _require(self.seed is None or type(self.seed) is int, "seed", "a whole number or null")
        urls = self.inbound_urls
        is_list = isinstance(urls, list) and all(isinstance(url, str) for url in urls)
        _require(
            is_list and all(url.startswith(("http://", "https://")) for url in urls),
            "inbound_urls",
            "addresses",
        )


_NAMES = frozenset(setting.name for setting in fields(Settings))


class Behaviour:
    """The settings in force, with what they need to be kept in mind: chances, tokens of the rate, forced outcomes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._forced: deque[list[Any]] = deque()  # [how many left, outcome]
        self._tokens = 0.0
        self._tokens_at = 0.0
        self._reseed()

    def change(self, wanted: dict[str, Any]) -> None:
        """Apply `wanted`, all of it or, with InvalidSetting, none. A setting that is not mentioned stays."""
        plain = dict(wanted)
        forced = _forced(plain.pop("fail_next")) if "fail_next" in plain else None
        if unknown := sorted(set(plain) - _NAMES):
            raise InvalidSetting(f"There is no setting {unknown[0]}.")
        self.settings = Settings(**(asdict(self.settings) | plain))
        if "seed" in plain:
            self._reseed()
        if "rate" in plain:
            self._tokens_at = 0.0
        if forced is not None:
            self._forced = forced

    def as_json(self) -> dict[str, Any]:
        coming = [{"count": count, "outcome": outcome.name} for count, outcome in self._forced]
        return asdict(self.settings) | {"fail_next": coming}

    def next_forced(self) -> Outcome | None:
        """The outcome that was ordered for the next message, used up by this call."""
        if not self._forced:
            return None
        entry = self._forced[0]
        entry[0] -= 1
        if entry[0] <= 0:
            self._forced.popleft()
        outcome: Outcome = entry[1]
        return outcome

    def within_rate(self, now: float) -> bool:
        """Whether one more message fits: a bucket that holds a second's worth and fills at `rate`."""
        rate = self.settings.rate
        if not rate:
            return True
        size = max(1.0, rate)
        if not self._tokens_at:
            self._tokens = size
        else:
            self._tokens = min(size, self._tokens + (now - self._tokens_at) * rate)
        self._tokens_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def disturb(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """The timeline as chance leaves it: callbacks lost, doubled or turned round."""
        chances = self.settings
        if not (chances.lose or chances.duplicate or chances.reorder):
            return steps
        if chances.reorder and self._chance.random() < chances.reorder:
            steps = reversed_news(steps, [status for step in steps for status in step.announce])
        return tuple(Step(step.status, step.error_code, self._disturbed(step.announce)) for step in steps)

    def _disturbed(self, announce: tuple[str, ...]) -> tuple[str, ...]:
        kept: list[str] = []
        for status in announce:
            if self._chance.random() < self.settings.lose:
                continue
            kept += [status] * (2 if self._chance.random() < self.settings.duplicate else 1)
        return tuple(kept)

    def _reseed(self) -> None:
        self._chance = random.Random(self.settings.seed)  # noqa: S311  dice for faults, no secret


def _forced(wanted: Any) -> deque[list[Any]]:
    orders = [wanted] if isinstance(wanted, dict) else wanted
    _require(
        isinstance(orders, list) and all(isinstance(order, dict) for order in orders), "fail_next", "a list"
    )
    forced: deque[list[Any]] = deque()
    for order in orders:
        count, outcome = order.get("count", 1), named(str(order.get("outcome")))
        _require(type(count) is int and count > 0, "fail_next", "a count from 1 up")
        _require(outcome is not None, "fail_next", "an outcome that exists")
        forced.append([count, outcome])
    return forced


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and value == value
        and value != float("inf")
    )


def _require(condition: bool, name: str, expected: str) -> None:
    if not condition:
        raise InvalidSetting(f"{name} must be {expected}.")
