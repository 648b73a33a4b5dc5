"""No answer, half an answer, or one that proves nothing: what was provably not sent, and what may have been."""

import socket
import time
from contextlib import ExitStack

import pytest
from pytest_django import Settings

from sms.gateway import Accepted, OutcomeUnknown, TryLater
from tests.sms.gateway.conftest import Provider
from tests.sms.gateway.stand_in import Request
from tests.sms.gateway.texts import SID, created, post_all, send, text

# --- Never connected: provably not sent ---------------------------------------------------------------------------


def test_a_refused_connection_is_try_later() -> None:
    assert send() == TryLater(0, None)


def test_an_unknown_host_is_try_later(settings: Settings) -> None:
    settings.TWILIO_API_URL = "http://nobody.invalid"
    assert send() == TryLater(0, None)


def test_a_failed_tls_handshake_is_try_later(provider: Provider, settings: Settings) -> None:
    twilio = provider(created)
    settings.TWILIO_API_URL = twilio.url.replace("http:", "https:")
    assert send() == TryLater(0, None)
    assert twilio.requests == []


@pytest.mark.usefixtures("impatient")
def test_a_host_that_does_not_let_us_in_is_try_later(settings: Settings) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        settings.TWILIO_API_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        for _ in range(4):  # Fill the queue of those who wait at the door.
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        began = time.monotonic()
        assert send() == TryLater(0, None)
        assert 0.25 < time.monotonic() - began < 3


# --- Outcome unknown: it may have been created -----------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 301, 302, 307, 308, 304, 408])
def test_an_answer_that_proves_nothing_leaves_the_outcome_unknown(provider: Provider, status: int) -> None:
    body = {"code": 20429} if status >= 400 else b""
    twilio = provider(lambda request: request.answer(status, body, Location=str(twilio.url)))
    assert send() == OutcomeUnknown(f"http {status}")
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>Blocked</html>", b"[]", b"{}", b'{"code": true}', b"[" * 90_000]
)
def test_a_refusal_without_a_code_leaves_the_outcome_unknown(provider: Provider, body: bytes) -> None:
    twilio = provider(lambda request: request.answer(403, body))
    assert send() == OutcomeUnknown("unreadable 403")
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"garbage",
        b"{}",
        b"[]",
        b"null",
        b'"SM"',
        b'{"sid": null}',
        b'{"sid": 5}',
        b'{"sid": "SM12"}',
        b'{"sid": "' + SID.encode(),
        b'{"sid": "' + SID.encode() + b'", "body": "' + b"x" * 1_000_000 + b'"}',
        b"\xff\xfe\x00",
    ],
)
def test_201_without_a_readable_sid_leaves_the_outcome_unknown(provider: Provider, body: bytes) -> None:
    twilio = provider(lambda request: request.answer(201, body))
    assert send() == OutcomeUnknown("unreadable 201")
    assert len(twilio.requests) == 1


def test_a_sid_is_believed_whatever_else_the_answer_says(provider: Provider) -> None:
    twilio = provider(
        lambda request: request.answer(201, {"sid": SID, "date_created": "Mon, 99 Jan 2026 10:00:00 +0000"})
    )
    outcome = send()
    assert outcome == Accepted(SID, "")
    assert len(twilio.requests) == 1


@pytest.mark.usefixtures("impatient")
def test_silence_leaves_the_outcome_unknown(provider: Provider) -> None:
    twilio = provider(lambda request: twilio.stay_silent(request))
    assert send() == OutcomeUnknown("timeout")
    assert len(twilio.requests) == 1


@pytest.mark.usefixtures("impatient")
def test_an_answer_in_drips_is_given_up(provider: Provider) -> None:
    def drip(request: Request) -> None:
        request.write(b"HTTP/1.1 201 Created\r\nX-Long: ")
        while not twilio.over.wait(0.1):
            request.write(b"x")

    twilio = provider(drip)
    began = time.monotonic()
    assert send() == OutcomeUnknown("timeout")
    assert time.monotonic() - began < 3
    assert len(twilio.requests) == 1


@pytest.mark.usefixtures("impatient")
def test_a_body_that_never_ends_is_given_up(provider: Provider) -> None:
    def stall(request: Request) -> None:
        request.write(b'HTTP/1.1 201 Created\r\nContent-Length: 900\r\n\r\n{"sid": ')
        twilio.over.wait()

    twilio = provider(stall)
    assert send() == OutcomeUnknown("unreadable 201")
    assert len(twilio.requests) == 1


def test_a_body_without_end_is_not_read_to_the_end(provider: Provider) -> None:
    written = 0

    def flood(request: Request) -> None:
        nonlocal written
        request.write(b"HTTP/1.1 201 Created\r\nContent-Length: 9999999999\r\n\r\n")
        while True:  # Ends with an error as soon as the other side hangs up.
            request.write(b"x" * 65536)
            written += 65536

    twilio = provider(flood)
    assert send() == OutcomeUnknown("unreadable 201")
    assert written < 50_000_000
    assert len(twilio.requests) == 1


@pytest.mark.parametrize("how", ["reset", "close"])
def test_a_connection_that_breaks_after_the_post_leaves_the_outcome_unknown(
    provider: Provider, how: str
) -> None:
    twilio = provider(lambda request: getattr(request, how)())
    assert send() == OutcomeUnknown("reset")
    assert len(twilio.requests) == 1


def test_a_kept_connection_that_breaks_is_not_used_for_a_second_try(provider: Provider) -> None:
    twilio = provider(lambda request: created(request) if len(twilio.requests) == 1 else request.reset())
    outcomes = post_all([text(1), text(2)], at_once=1)
    assert outcomes == [Accepted(SID, "accepted"), OutcomeUnknown("reset")]
    assert [post.field("To") for post in twilio.requests] == [text(1).to, text(2).to]
    assert len({post.peer for post in twilio.requests}) == 1


def test_an_answer_that_is_not_http_leaves_the_outcome_unknown(provider: Provider) -> None:
    def babble(request: Request) -> None:
        request.write(b"220 mail.example ESMTP\r\n\r\n")
        request.close()

    twilio = provider(babble)
    assert send() == OutcomeUnknown("not http")
    assert len(twilio.requests) == 1


@pytest.mark.usefixtures("impatient")
def test_waiting_for_its_turn_is_not_time_spent_connecting(provider: Provider) -> None:
    def slowly(request: Request) -> None:
        time.sleep(0.25)
        created(request)

    twilio = provider(slowly)
    texts = [text(number) for number in range(4)]
    assert post_all(texts, at_once=1) == [Accepted(SID, "accepted")] * 4
    assert len(twilio.requests) == 4


def test_without_another_origin_texts_go_to_twilio(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def look_up(host: str, *_: object, **__: object) -> None:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "No network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    settings.TWILIO_API_URL = ""
    assert send() == TryLater(0, None)
    assert asked == ["api.twilio.com"]
