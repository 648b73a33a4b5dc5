"""The ledger on disk: what a simulator that was killed still knows when it starts again."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.sms.simulator.application import Application
from tests.sms.simulator.running import PATH, PHONE, SENDER, SERVICE, SimulatorAtWork, running, wait_until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def create(simulator: SimulatorAtWork, **more: str) -> str:
    fields = {"To": PHONE, "MessagingServiceSid": SERVICE, "Body": "Hello"} | more
    sid: str = simulator.create(**fields).json["sid"]
    return sid


def test_a_message_is_on_disk_before_the_caller_hears_of_it(path: Path) -> None:
    with running(ledger=path, delivery_delay_ms=60_000) as simulator:
        sid = create(simulator, ValidityPeriod="600")
        (event,) = lines(path)
    assert (event["event"], event["sid"], event["to"], event["body"]) == ("created", sid, PHONE, "Hello")
    assert event["validity_period"] == 600


def test_a_message_whose_caller_hears_nothing_is_on_disk_too(path: Path) -> None:
    with running(ledger=path) as simulator:
        assert simulator.create(To="+61491575001", From=SENDER, Body="Hello").status == 500
        assert [event["to"] for event in lines(path) if event["event"] == "created"] == ["+61491575001"]


def test_what_is_refused_is_not_on_disk(path: Path) -> None:
    with running(ledger=path) as simulator:
        simulator.create(To="+61491575000", From=SENDER, Body="Hello")
    assert lines(path) == []


def test_after_a_restart_everything_is_as_it_was(path: Path, application: Application) -> None:
    with running(ledger=path) as simulator:
        create(simulator, StatusCallback=application.origin)
        create(simulator, To="+61491573003")
        simulator.reply("STOP")
        before = simulator.settled_ledger()
    with running(ledger=path) as simulator:
        assert simulator.ledger() == before
        refused = simulator.create(To=PHONE, MessagingServiceSid=SERVICE, Body="Hello")
        assert refused.json["code"] == 21610
        summary = simulator.get("/_simulator/summary.json").json
        assert (summary["created"], summary["replies"]) == (2, 1)
        assert summary["by_status"] == {"delivered": 1, "undelivered": 1}


def test_after_a_restart_what_was_under_way_is_delivered(path: Path, application: Application) -> None:
    with running(ledger=path, delivery_delay_ms=60_000) as simulator:
        sid = create(simulator, StatusCallback=application.origin)
    with running(ledger=path) as simulator:
        wait_until(lambda: simulator.ledger()[0]["status"] == "delivered")
        assert simulator.settled_ledger()[0]["sid"] == sid
    assert application.statuses() == ["queued", "sent", "delivered"]


def test_after_a_restart_no_news_is_told_twice(path: Path, application: Application) -> None:
    with running(ledger=path) as simulator:
        create(simulator, StatusCallback=application.origin)
        simulator.settled_ledger()
    application.calls.clear()
    events = [event for event in lines(path) if event.get("status") != "delivered"]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    with running(ledger=path) as simulator:
        simulator.settled_ledger()
    assert application.statuses() == ["delivered"]


def test_a_line_torn_by_a_crash_spoils_nothing(path: Path) -> None:
    with running(ledger=path) as simulator:
        create(simulator)
        simulator.settled_ledger()
    with path.open("a") as file:
        file.write('{"event": "created", "sid": "SM')
    with running(ledger=path) as simulator:
        create(simulator, Body="After the crash")
        simulator.settled_ledger()
    with running(ledger=path) as simulator:
        assert [entry["body"] for entry in simulator.ledger()] == ["Hello", "After the crash"]


def test_a_reset_is_remembered_and_the_file_keeps_everything(path: Path) -> None:
    with running(ledger=path) as simulator:
        create(simulator)
        simulator.reply("STOP")
        assert simulator.request("DELETE", "/_simulator/ledger").status == 204
        assert simulator.ledger() == []
        create(simulator, Body="After the reset")
        simulator.settled_ledger()
    with running(ledger=path) as simulator:
        assert [entry["body"] for entry in simulator.ledger()] == ["After the reset"]
    assert [event["body"] for event in lines(path) if event["event"] == "created"] == [
        "Hello",
        "STOP",
        "After the reset",
    ]


def test_the_file_holds_what_memory_let_go(path: Path) -> None:
    with running(ledger=path, keep=2) as simulator:
        for number in range(4):
            create(simulator, Body=str(number))
        assert [entry["body"] for entry in simulator.settled_ledger()] == ["2", "3"]
    assert [event["body"] for event in lines(path) if event["event"] == "created"] == ["0", "1", "2", "3"]


def test_without_a_file_nothing_is_kept_after_the_end() -> None:
    with running() as simulator:
        create(simulator)
    with running() as simulator:
        assert simulator.ledger() == []
        assert simulator.get(PATH).status == 401
