"""What Twilio answered, and what that means: each by a real server, and each with one POST at most."""

import time
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pytest_django import Settings

from sms.gateway import (
    Accepted,
    Klass,
    Outcome,
    OutcomeUnknown,
    Refused,
    SendingMustStop,
    TryLater,
)
from tests.sms.gateway.conftest import Provider
from tests.sms.gateway.stand_in import Request
from tests.sms.gateway.texts import SID, created, error, post_all, send, text

# --- Accepted ---------------------------------------------------------------------------------------------------


def test_a_created_message_is_accepted_with_its_sid_and_status(provider: Provider) -> None:
    twilio = provider(created)
    assert send() == Accepted(sid=SID, status="accepted")
    assert len(twilio.requests) == 1


def test_the_post_says_what_twilio_needs_to_know(provider: Provider, settings: Settings) -> None:
    twilio = provider(created)
    send(text(body="Zoë, 5 & 6 + 7 = 18%\nBring a 🧦"))
    [post] = twilio.posts
    assert post.path == f"/2010-04-01/Accounts/{settings.TWILIO_ACCOUNT_SID}/Messages.json"
    assert post.form == {
        "To": ["+61491570100"],
        "Body": ["Zoë, 5 & 6 + 7 = 18%\nBring a 🧦"],
        "MessagingServiceSid": ["MG" + "1" * 32],
        "StatusCallback": ["https://clinic.example/webhooks/twilio/status/token/"],
        "ValidityPeriod": ["14400"],
    }
    login = b64encode(f"{settings.TWILIO_ACCOUNT_SID}:a-token".encode()).decode()
    assert post.headers["Authorization"] == f"Basic {login}"


@pytest.mark.parametrize("sender", ["+61491570006", "MyClinic"])
def test_a_number_or_a_name_is_sent_as_from(provider: Provider, sender: str) -> None:
    twilio = provider(created)
    send(text(sender=sender))
    [post] = twilio.posts
    assert post.field("From") == sender
    assert "MessagingServiceSid" not in post.form


@pytest.mark.parametrize(
    ("valid_for", "seconds"),
    [(timedelta(seconds=-5), "1"), (timedelta(seconds=90.9), "90"), (timedelta(days=2), "36000")],
)
def test_validity_stays_within_what_twilio_takes(
    provider: Provider, valid_for: timedelta, seconds: str
) -> None:
    twilio = provider(created)
    send(text(valid_for=valid_for))
    assert twilio.posts[0].field("ValidityPeriod") == seconds


def test_without_an_address_for_news_none_is_named(provider: Provider) -> None:
    twilio = provider(created)
    send(text(callback_url=""))
    assert "StatusCallback" not in twilio.posts[0].form


def test_only_the_origin_is_replaced(provider: Provider, settings: Settings) -> None:
    twilio = provider(created)
    settings.TWILIO_API_URL += "/some/path"
    send()
    assert twilio.posts[0].path.startswith("/2010-04-01/")


# --- Refused, try later, must stop --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (21211, Refused(21211, Klass.PERMANENT_NUMBER)),
        (21610, Refused(21610, Klass.PER_RECIPIENT_POLICY)),
        (21617, Refused(21617, Klass.PERMANENT_MESSAGE)),
        (29999, Refused(29999, Klass.PERMANENT_MESSAGE)),
        (21611, TryLater(21611, None)),
        (21703, SendingMustStop(21703)),
        (20500, OutcomeUnknown("http 400")),
    ],
)
def test_the_code_of_a_refusal_decides_what_it_means(provider: Provider, code: int, outcome: Outcome) -> None:
    twilio = provider(error(400, code))
    assert send() == outcome
    assert len(twilio.requests) == 1


def test_a_refusal_in_the_newer_format_is_understood(provider: Provider) -> None:
    problem = {"type": "https://x.example", "title": "No", "status": 400, "code": "21610", "detail": "No"}
    provider(lambda request: request.answer(400, problem))
    assert send() == Refused(21610, Klass.PER_RECIPIENT_POLICY)


@pytest.mark.parametrize(("status", "code"), [(401, 20003), (403, 20005), (404, 20404), (429, 63038)])
def test_a_trouble_of_the_account_stops_all_sending(provider: Provider, status: int, code: int) -> None:
    twilio = provider(error(status, code))
    assert send() == SendingMustStop(code)
    assert len(twilio.requests) == 1


def test_a_401_stops_all_sending_whatever_it_says(provider: Provider) -> None:
    provider(lambda request: request.answer(401, b"<html>Log in</html>"))
    assert send() == SendingMustStop(20003)


@pytest.mark.parametrize("body", [b'{"code": 20429}', b"slow down", b"", b"x" * 1_000_000, b"\xff\xfe"])
def test_429_is_try_later_whatever_it_says(provider: Provider, body: bytes) -> None:
    twilio = provider(lambda request: request.answer(429, body))
    assert send() == TryLater(20429, None)
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("7", timedelta(seconds=7)),
        ("99999999999", timedelta(hours=1)),
        ("9" * 5000, None),
        ("-3", None),
        ("soon", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", timedelta(0)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", timedelta(hours=1)),
    ],
)
def test_retry_after_is_honoured_within_reason(
    provider: Provider, header: str, pause: timedelta | None
) -> None:
    provider(lambda request: request.answer(429, b"", Retry_After=header))
    assert send() == TryLater(20429, pause)


def test_retry_after_counts_whatever_the_status(provider: Provider) -> None:
    provider(lambda request: request.answer(400, {"code": 21611}, Retry_After="7"))
    assert send() == TryLater(21611, timedelta(seconds=7))


def test_retry_after_may_be_a_date(provider: Provider) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    provider(lambda request: request.answer(429, b"", Retry_After=until))
    outcome = send()
    assert isinstance(outcome, TryLater)
    assert outcome.retry_after is not None
    assert timedelta(minutes=4, seconds=30) < outcome.retry_after <= timedelta(minutes=5)


@pytest.mark.parametrize("missing", ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
def test_without_credentials_nothing_is_posted(
    provider: Provider, settings: Settings, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    twilio = provider(created)
    setattr(settings, missing, "")
    monkeypatch.setenv(missing, "the client would fall back to this")
    assert post_all([text(1), text(2)]) == [SendingMustStop(20003)] * 2
    assert twilio.requests == []


def test_without_a_sender_nothing_is_posted(provider: Provider) -> None:
    twilio = provider(created)
    assert send(text(sender="")) == SendingMustStop(21603)
    assert twilio.requests == []


# --- Many at once ---------------------------------------------------------------------------------------------


def test_outcomes_come_in_the_order_of_the_texts_with_one_post_each(provider: Provider) -> None:
    def behave(request: Request) -> None:
        last = int(request.field("To")[-1])
        time.sleep(0.02 * (9 - last))
        request.answer(*[(201, {"sid": SID[:-1] + str(last)}), (500, {}), (400, {"code": 21610})][last % 3])

    twilio = provider(behave)
    outcomes = post_all([text(number) for number in range(9)])
    assert outcomes == [
        [
            Accepted(SID[:-1] + str(last), ""),
            OutcomeUnknown("http 500"),
            Refused(21610, Klass.PER_RECIPIENT_POLICY),
        ][last % 3]
        for last in range(9)
    ]
    assert sorted(post.field("To") for post in twilio.requests) == [text(number).to for number in range(9)]


def test_connections_are_kept_and_never_more_than_asked_for(provider: Provider) -> None:
    twilio = provider(created)
    outcomes = post_all([text(number) for number in range(60)], at_once=4)
    assert outcomes == [Accepted(SID, "accepted")] * 60
    assert len(twilio.requests) == 60
    assert len({request.peer for request in twilio.requests}) <= 4


def test_nothing_to_send_is_nothing_sent() -> None:
    assert post_all([]) == []
