"""The gateway and the simulator, which share no code, understand each other."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from django.conf import settings as configured
from pytest_django import Settings

from sms.gateway import (
    Accepted,
    CannotTell,
    Klass,
    Outcome,
    OutcomeUnknown,
    Refused,
    SendingMustStop,
    TryLater,
    find,
)
from tests.sms.gateway.texts import post_all, send, text

SECOND = timedelta(seconds=1)
ENDINGS: dict[str, Outcome] = {
    "1211": Refused(21211, Klass.PERMANENT_NUMBER),
    "1610": Refused(21610, Klass.PER_RECIPIENT_POLICY),
    "1614": Refused(21614, Klass.PERMANENT_NUMBER),
    "2003": SendingMustStop(20003),
    "4290": TryLater(20429, SECOND),
    "4293": TryLater(20429, None),
    "5000": OutcomeUnknown("http 500"),
    "5001": OutcomeUnknown("http 500"),
    "5020": OutcomeUnknown("http 502"),
    "5021": OutcomeUnknown("http 502"),
    "5040": OutcomeUnknown("timeout"),
    "5041": OutcomeUnknown("timeout"),
    "5050": OutcomeUnknown("reset"),
    "5051": OutcomeUnknown("reset"),
    "2011": OutcomeUnknown("unreadable 201"),
    "2012": OutcomeUnknown("unreadable 201"),
}
CREATED_ALL_THE_SAME = {"5001", "5021", "5041", "5051", "2011", "2012"}


def number(ending: str) -> str:
    return f"+6149157{ending}"


@pytest.fixture(scope="module")
def simulator() -> Iterator[str]:
    """The origin of a simulator in a process of its own, on any free port."""
    command = [sys.executable, "-m", "sms.simulator", "--port", "0", "--auth-token", "a-token"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=configured.BASE_DIR) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.terminate()


@pytest.fixture(autouse=True)
def towards_it(simulator: str, settings: Settings, account: None) -> None:
    settings.TWILIO_API_URL = simulator


def posts_to(origin: str) -> Counter[str]:
    with urlopen(f"{origin}/_simulator/posts.json") as answer:  # noqa: S310  Our own address.
        return Counter(post["form"]["To"] for post in json.load(answer)["posts"])


@pytest.mark.usefixtures("impatient")
def test_each_way_to_fail_is_understood_and_posted_once(simulator: str) -> None:
    texts = [text(to=number(ending)) for ending in ENDINGS]
    outcomes = post_all(texts)
    assert dict(zip(ENDINGS, outcomes, strict=True)) == ENDINGS
    posted = posts_to(simulator)
    assert {one.to: posted[one.to] for one in texts} == {one.to: 1 for one in texts}
    began = datetime.now(UTC) - timedelta(minutes=1)
    found = {ending for ending in ENDINGS if find(to=number(ending), since=began)}
    assert found == CREATED_ALL_THE_SAME


def test_what_was_accepted_is_found_by_its_sid() -> None:
    began = datetime.now(UTC)
    one = text(to=number("9001"), body="Zoë & 🧦 + 1")
    accepted = send(one)
    assert isinstance(accepted, Accepted)
    [message] = find(to=one.to, since=began)
    assert (message.sid, message.body) == (accepted.sid, one.body)
    assert one.sender in message.senders
    assert find(to=one.to, since=began + timedelta(hours=1)) == []
    assert find(to=number("9002"), since=began) == []


def test_more_than_one_page_of_messages_is_found(simulator: str) -> None:
    began = datetime.now(UTC)
    outcomes = post_all([text(to=number("9003")) for _ in range(230)])
    sids = {outcome.sid for outcome in outcomes if isinstance(outcome, Accepted)}
    assert len(sids) == 230
    assert {message.sid for message in find(to=number("9003"), since=began)} == sids


def test_a_wrong_token_stops_everything(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "another-token"
    assert send() == SendingMustStop(20003)
    with pytest.raises(CannotTell, match="http 401"):
        find(to=number("9004"), since=datetime.now(UTC))
