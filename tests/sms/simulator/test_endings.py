"""What the last four digits of a number do, one by one, as Twilio's own client meets it."""

from json import JSONDecodeError
from pathlib import Path

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from sms.simulator.outcomes import ENDINGS
from tests.sms.simulator.application import Application
from tests.sms.simulator.running import PHONE, SENDER, SERVICE, SimulatorAtWork, client_of, running


def number(ending: str) -> str:
    return f"+6149157{ending}"


def send(client: Client, to: str, **more: str) -> object:
    return client.messages.create(to=to, from_=SENDER, body="Hello", **more)


def statuses(simulator: SimulatorAtWork) -> list[tuple[str, int | None]]:
    return [(entry["status"], entry["error_code"]) for entry in simulator.settled_ledger()]


def outcomes_noted(simulator: SimulatorAtWork) -> list[str]:
    return [post["outcome"] for post in simulator.posts()]


def test_any_other_number_gets_its_text(simulator: SimulatorAtWork, client: Client) -> None:
    send(client, PHONE)
    assert statuses(simulator) == [("delivered", None)]


@pytest.mark.parametrize(
    ("ending", "http_status", "code"),
    [("1211", 400, 21211), ("1610", 400, 21610), ("1614", 400, 21614), ("2003", 401, 20003)],
)
def test_refused(
    simulator: SimulatorAtWork, client: Client, ending: str, http_status: int, code: int
) -> None:
    for _ in range(2):
        with pytest.raises(TwilioRestException) as refused:
            send(client, number(ending))
        assert (refused.value.status, refused.value.code) == (http_status, code)
    assert simulator.ledger() == []


@pytest.mark.parametrize(
    ("ending", "status", "code"),
    [
        ("3001", "failed", 30001), ("3002", "failed", 30002), ("3003", "undelivered", 30003),
        ("3004", "undelivered", 30004), ("3005", "undelivered", 30005), ("3006", "undelivered", 30006),
        ("3007", "undelivered", 30007), ("3008", "undelivered", 30008),
    ],
)  # fmt: skip
def test_accepted_and_not_delivered(
    simulator: SimulatorAtWork, client: Client, application: Application, ending: str, status: str, code: int
) -> None:
    send(client, number(ending), status_callback=application.origin)
    assert statuses(simulator) == [(status, code)]
    assert application.statuses() == (["failed"] if status == "failed" else ["sent", "undelivered"])
    assert application.calls[-1].params["ErrorCode"] == str(code)


@pytest.mark.parametrize(("ending", "retry_after"), [("4290", "1"), ("4293", None)])
def test_too_many_requests_every_time(
    simulator: SimulatorAtWork, ending: str, retry_after: str | None
) -> None:
    for _ in range(3):
        answer = simulator.create(To=number(ending), From=SENDER, Body="Hello")
        assert (answer.status, answer.json["code"]) == (429, 20429)
        assert answer.headers.get("Retry-After") == retry_after
    assert simulator.ledger() == []


@pytest.mark.parametrize(("ending", "retry_after"), [("4291", "1"), ("4292", None)])
def test_too_many_requests_once(simulator: SimulatorAtWork, ending: str, retry_after: str | None) -> None:
    answer = simulator.create(To=number(ending), From=SENDER, Body="Hello")
    assert (answer.status, answer.headers.get("Retry-After")) == (429, retry_after)
    assert simulator.ledger() == []
    assert simulator.create(To=number(ending), From=SENDER, Body="Hello").status == 201
    assert simulator.create(To=f"+6149100{ending}", From=SENDER, Body="Hello").status == 429
    assert statuses(simulator) == [("delivered", None)]


@pytest.mark.parametrize(
    ("ending", "http_status", "created"),
    [("5000", 500, False), ("5001", 500, True), ("5020", 502, False), ("5021", 502, True)],
)
def test_a_server_error_leaves_a_message_behind_or_not(
    simulator: SimulatorAtWork, client: Client, ending: str, http_status: int, created: bool
) -> None:
    with pytest.raises(TwilioRestException) as broken:
        send(client, number(ending))
    assert broken.value.status == http_status
    assert statuses(simulator) == ([("delivered", None)] if created else [])
    assert len(client.messages.list(to=number(ending))) == created


@pytest.mark.parametrize(("ending", "created"), [("5040", False), ("5041", True)])
def test_silence_leaves_a_message_behind_or_not(
    simulator: SimulatorAtWork, ending: str, created: bool
) -> None:
    with client_of(simulator, timeout=0.3) as client, pytest.raises(requests.exceptions.ReadTimeout):
        send(client, number(ending))
    assert statuses(simulator) == ([("delivered", None)] if created else [])


@pytest.mark.parametrize(("ending", "created"), [("5050", False), ("5051", True)])
def test_a_reset_leaves_a_message_behind_or_not(
    simulator: SimulatorAtWork, client: Client, ending: str, created: bool
) -> None:
    with pytest.raises(requests.exceptions.ConnectionError, match="reset by peer"):
        send(client, number(ending))
    assert statuses(simulator) == ([("delivered", None)] if created else [])


def test_created_with_an_answer_that_cannot_be_read(simulator: SimulatorAtWork, client: Client) -> None:
    with pytest.raises(JSONDecodeError):
        send(client, number("2011"))
    assert statuses(simulator) == [("delivered", None)]


def test_created_with_an_empty_answer(simulator: SimulatorAtWork, client: Client) -> None:
    message = client.messages.create(to=number("2012"), from_=SENDER, body="Hello")
    assert message.sid is None
    assert statuses(simulator) == [("delivered", None)]


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("7000", []),
        ("7002", ["sent", "sent", "delivered", "delivered"]),
        ("7003", ["delivered", "sent"]),
        ("7004", ["sent", "delivered"]),
    ],
)
def test_strange_callbacks(
    simulator: SimulatorAtWork, client: Client, application: Application, ending: str, told: list[str]
) -> None:
    send(client, number(ending), status_callback=application.origin)
    assert statuses(simulator) == [("delivered", None)]
    assert application.statuses() == told


def test_a_service_has_all_its_callbacks_turned_round(
    simulator: SimulatorAtWork, client: Client, application: Application
) -> None:
    to, url = number("7003"), application.origin
    client.messages.create(to=to, messaging_service_sid=SERVICE, body="Hello", status_callback=url)
    simulator.settled_ledger()
    assert application.statuses() == ["delivered", "sent", "queued"]


def test_callbacks_come_before_the_answer_which_still_says_queued(
    simulator: SimulatorAtWork, client: Client, application: Application
) -> None:
    simulator.set(delivery_delay_ms=60_000)
    message = client.messages.create(
        to=number("7004"), from_=SENDER, body="Hello", status_callback=application.origin
    )
    assert message.status == "queued"
    assert application.statuses() == ["sent", "delivered"]
    assert client.messages(message.sid).fetch().status == "delivered"


def test_what_happened_is_noted_by_its_name(simulator: SimulatorAtWork, client: Client) -> None:
    send(client, number("3003"))
    with pytest.raises(TwilioRestException):
        send(client, number("5001"))
    assert [entry["outcome"] for entry in simulator.ledger()] == ["undelivered_30003", "500_after"]
    assert outcomes_noted(simulator) == ["undelivered_30003", "500_after"]
    assert [post["http_status"] for post in simulator.posts()] == [201, 500]


def test_endings_can_be_switched_off(simulator: SimulatorAtWork, client: Client) -> None:
    simulator.set(magic_endings=False)
    for ending in ENDINGS:
        send(client, number(ending))
    assert statuses(simulator) == [("delivered", None)] * len(ENDINGS)


def test_every_ending_has_four_digits_and_its_own_name() -> None:
    assert all(len(ending) == 4 and ending.isdigit() for ending in ENDINGS)
    assert len({outcome.name for outcome in ENDINGS.values()}) == len(ENDINGS)


def test_silence_does_not_keep_the_simulator_from_stopping() -> None:
    with running() as simulator, client_of(simulator, timeout=0.2) as client:
        for ending in ("5040", "5041"):
            with pytest.raises(requests.exceptions.ReadTimeout):
                send(client, number(ending))


def test_the_handbook_names_every_ending() -> None:
    handbook = (Path(__file__).parents[3] / "docs" / "simulator.md").read_text()
    # `undelivered_30003` to `undelivered_30008` stand there as a range.
    ranged = {f"300{last}" for last in "4567"}
    for ending, outcome in ENDINGS.items():
        if ending not in ranged:
            assert ending in handbook
            assert f"`{outcome.name}`" in handbook
