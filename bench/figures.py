"""One figure: what was measured beside what, and whether it is good enough."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`ratio` has no unit and depends little on the machine; `details` has the seconds and megabytes behind it."""

    name: str
    ratio: float
    compared: str
    at_most: float | None = None
    at_least: float | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.is_within(1)

    def is_within(self, times: float) -> bool:
        """Whether the target is met, or missed by less than so many times."""
        return (self.at_most is None or self.ratio <= self.at_most * times) and (
            self.at_least is None or self.ratio >= self.at_least / times
        )

    @property
    def target(self) -> str:
        return f"at most {self.at_most}" if self.at_most is not None else f"at least {self.at_least}"

    def line(self) -> str:
        """The figure as one line of JSON."""
        told = {"name": self.name, "ratio": round(self.ratio, 3), "target": self.target, "ok": self.ok}
        return json.dumps(told | {"compared": self.compared} | self.details)


@dataclass(slots=True)
class Runs:
    """Seconds of each run, under the name of what ran."""

    seconds: dict[str, list[float]] = field(default_factory=dict)

    def add(self, name: str, seconds: float) -> None:
        self.seconds.setdefault(name, []).append(seconds)

    def median(self, name: str) -> float:
        return median(self.seconds[name])


def in_turns(names: Sequence[str], rounds: int) -> Iterator[str]:
    """Each name once a round; who went first goes last the next time."""
    for turn in range(rounds):
        yield from names if turn % 2 == 0 else reversed(names)


def told(**measured: float) -> dict[str, Any]:
    """The database, and figures with three places that mean something; counts are whole."""
    return {"database": connection.vendor} | {
        name: value if isinstance(value, int) else float(f"{value:.3g}") for name, value in measured.items()
    }
