"""What Twilio has for a number; and that a list which cannot be read in full proves nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pytest_django import Settings

from sms.gateway import CannotTell, Found, find, news_of, records, sent_since
from tests.sms.gateway.conftest import Provider
from tests.sms.gateway.stand_in import Request

NUMBER = "+61491570156"
NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
SERVICE = "MG" + "1" * 32


def sid(number: int) -> str:
    return f"SM{number:032x}"


def record(number: int, *, created_at: datetime = NOON, **changed: Any) -> dict[str, Any]:
    return {
        "sid": sid(number),
        "status": "delivered",
        "to": NUMBER,
        "from": "+61491570006",
        "messaging_service_sid": SERVICE,
        "body": "Your results are in",
        "date_created": format_datetime(created_at),
        "date_sent": None,
        "direction": "outbound-api",
        "error_code": None,
    } | changed


def one_page(*records: dict[str, Any]) -> Callable[[Request], None]:
    return lambda request: request.answer(200, {"messages": records, "next_page_uri": None})


def found() -> list[Found]:
    return find(to=NUMBER, since=NOON)


def test_a_message_is_found_with_what_tells_it_from_others(provider: Provider) -> None:
    twilio = provider(one_page(record(1), record(2, status="undelivered", error_code=30003, body=None)))
    assert found() == [
        Found(
            sid=sid(1),
            status="delivered",
            error_code=None,
            senders=frozenset({SERVICE, "+61491570006"}),
            created_at=NOON,
            body="Your results are in",
            to=NUMBER,
            by_api=True,
        ),
        Found(
            sid=sid(2),
            status="undelivered",
            error_code=30003,
            senders=frozenset({SERVICE, "+61491570006"}),
            created_at=NOON,
            body="",
            to=NUMBER,
            by_api=True,
        ),
    ]
    assert len(twilio.requests) == 1


def test_a_queued_message_that_has_no_number_yet_is_found_by_its_service(provider: Provider) -> None:
    provider(one_page(record(1, status="accepted") | {"from": None}))
    assert found()[0].senders == {SERVICE}


def test_the_list_is_asked_for_by_number_and_never_by_the_date_of_sending(provider: Provider) -> None:
    twilio = provider(one_page())
    assert found() == []
    [request] = twilio.requests
    assert request.query["To"] == [NUMBER]
    assert not [name for name in request.query if name.startswith("DateSent")]


def test_older_messages_are_left_out(provider: Provider) -> None:
    provider(one_page(record(1), record(2, created_at=NOON - timedelta(seconds=1)), record(3)))
    assert [message.sid for message in found()] == [sid(1), sid(3)]


def test_a_fraction_of_a_second_hides_nothing_since_twilio_drops_it(provider: Provider) -> None:
    provider(one_page(record(1)))
    assert len(find(to=NUMBER, since=NOON + timedelta(microseconds=999_999))) == 1


def paged(*pages: list[dict[str, Any]]) -> Callable[[Request], None]:
    def behave(request: Request) -> None:
        number = int(request.query.get("Page", ["0"])[0])
        following = f"{request.path}?To=%2B61491570156&PageSize=100&Page={number + 1}&PageToken=PASM{number}"
        last = number + 1 == len(pages)
        request.answer(200, {"messages": pages[number], "next_page_uri": None if last else following})

    return behave


def test_every_page_is_read_in_whatever_order_they_come(provider: Provider) -> None:
    old = NOON - timedelta(days=300)
    twilio = provider(paged([record(1, created_at=old)], [], [record(2), record(3)]))
    assert [message.sid for message in found()] == [sid(2), sid(3)]
    assert [request.query["To"] for request in twilio.requests] == [[NUMBER]] * 3
    assert len({request.headers["Authorization"] for request in twilio.requests}) == 1


def test_a_message_that_slid_to_the_next_page_is_found_once(provider: Provider) -> None:
    provider(paged([record(1), record(2)], [record(2), record(3)]))
    assert [message.sid for message in found()] == [sid(1), sid(2), sid(3)]


def test_a_full_page_of_the_longest_texts_is_read(provider: Provider) -> None:
    provider(one_page(*[record(number, body="🧦" * 800) for number in range(100)]))
    assert len(found()) == 100


@pytest.mark.parametrize("status", [302, 400, 401, 404, 429, 500, 503])
def test_a_refused_list_proves_nothing(provider: Provider, status: int) -> None:
    provider(lambda request: request.answer(status, {"code": 20429}))
    with pytest.raises(CannotTell, match=f"^http {status}$"):
        found()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"[]",
        b"null",
        b"{}",
        {"error": []},
        {"messages": []},
        {"messages": None, "next_page_uri": None},
        {"messages": "none", "next_page_uri": None},
        {"messages": [record(1, sid=None)], "next_page_uri": None},
        {"messages": [record(1, date_created=None)], "next_page_uri": None},
        {"messages": [record(1, date_created="Mon, 99 Jan 2026 10:00:00 +0000")], "next_page_uri": None},
        {"messages": [record(1, body="x" * 5_000_000)], "next_page_uri": None},
    ],
)
def test_a_list_that_cannot_be_read_proves_nothing(provider: Provider, body: object) -> None:
    provider(lambda request: request.answer(200, body))
    with pytest.raises(CannotTell):
        found()


def test_a_later_page_that_fails_spoils_the_whole_list(provider: Provider) -> None:
    first = paged([record(1)], [record(2)])
    provider(lambda request: request.answer(500) if "Page" in request.query else first(request))
    with pytest.raises(CannotTell, match=r"^http 500$"):
        found()


def test_a_list_without_end_is_given_up(provider: Provider) -> None:
    def behave(request: Request) -> None:
        request.answer(200, {"messages": [record(1)], "next_page_uri": f"{request.path}?Page=1"})

    twilio = provider(behave)
    with pytest.raises(CannotTell, match="too many pages"):
        found()
    assert len(twilio.requests) < 100


@pytest.mark.usefixtures("impatient")
def test_silence_proves_nothing(provider: Provider) -> None:
    twilio = provider(lambda request: twilio.stay_silent(request))
    with pytest.raises(CannotTell):
        found()


def test_a_host_that_cannot_be_reached_proves_nothing() -> None:
    with pytest.raises(CannotTell):
        found()


def test_without_credentials_nothing_is_asked(provider: Provider, settings: Settings) -> None:
    twilio = provider(one_page())
    settings.TWILIO_AUTH_TOKEN = ""
    with pytest.raises(CannotTell):
        found()
    assert twilio.requests == []


def test_what_an_account_sent_ends_with_the_first_page_from_before(provider: Provider) -> None:
    """Replies, and automatic answers to them, are not an application's."""
    earlier = NOON - timedelta(hours=1)
    reply = record(2, direction="inbound")
    answer = record(3, direction="outbound-reply")
    pages = [
        [record(1), reply, answer, record(4, created_at=earlier)],
        [record(5), record(6, created_at=earlier)],
        [record(7, created_at=earlier)],
    ]

    def behave(request: Request) -> None:
        number = int(request.query.get("Page", ["0"])[0])
        following = f"/2010-04-01/Accounts/AC/Messages.json?Page={number + 1}"
        request.answer(200, {"messages": pages[number], "next_page_uri": following})

    twilio = provider(behave)
    assert [found.sid for found in sent_since(NOON)] == [sid(1), sid(5)]
    assert len(twilio.requests) == 3


def test_an_account_whose_list_never_ends_proves_nothing(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "MOST_LARGE_PAGES", 3)
    endless = {"messages": [record(1)], "next_page_uri": "/2010-04-01/Accounts/AC/Messages.json?Page=1"}
    twilio = provider(lambda request: request.answer(200, endless))
    with pytest.raises(CannotTell, match="too many"):
        sent_since(NOON)
    assert len(twilio.requests) == 4


def test_news_of_some_messages_leaves_out_what_could_not_be_asked(provider: Provider) -> None:
    answers = {sid(1): (200, record(1)), sid(2): (404, {"code": 20404}), sid(3): (500, {})}
    provider(lambda request: request.answer(*answers[request.path.rpartition("/")[2].removesuffix(".json")]))
    told = news_of(answers)
    assert set(told) == {sid(1), sid(2)}
    assert told[sid(2)] is None
    assert told[sid(1)] is not None


def test_news_of_which_nothing_could_be_read_is_no_news(provider: Provider) -> None:
    provider(lambda request: request.answer(401, {"code": 20003}))
    with pytest.raises(CannotTell, match="401"):
        news_of([sid(1), sid(2)])
    assert news_of([]) == {}
