"""Status callbacks: which, in which order, with what in them, and signed."""

import asyncio
import socket

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sms.simulator.webhooks import Heard, Webhooks
from tests.sms.simulator.application import Application
from tests.sms.simulator.running import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    PHONE,
    SENDER,
    SERVICE,
    SimulatorAtWork,
    running,
)


@pytest.fixture
def callback_url(application: Application) -> str:
    return f"{application.origin}/status/a-token/?q=%2F%20x"


def send(client: Client, url: str, *, to: str = PHONE, by_service: bool = False) -> str:
    sender = {"messaging_service_sid": SERVICE} if by_service else {"from_": SENDER}
    sid: str = client.messages.create(to=to, body="Hello", status_callback=url, **sender).sid
    return sid


def test_a_number_announces_sent_then_delivered(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    sid = send(client, callback_url)
    (entry,) = simulator.settled_ledger()
    assert application.statuses() == ["sent", "delivered"]
    assert entry["status"] == "delivered"
    last = application.calls[-1].params
    assert last | {"RawDlrDoneDate": ""} == {
        "MessageSid": sid, "SmsSid": sid, "MessageStatus": "delivered", "SmsStatus": "delivered",
        "AccountSid": ACCOUNT_SID, "From": SENDER, "To": PHONE, "ApiVersion": "2010-04-01", "RawDlrDoneDate": "",
    }  # fmt: skip


def test_a_service_announces_queued_too_and_has_picked_a_number(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    sid = send(client, callback_url, by_service=True)
    simulator.settled_ledger()
    assert application.statuses() == ["queued", "sent", "delivered"]
    params = application.calls[0].params
    assert params["MessagingServiceSid"] == SERVICE
    assert params["From"].startswith("+61")
    assert client.messages(sid).fetch().from_ == params["From"]


def test_twilios_validator_accepts_every_callback(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    send(client, callback_url)
    simulator.settled_ledger()
    assert len(application.calls) == 2
    for call in application.calls:
        assert call.url == callback_url
        assert RequestValidator(AUTH_TOKEN).validate(call.url, call.params, call.signature)
        assert not RequestValidator("another").validate(call.url, call.params, call.signature)
        assert call.headers["content-type"].startswith("application/x-www-form-urlencoded")


def test_an_undelivered_message_says_why(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    sid = send(client, callback_url, to="+61491573003")
    simulator.settled_ledger()
    assert application.statuses() == ["sent", "undelivered"]
    assert "ErrorCode" not in application.calls[0].params
    assert application.calls[1].params["ErrorCode"] == "30003"
    message = client.messages(sid).fetch()
    assert (message.status, message.error_code) == ("undelivered", 30003)


def test_the_ledger_knows_what_the_application_answered(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    application.answers = 403
    send(client, callback_url)
    (entry,) = simulator.settled_ledger()
    assert [(tried["status"], tried["http_status"]) for tried in entry["callbacks"]] == [
        ("sent", 403),
        ("delivered", 403),
    ]
    assert len(application.calls) == 2  # nothing is tried again


def test_an_application_that_is_not_there_is_an_outcome_too(
    simulator: SimulatorAtWork, client: Client
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        nobody = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    send(client, nobody)
    (entry,) = simulator.settled_ledger()
    assert [(tried["http_status"], tried["error"]) for tried in entry["callbacks"]] == [(None, "refused")] * 2
    assert entry["status"] == "delivered"


def test_an_application_that_hangs_up_is_an_outcome_too(simulator: SimulatorAtWork, client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        send(client, f"http://127.0.0.1:{server.getsockname()[1]}/")
        for _ in range(2):
            connection, _ = server.accept()
            connection.recv(10_000)
            connection.close()
        (entry,) = simulator.settled_ledger()
    assert [tried["error"] for tried in entry["callbacks"]] == ["broken", "broken"]


def test_an_application_that_does_not_answer_is_given_up() -> None:
    async def post(url: str) -> Heard:
        webhooks = Webhooks(AUTH_TOKEN, connections=1, timeout_s=0.1)
        try:
            return await webhooks.post(url, {"MessageStatus": "sent"})
        finally:
            await webhooks.close()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        heard = asyncio.run(post(f"http://127.0.0.1:{silent.getsockname()[1]}/"))
    assert heard == Heard(None, "timeout")


def test_without_an_address_nothing_is_announced_and_all_is_delivered(
    simulator: SimulatorAtWork, client: Client
) -> None:
    client.messages.create(to=PHONE, from_=SENDER, body="Hello")
    (entry,) = simulator.settled_ledger()
    assert (entry["status"], entry["callbacks"]) == ("delivered", [])


def test_callbacks_can_be_switched_off(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    simulator.set(callbacks=False)
    send(client, callback_url)
    (entry,) = simulator.settled_ledger()
    assert (entry["status"], application.calls) == ("delivered", [])


def test_delivery_takes_the_time_that_was_set(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    simulator.set(delivery_delay_ms=60_000)
    send(client, callback_url)
    assert simulator.get("/_simulator/summary.json").json["under_way"] == 1
    assert simulator.ledger()[0]["status"] == "queued"
    assert application.calls == []


def test_a_reset_ends_what_is_under_way(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    simulator.set(delivery_delay_ms=50)
    send(client, callback_url)
    simulator.request("DELETE", "/_simulator/ledger")
    assert simulator.settled_ledger() == []
    assert application.calls == []


def test_a_reset_ends_what_waits_for_the_application_too(simulator: SimulatorAtWork, client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        send(client, f"http://127.0.0.1:{server.getsockname()[1]}/")
        connection, _ = server.accept()
        simulator.request("DELETE", "/_simulator/ledger")
        connection.close()
        send(client, "http://127.0.0.1:9/")
        assert [entry["status"] for entry in simulator.settled_ledger()] == ["delivered"]
        server.settimeout(0.2)
        with pytest.raises(TimeoutError):
            server.accept()


def disturbed(
    client: Client, simulator: SimulatorAtWork, application: Application, url: str
) -> list[list[str]]:
    simulator.request("DELETE", "/_simulator/ledger")
    application.calls.clear()
    sids = [send(client, url) for _ in range(20)]
    simulator.settled_ledger()
    told: dict[str, list[str]] = {sid: [] for sid in sids}
    for call in application.calls:
        told[call.params["MessageSid"]].append(call.params["MessageStatus"])
    return list(told.values())


def test_chance_loses_doubles_and_turns_round_and_a_seed_repeats_it(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    chances = {"lose": 0.3, "duplicate": 0.3, "reorder": 0.5, "seed": 7}
    simulator.set(**chances)
    told = disturbed(client, simulator, application, callback_url)
    assert any("delivered" not in statuses or "sent" not in statuses for statuses in told)
    assert any(len(statuses) > len(set(statuses)) for statuses in told)
    assert any(
        "sent" in statuses[statuses.index("delivered") :] for statuses in told if "delivered" in statuses
    )
    simulator.set(**chances)
    assert disturbed(client, simulator, application, callback_url) == told
    simulator.set(**chances | {"seed": 8})
    assert disturbed(client, simulator, application, callback_url) != told


def test_all_callbacks_can_be_lost(
    simulator: SimulatorAtWork, client: Client, application: Application, callback_url: str
) -> None:
    simulator.set(lose=1)
    send(client, callback_url)
    assert simulator.settled_ledger()[0]["status"] == "delivered"
    assert application.calls == []


def test_many_messages_are_all_announced(application: Application) -> None:
    with running() as simulator:
        for number in range(150):
            simulator.create(
                To=f"+6149100{number:04d}",
                From=SENDER,
                Body="Hello",
                StatusCallback=application.origin + "/s",
            )
        simulator.settled_ledger()
    assert sorted(application.statuses()) == ["delivered"] * 150 + ["sent"] * 150
