"""Quiet hours: at what time of their day patients may get a marketing text. Other texts have none."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Self

from clinic.lib import clock
from settings_app.models import SmsSettings

# A clock that shows minutes has no later time, so it stands for the end of the day.
LAST_MINUTE = time(23, 59)


@dataclass(frozen=True, slots=True)
class Opening:
    """So many patients live in `zone`, where the next text may arrive `at`."""

    zone: str
    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Marketing texts are sent from `opens` on and before `closes`, by the clocks of each patient's zone."""

    opens: time
    closes: time
    clinic_zone: str

    @classmethod
    def of(cls, settings: SmsSettings) -> Self:
        closes = settings.marketing_not_after
        return cls(
            opens=settings.marketing_not_before,
            closes=time.max if closes >= LAST_MINUTE else closes,
            clinic_zone=settings.time_zone,
        )

    @property
    def are_none(self) -> bool:
        """Whether texts may leave around the clock."""
        return (self.opens, self.closes) == (time.min, time.max)

    def zone(self, own: str) -> str:
        """The zone of a patient whose own is `own`: the clinic's if that is blank, or none that we know any more."""
        return own if own and clock.is_zone(own) else self.clinic_zone

    def opening(self, at: datetime, own: str) -> datetime:
        """The first instant from `at` on at which a patient of the zone `own` may be texted."""
        if self.are_none:
            return at
        return clock.next_opening(at, self.zone(own), self.opens, self.closes)

    def closing(self, at: datetime, own: str) -> datetime | None:
        """When the quiet hours begin that follow `at`; `at` itself if they have, None if they never do."""
        if self.are_none:
            return None
        return clock.closing(at, self.zone(own), self.opens, self.closes)

    def openings(self, per_zone: Mapping[str, int], at: datetime) -> list[Opening]:
        """When the patients of each zone may be texted, the soonest first. `per_zone`: own zone to number."""
        merged: dict[str, int] = {}
        for own, number in per_zone.items():
            zone = self.zone(own)
            merged[zone] = merged.get(zone, 0) + number
        found = [Opening(zone, number, self.opening(at, zone)) for zone, number in merged.items()]
        return sorted(found, key=lambda opening: (opening.at, -opening.number, opening.zone))
