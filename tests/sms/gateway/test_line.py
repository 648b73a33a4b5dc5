"""Several batches on one line: in order, never too many at once, never too late, and nobody waits for what is over."""

import threading
import time
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from sms.gateway import Accepted, NotPosted, open_line
from sms.gateway.transport import _encoded
from tests.sms.gateway.conftest import Provider
from tests.sms.gateway.stand_in import Request
from tests.sms.gateway.texts import SID, created, post_all, text

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")


class Counting:
    """Answers after a moment, and knows how many requests there were at a time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.under_way = 0
        self.counts: list[int] = []

    def __call__(self, request: Request) -> None:
        with self.lock:
            self.under_way += 1
            self.counts.append(self.under_way)
        time.sleep(0.02)
        with self.lock:
            self.under_way -= 1
        created(request)


def test_batches_leave_in_their_order_and_share_what_may_be_under_way(provider: Provider) -> None:
    counting = Counting()
    twilio = provider(counting)
    with open_line() as line:
        batches = [
            line.post([text(10 * batch + number) for number in range(10)], at_once=4) for batch in range(3)
        ]
        for batch in batches:
            assert batch.result(timeout=20) == [Accepted(SID, "accepted")] * 10
    assert max(counting.counts) == 4
    arrived = [request.field("To") for request in twilio.requests]
    assert {*arrived[:6]} < {text(number).to for number in range(10)}
    assert {*arrived[-6:]} < {text(20 + number).to for number in range(10)}
    assert len({request.peer for request in twilio.requests}) <= 4


def test_the_newest_batch_says_how_many_may_be_under_way(provider: Provider) -> None:
    counting = Counting()
    provider(counting)
    with open_line() as line:
        line.post([text(number) for number in range(10)], at_once=5)
        second = line.post([text(10 + number) for number in range(10)], at_once=1)
        second.result(timeout=20)
    assert max(counting.counts) <= 5
    assert counting.counts[-10:] == [1] * 10


def test_a_text_whose_turn_comes_too_late_is_not_posted(provider: Provider) -> None:
    twilio = provider(Counting())
    with open_line() as line:
        told = line.post([text(number) for number in range(9)], at_once=1, not_after=time.monotonic() + 0.05)
        outcomes = told.result(timeout=20)
    left = [outcome for outcome in outcomes if outcome != NotPosted()]
    assert 1 <= len(left) < 9
    assert outcomes == [Accepted(SID, "accepted")] * len(left) + [NotPosted()] * (9 - len(left))
    assert len(twilio.requests) == len(left)


def test_whoever_leaves_does_not_wait_for_what_is_under_way(provider: Provider) -> None:
    twilio = provider(lambda request: twilio.stay_silent(request))
    begun = time.monotonic()
    with open_line() as line:
        line.post([text()], at_once=1)
        while not twilio.requests:
            time.sleep(0.01)
    assert time.monotonic() - begun < 10


def test_a_line_that_cannot_be_opened_says_why(settings: Settings) -> None:
    del settings.TWILIO_ACCOUNT_SID
    with pytest.raises(AttributeError), open_line():
        pytest.fail("There is no line.")


def test_after_one_batch_there_may_be_another(provider: Provider) -> None:
    provider(created)
    with open_line() as line:
        for _ in range(3):
            assert (
                line.post([text(), text(1)], at_once=2).result(timeout=20) == [Accepted(SID, "accepted")] * 2
            )
            assert line.post([], at_once=2).result(timeout=1) == []


@given(st.dictionaries(st.sampled_from(["To", "Body", "From"]), st.text(min_size=1), min_size=1))
def test_a_form_says_what_was_put_in(form: dict[str, str]) -> None:
    told = _encoded(form)
    assert told is not None
    assert told.isascii()
    assert dict(parse_qsl(told, strict_parsing=True)) == form


def test_any_character_of_a_text_arrives(provider: Provider) -> None:
    twilio = provider(created)
    body = "Hi Zoë & co; 100% = +5 #1? 'so' \"so\" <b>~`|\\^{}[]\n👩‍👩‍👧 \u202eשלום"
    assert post_all([text(body=body)]) == [Accepted(SID, "accepted")]
    assert twilio.requests[0].field("Body") == body
