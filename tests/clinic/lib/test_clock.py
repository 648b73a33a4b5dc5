from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib import clock

# Sydney puts its clocks on at 02:00 on 4 October 2026, to 03:00, and back at 03:00 on 4 April 2027, to 02:00.
SYDNEY = "Australia/Sydney"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_an_instant_is_shown_as_the_wall_clock_of_the_zone() -> None:
    assert clock.local(utc("2026-07-01 00:30"), SYDNEY).isoformat() == "2026-07-01T10:30:00+10:00"
    assert clock.local(utc("2026-12-31 23:30"), SYDNEY).isoformat() == "2027-01-01T10:30:00+11:00"
    assert clock.local(utc("2026-07-01 00:30"), "UTC") == utc("2026-07-01 00:30")


@pytest.mark.parametrize(
    ("instant", "inside"),
    [
        ("2026-06-30 22:59:59.999999", False),
        ("2026-06-30 23:00", True),
        ("2026-07-01 09:59:59.999999", True),
        ("2026-07-01 10:00", False),
        ("2026-12-31 22:00", True),  # summer: 09:00 is an hour earlier
        ("2026-12-31 21:59", False),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(instant: str, inside: bool) -> None:
    assert clock.in_window(utc(instant), SYDNEY, time(9), time(20)) is inside


@pytest.mark.parametrize(
    ("zone", "instant", "start", "end", "opens"),
    [
        pytest.param(
            SYDNEY, "2026-07-01 00:30", "09:00", "20:00", "2026-07-01T10:30:00+10:00", id="already open"
        ),
        pytest.param(
            SYDNEY, "2026-06-30 22:15", "09:00", "20:00", "2026-07-01T09:00:00+10:00", id="later today"
        ),
        pytest.param(
            SYDNEY, "2026-07-01 10:00", "09:00", "20:00", "2026-07-02T09:00:00+10:00", id="tomorrow"
        ),
        pytest.param(
            SYDNEY, "2026-12-31 12:00", "09:00", "20:00", "2027-01-01T09:00:00+11:00", id="next year"
        ),
        pytest.param(
            SYDNEY,
            "2026-10-03 12:00",
            "09:00",
            "20:00",
            "2026-10-04T09:00:00+11:00",
            id="over the clocks going on",
        ),
        pytest.param(
            SYDNEY,
            "2027-04-03 12:00",
            "09:00",
            "20:00",
            "2027-04-04T09:00:00+10:00",
            id="over the clocks going back",
        ),
        pytest.param(
            SYDNEY,
            "2026-10-03 12:00",
            "02:30",
            "04:00",
            "2026-10-04T03:00:00+11:00",
            id="start is jumped over",
        ),
        pytest.param(
            SYDNEY,
            "2026-10-03 16:30",
            "02:00",
            "03:00",
            "2026-10-05T02:00:00+11:00",
            id="all of it is jumped over",
        ),
        pytest.param(
            SYDNEY, "2027-04-03 12:00", "02:30", "04:00", "2027-04-04T02:30:00+11:00", id="first of two"
        ),
        pytest.param(
            SYDNEY, "2027-04-03 16:10", "02:30", "04:00", "2027-04-04T02:30:00+10:00", id="second of two"
        ),
        pytest.param(
            SYDNEY,
            "2027-04-03 15:40",
            "01:30",
            "02:30",
            "2027-04-04T02:00:00+10:00",
            id="opens as clocks go back",
        ),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-10-03 12:00",
            "02:10",
            "09:00",
            "2026-10-04T02:30:00+11:00",
            id="half an hour",
        ),
        pytest.param(
            "Pacific/Apia",
            "2011-12-30 09:00",
            "09:00",
            "20:00",
            "2011-12-31T09:00:00+14:00",
            id="a day that never was",
        ),
        pytest.param(
            "America/New_York",
            "2026-11-01 04:00",
            "01:00",
            "01:30",
            "2026-11-01T01:00:00-04:00",
            id="west, first",
        ),
        pytest.param(
            "America/New_York",
            "2026-11-01 05:45",
            "01:00",
            "01:30",
            "2026-11-01T01:00:00-05:00",
            id="west, second",
        ),
    ],
)
def test_the_next_opening_follows_the_wall_clock(
    zone: str, instant: str, start: str, end: str, opens: str
) -> None:
    found = clock.next_opening(utc(instant), zone, time.fromisoformat(start), time.fromisoformat(end))

    assert found.tzinfo is UTC
    assert clock.local(found, zone).isoformat() == opens


@given(
    zone=st.sampled_from(
        [SYDNEY, "Australia/Lord_Howe", "America/New_York", "Europe/London", "Africa/Casablanca"]
    ),
    change=st.sampled_from(
        ["2026-03-08", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01"]
    ),
    minutes=st.integers(0, 2 * 24 * 60),
    window=st.lists(st.integers(0, 24 * 4 - 1), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_the_next_opening_is_the_first_minute_inside_the_window(
    zone: str, change: str, minutes: int, window: list[int]
) -> None:
    start, end = (time(quarter // 4, quarter % 4 * 15) for quarter in window)
    instant = utc(change) - timedelta(days=1) + timedelta(minutes=minutes)

    expected = instant
    while not start <= expected.astimezone(ZoneInfo(zone)).time() < end:
        expected += timedelta(minutes=1)

    assert clock.next_opening(instant, zone, start, end) == expected


@given(
    st.integers(int(utc("1990-01-01").timestamp()), int(utc("2060-01-01").timestamp())).map(
        lambda second: datetime.fromtimestamp(second, UTC)
    ),
    st.sampled_from(clock.zones()),
)
def test_an_opening_is_inside_and_not_before_in_every_zone(instant: datetime, zone: str) -> None:
    found = clock.next_opening(instant, zone, time(9), time(20))

    assert instant <= found < instant + timedelta(days=3)
    assert clock.in_window(found, zone, time(9), time(20))
    assert clock.next_opening(found, zone, time(9), time(20)) == found


def test_an_instant_without_a_zone_is_an_error() -> None:
    naive = datetime(2026, 7, 1, 9)  # noqa: DTZ001

    for ask in (clock.in_window, clock.next_opening):
        with pytest.raises(ValueError, match="needs a time zone"):
            ask(naive, SYDNEY, time(9), time(20))
    with pytest.raises(ValueError, match="needs a time zone"):
        clock.local(naive, SYDNEY)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (time(20), time(9)),
        (time(9), time(9)),
        (time(9, tzinfo=UTC), time(20)),
        (time(9), time(20, tzinfo=UTC)),
    ],
)
def test_a_window_over_midnight_or_with_a_zone_of_its_own_is_an_error(start: time, end: time) -> None:
    for ask in (clock.in_window, clock.next_opening):
        with pytest.raises(ValueError, match="two plain times of one day"):
            ask(utc("2026-07-01 00:00"), SYDNEY, start, end)


@pytest.mark.parametrize("zone", ["", "Sydney", "Australia", "../../etc/passwd", "/etc/localtime", "a\0b"])
def test_an_unknown_zone_is_an_error_and_no_zone(zone: str) -> None:
    assert not clock.is_zone(zone)
    with pytest.raises(ValueError, match="Unknown time zone"):
        clock.local(utc("2026-07-01 00:00"), zone)


def test_the_zones_to_choose_from_are_sorted_and_real() -> None:
    zones = clock.zones()

    assert (
        {SYDNEY, "Europe/London", "America/New_York", "Pacific/Apia", "UTC"}
        <= set(zones)
        <= available_timezones()
    )
    assert zones == sorted(zones)
    assert not {"Asia/Calcutta", "US/Pacific", "GMT", "EST5EDT", "Etc/GMT+5"} & set(zones)
    assert all(map(clock.is_zone, zones))


def test_a_zone_under_its_older_name_is_a_zone_and_a_stand_in_is_not() -> None:
    assert clock.is_zone("Asia/Calcutta")
    assert not clock.is_zone("Factory")
    assert not clock.is_zone("localtime")


def test_the_list_of_zones_is_the_caller_s_own() -> None:
    clock.zones().clear()

    assert SYDNEY in clock.zones()


@pytest.mark.parametrize(
    ("zone", "instant", "start", "end", "closes"),
    [
        pytest.param(SYDNEY, "2026-07-01 00:30", "09:00", "20:00", "2026-07-01T20:00:00+10:00", id="tonight"),
        pytest.param(SYDNEY, "2026-07-01 11:00", "09:00", "20:00", "2026-07-01T21:00:00+10:00", id="closed"),
        pytest.param(SYDNEY, "2026-10-03 15:59", "01:00", "02:30", "2026-10-04T03:00:00+11:00", id="jump"),
        pytest.param(SYDNEY, "2026-10-03 15:30", "01:00", "04:00", "2026-10-04T04:00:00+11:00", id="over it"),
        pytest.param(SYDNEY, "2027-04-03 15:10", "01:00", "02:30", "2027-04-04T02:30:00+11:00", id="first"),
        pytest.param(SYDNEY, "2027-04-03 16:10", "01:00", "02:30", "2027-04-04T02:30:00+10:00", id="second"),
        pytest.param(SYDNEY, "2027-04-03 15:10", "01:00", "04:00", "2027-04-04T04:00:00+10:00", id="longer"),
        pytest.param(
            "Australia/Lord_Howe",
            "2026-10-03 15:20",
            "01:00",
            "02:10",
            "2026-10-04T02:30:00+11:00",
            id="half",
        ),
    ],
)
def test_a_window_closes_by_the_wall_clock(
    zone: str, instant: str, start: str, end: str, closes: str
) -> None:
    found = clock.closing(utc(instant), zone, time.fromisoformat(start), time.fromisoformat(end))

    assert found.tzinfo is UTC
    assert clock.local(found, zone).isoformat() == closes


@given(
    zone=st.sampled_from([SYDNEY, "Australia/Lord_Howe", "America/New_York", "Europe/London"]),
    change=st.sampled_from(
        ["2026-03-08", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01"]
    ),
    minutes=st.integers(0, 2 * 24 * 60),
    window=st.lists(st.integers(0, 24 * 4 - 1), min_size=2, max_size=2, unique=True).map(sorted),
)
def test_a_window_closes_with_the_first_minute_outside_it(
    zone: str, change: str, minutes: int, window: list[int]
) -> None:
    start, end = (time(quarter // 4, quarter % 4 * 15) for quarter in window)
    instant = utc(change) - timedelta(days=1) + timedelta(minutes=minutes)

    expected = instant
    while start <= expected.astimezone(ZoneInfo(zone)).time() < end:
        expected += timedelta(minutes=1)

    assert clock.closing(instant, zone, start, end) == expected


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        pytest.param(SYDNEY, "2026-07-01 09:00", "2026-06-30 23:00", id="winter"),
        pytest.param(SYDNEY, "2026-12-01 09:00", "2026-11-30 22:00", id="summer"),
        pytest.param(SYDNEY, "2026-10-04 01:59:59", "2026-10-03 15:59:59", id="before the jump"),
        pytest.param(SYDNEY, "2026-10-04 03:00", "2026-10-03 16:00", id="after the jump"),
        pytest.param(SYDNEY, "2027-04-04 02:30", "2027-04-03 15:30", id="the first of two"),
        pytest.param("Europe/London", "2028-02-29 09:00", "2028-02-29 09:00", id="29 February"),
        pytest.param("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", id="the first of two, west"),
    ],
)
def test_a_wall_clock_time_is_an_instant(zone: str, wall: str, instant: str) -> None:
    assert clock.at_wall_clock(datetime.fromisoformat(wall), zone) == utc(instant)


@pytest.mark.parametrize(
    ("zone", "wall"),
    [
        (SYDNEY, "2026-10-04 02:00"),
        (SYDNEY, "2026-10-04 02:59:59"),
        ("Australia/Lord_Howe", "2026-10-04 02:29"),
        ("Europe/London", "2027-03-28 01:30"),
        ("America/New_York", "2027-03-14 02:30"),
        ("Pacific/Apia", "2011-12-30 12:00"),
    ],
)
def test_a_time_that_the_clocks_never_show_is_none(zone: str, wall: str) -> None:
    with pytest.raises(clock.NoSuchTime):
        clock.at_wall_clock(datetime.fromisoformat(wall), zone)


def test_a_wall_clock_has_no_zone_of_its_own() -> None:
    with pytest.raises(ValueError, match="knows no time zone"):
        clock.at_wall_clock(utc("2026-07-01 09:00"), SYDNEY)


def test_a_zone_is_known_by_its_town() -> None:
    assert clock.town("America/New_York") == "New York"
    assert clock.town_first("America/Kentucky/Louisville") == "Louisville, Kentucky, America"
    assert (clock.town("UTC"), clock.town_first("UTC")) == ("UTC", "UTC")
