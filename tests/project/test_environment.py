"""What the environment says: read, and refused with the variable's name when it makes no sense."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from clinic import env


def test_a_duration_is_read_in_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAIT", "2.5")
    assert env.seconds("WAIT", 30) == timedelta(seconds=2.5)
    monkeypatch.setenv("WAIT", "")
    assert env.seconds("WAIT", 30) == timedelta(seconds=30)


@pytest.mark.parametrize("value", ["0", "-1", "soon", "nan", "inf", "1e300"])
def test_a_duration_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("WAIT", value)
    with pytest.raises(ImproperlyConfigured, match=r"^WAIT: write seconds"):
        env.seconds("WAIT", 30)


def test_several_durations_go_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAITS", "1, 2.5,4")
    assert [wait.total_seconds() for wait in env.several_seconds("WAITS", "30,120")] == [1, 2.5, 4]
    for wrong in ("2,1", "1,1"):
        monkeypatch.setenv("WAITS", wrong)
        with pytest.raises(ImproperlyConfigured, match=r"^WAITS: each number"):
            env.several_seconds("WAITS", "30,120")


def test_postgresql_compiles_no_queries_unless_the_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://clinic@db/clinic")
    assert env.database(Path())["OPTIONS"] == {"connect_timeout": 5, "options": "-c jit=off"}
    monkeypatch.setenv("DATABASE_URL", "postgres://clinic@db/clinic?options=-c%20work_mem=64MB")
    assert env.database(Path())["OPTIONS"]["options"] == "-c work_mem=64MB"


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "²"])
def test_a_number_of_requests_is_one_or_more(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("AT_ONCE", "7")
    assert env.at_least_one("AT_ONCE", 50) == 7
    monkeypatch.setenv("AT_ONCE", "")
    assert env.at_least_one("AT_ONCE", 50) == 50
    monkeypatch.setenv("AT_ONCE", value)
    with pytest.raises(ImproperlyConfigured, match=r"^AT_ONCE: write a whole number"):
        env.at_least_one("AT_ONCE", 50)
