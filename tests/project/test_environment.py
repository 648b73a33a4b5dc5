"""Durations in the environment: read, and refused with the variable's name when they make no sense."""

from datetime import timedelta

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
