"""Reading messages back with Twilio's own client: one, all, filtered, in pages."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sms.simulator.running import (
    PATH,
    PHONE,
    SENDER,
    SERVICE,
    SimulatorAtWork,
    async_client_of,
    running,
)


def send(client: Client, *bodies: str, to: str = PHONE) -> list[str]:
    return [client.messages.create(to=to, from_=SENDER, body=body).sid for body in bodies]


def test_one_message_is_fetched_with_its_latest_status(simulator: SimulatorAtWork, client: Client) -> None:
    (sid,) = send(client, "Hello")
    simulator.settled_ledger()
    message = client.messages(sid).fetch()
    assert (message.body, message.status) == ("Hello", "delivered")
    assert message.date_sent is not None


def test_a_message_that_never_was_is_not_found(client: Client) -> None:
    with pytest.raises(TwilioRestException) as missing:
        client.messages("SM" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def test_the_newest_comes_first(client: Client) -> None:
    send(client, "one", "two", "three")
    assert [message.body for message in client.messages.list()] == ["three", "two", "one"]


def test_the_list_of_one_number_holds_no_other(client: Client) -> None:
    send(client, "for her")
    send(client, "for him", to="+61491570157")
    assert [message.body for message in client.messages.list(to=PHONE)] == ["for her"]
    assert client.messages.list(to="+61491570158") == []


def test_a_sender_finds_what_it_sent_and_what_was_answered(
    simulator: SimulatorAtWork, client: Client
) -> None:
    send(client, "Will you come?")
    simulator.reply("I will")
    assert [message.body for message in client.messages.list(from_=SENDER)] == ["Will you come?"]
    (answer,) = client.messages.list(to=SENDER)
    assert (answer.body, answer.direction, answer.status) == ("I will", "inbound", "received")
    assert [message.body for message in client.messages.list(to=SENDER, from_=PHONE)] == ["I will"]


def test_dates_filter_what_was_sent(simulator: SimulatorAtWork, client: Client) -> None:
    send(client, "Hello")
    simulator.settled_ledger()
    now = datetime.now(UTC)
    minute, day = timedelta(minutes=1), timedelta(days=1)
    assert len(client.messages.list(date_sent_after=now - minute, date_sent_before=now + minute)) == 1
    assert client.messages.list(date_sent_after=now + minute) == []
    assert client.messages.list(date_sent_before=now - minute) == []
    # The day of the test and the one after: it may run at midnight.
    today, yesterday = client.messages.list(date_sent=now), client.messages.list(date_sent=now - 2 * day)
    assert len(today) + len(client.messages.list(date_sent=now - minute)) >= 1
    assert yesterday == []


def test_what_was_not_sent_yet_is_not_found_by_date(simulator: SimulatorAtWork, client: Client) -> None:
    simulator.set(delivery_delay_ms=60_000)
    send(client, "Hello")
    assert client.messages.list(date_sent_after=datetime.now(UTC) - timedelta(days=1)) == []
    assert len(client.messages.list()) == 1


def test_pages_hold_everything_once_though_new_messages_come_in(client: Client) -> None:
    send(client, *map(str, range(7)))
    first = client.messages.page(page_size=3)
    assert [message.body for message in first] == ["6", "5", "4"]
    send(client, "newer")
    second = first.next_page()
    third = second.next_page()
    assert [message.body for message in second] == ["3", "2", "1"]
    assert [message.body for message in third] == ["0"]
    assert third.next_page() is None
    assert [message.body for message in third.previous_page()] == ["3", "2", "1"]


def test_the_client_walks_through_all_pages_of_one_number(client: Client) -> None:
    send(client, *map(str, range(5)))
    send(client, "another", to="+61491570157")
    listed = client.messages.list(to=PHONE, page_size=2)
    assert [message.body for message in listed] == ["4", "3", "2", "1", "0"]


def test_going_back_in_the_list_of_one_number(client: Client) -> None:
    send(client, *map(str, range(5)))
    send(client, "another", to="+61491570157")
    second = client.messages.page(to=PHONE, page_size=2).next_page()
    assert [message.body for message in second] == ["2", "1"]
    assert [message.body for message in second.previous_page()] == ["4", "3"]


def test_a_page_by_its_number_and_the_links_around_it(simulator: SimulatorAtWork, client: Client) -> None:
    send(client, *map(str, range(5)))
    answer = simulator.list_messages(To=PHONE, PageSize="2", Page="1").json
    assert [message["body"] for message in answer["messages"]] == ["2", "1"]
    assert (answer["page"], answer["page_size"], answer["start"], answer["end"]) == (1, 2, 2, 3)
    assert answer["first_page_uri"] == f"{PATH}?To=%2B61491570156&PageSize=2&Page=0"
    assert "PageToken=PA" in answer["next_page_uri"]
    assert "PageToken=PB" in answer["previous_page_uri"]


@pytest.mark.parametrize(
    "query",
    [
        {"PageToken": "PASM1"},
        {"PageToken": "nonsense"},
        {"PageSize": "0"},
        {"Page": "-1"},
        {"DateSent": "yesterday"},
    ],
)
def test_a_query_that_makes_no_sense_is_refused(simulator: SimulatorAtWork, query: dict[str, str]) -> None:
    answer = simulator.list_messages(**query)
    assert (answer.status, answer.json["code"]) == (400, 20001)


def test_reading_needs_credentials_too(simulator: SimulatorAtWork, client: Client) -> None:
    (sid,) = send(client, "Hello")
    assert simulator.get(PATH).json["code"] == 20003
    assert simulator.get(PATH.replace(".json", f"/{sid}.json")).json["code"] == 20003


@pytest.mark.filterwarnings("ignore:BasicAuth is deprecated", "ignore:The 'auth' parameter is deprecated")
def test_the_asynchronous_client_lists_too(simulator: SimulatorAtWork, client: Client) -> None:
    send(client, "one", "two", "three")

    async def bodies() -> list[str | None]:
        asynchronous = async_client_of(simulator)
        try:
            listed = await asynchronous.messages.list_async(to=PHONE, page_size=2)
        finally:
            await asynchronous.http_client.close()
        return [message.body for message in listed]

    assert asyncio.run(bodies()) == ["three", "two", "one"]


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    with running(keep=3) as simulator:
        for number in range(5):
            simulator.create(To=f"+6149157000{number}", MessagingServiceSid=SERVICE, Body=str(number))
        assert [entry["body"] for entry in simulator.settled_ledger()] == ["2", "3", "4"]
        assert simulator.get("/_simulator/ledger.json").json["created"] == 5
        assert len(simulator.posts()) == 3
        page = simulator.get("/").body
        assert "+61 491 570 000" not in page
        assert "+61 491 570 004" in page


def test_what_memory_let_go_is_delivered_but_no_longer_counted() -> None:
    with running(keep=1, delivery_delay_ms=100) as simulator:
        for number in range(3):
            simulator.create(To=f"+6149157000{number}", From=SENDER, Body="Hello")
        assert [entry["status"] for entry in simulator.settled_ledger()] == ["delivered"]
        page = simulator.get("/").body
        assert "<dt>On the way</dt><dd>0</dd>" in page
        assert '<dt>Delivered</dt><dd class="good">1</dd>' in page
        assert simulator.list_messages(To="+61491570000").json["messages"] == []
