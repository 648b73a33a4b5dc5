"""Instants and the wall clock of a time zone.

Every instant is an aware datetime; a naive one raises ValueError.
"""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones


class NoSuchTime(ValueError):
    """The clocks are put on that day, and never show this time."""


def local(instant: datetime, zone: str) -> datetime:
    """The same instant as the wall clock of `zone` shows it, to be read rather than reckoned with.

    In the hour that the clocks repeat, Python calls it unequal to the same instant in another zone (PEP 495).
    Raises ValueError for an unknown zone.
    """
    if instant.utcoffset() is None:
        raise ValueError("An instant needs a time zone.")
    return instant.astimezone(_zone(zone))


def in_window(instant: datetime, zone: str, start: time, end: time) -> bool:
    """Whether the wall clock of `zone` then shows at least `start` and less than `end`, both on the same day.

    Raises ValueError if `start` is not before `end`.
    """
    if start.tzinfo or end.tzinfo or start >= end:
        raise ValueError("A window is two plain times of one day, the first before the second.")
    return start <= local(instant, zone).time() < end


def next_opening(instant: datetime, zone: str, start: time, end: time) -> datetime:
    """The first instant in UTC, from `instant` on, inside the window (see in_window).

    When the clock jumps over `start`, the window opens with the jump, or the next day if the jump swallows it
    all. When the clock goes back, the window may open twice.
    """
    now = local(instant, zone).astimezone(UTC)
    while not in_window(now, zone, start, end):
        wall = local(now, zone).replace(tzinfo=None)
        opens = datetime.combine(wall.date(), start)
        if opens <= wall:
            opens += timedelta(days=1)
        target = now + (opens - wall)
        now = _change_of_offset(now, target, zone) or target
    return now


def closing(instant: datetime, zone: str, start: time, end: time) -> datetime:
    """The first instant in UTC, from `instant` on, outside the window (see in_window).

    When the clock jumps over `end`, the window closes with the jump. When it goes back into the window, that
    opens once more, or stays open.
    """
    now = local(instant, zone).astimezone(UTC)
    while in_window(now, zone, start, end):
        wall = local(now, zone).replace(tzinfo=None)
        target = now + (datetime.combine(wall.date(), end) - wall)
        now = _change_of_offset(now, target, zone) or target
    return now


def at_wall_clock(wall: datetime, zone: str) -> datetime:
    """The instant in UTC at which the clocks of `zone` show `wall`, a naive datetime; of two, the first.

    Raises NoSuchTime if they are put on past it that day; ValueError for an unknown zone.
    """
    if wall.tzinfo:
        raise ValueError("A wall clock knows no time zone.")
    instant = wall.replace(tzinfo=_zone(zone), fold=0).astimezone(UTC)
    if local(instant, zone).replace(tzinfo=None) != wall:
        raise NoSuchTime
    return instant


def zones() -> list[str]:
    """The common zone names, sorted: those of each country, and UTC. Source: zone.tab of the tz database."""
    return sorted(_zones_of_countries() | {"UTC"})


def town(zone: str) -> str:
    """The part of a zone's name that people know it by: "New York" of America/New_York."""
    return zone.rpartition("/")[2].replace("_", " ")


def town_first(zone: str) -> str:
    """The name of a zone turned round: "New York, America"; "Louisville, Kentucky, America"."""
    return ", ".join(reversed(zone.replace("_", " ").split("/")))


def is_zone(name: str) -> bool:
    """Whether `name` is a time zone, older names such as Asia/Calcutta included."""
    return name in _all_zones()


@cache
def _zones_of_countries() -> frozenset[str]:
    table = resources.files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    names = {line.split("\t")[2] for line in table.splitlines() if not line.startswith("#")}
    return _all_zones() & names  # the system may have an older database than the table


@cache
def _all_zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory", "localtime"})  # both are stand-ins for "not set"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError(f"Unknown time zone: {name!r}") from unknown


def _change_of_offset(after: datetime, until: datetime, zone: str) -> datetime | None:
    """The first instant past `after` at which the clocks of `zone` are put on or back, if that is by `until`.

    Looks at both ends only, which is enough for a day: no zone changes there and back again within one.
    """

    def offset(second: int) -> timedelta | None:
        return local(datetime.fromtimestamp(second, UTC), zone).utcoffset()

    before, changed = int(after.timestamp() // 1), int(-(-until.timestamp() // 1))
    if offset(before) == offset(changed):
        return None
    while changed - before > 1:
        middle = (before + changed) // 2
        if offset(middle) == offset(before):
            before = middle
        else:
            changed = middle
    return datetime.fromtimestamp(changed, UTC)
