"""What can be set while the simulator runs."""

import time

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.sms.simulator.running import PHONE, SENDER, SimulatorAtWork


def create(simulator: SimulatorAtWork) -> int:
    return simulator.create(To=PHONE, From=SENDER, Body="Hello").status


def test_settings_are_given_back_and_the_others_stay(simulator: SimulatorAtWork) -> None:
    before = simulator.get("/_simulator/settings").json
    after = simulator.set(latency_ms=1, fail_next={"count": 2, "outcome": "500_after"})
    assert after == before | {"latency_ms": 1, "fail_next": [{"count": 2, "outcome": "500_after"}]}
    assert simulator.get("/_simulator/settings").json == after


def test_latency_is_what_the_caller_waits(simulator: SimulatorAtWork) -> None:
    simulator.set(latency_ms=200)
    started = time.monotonic()
    create(simulator)
    assert time.monotonic() - started >= 0.2


def test_beyond_the_rate_twilio_says_429(simulator: SimulatorAtWork) -> None:
    simulator.set(rate=3)
    statuses = [create(simulator) for _ in range(6)]
    assert statuses[:3] == [201] * 3
    assert 429 in statuses[3:]
    assert len(simulator.ledger()) == statuses.count(201)
    refused = next(post for post in simulator.posts() if post["code"])
    assert (refused["code"], refused["outcome"], refused["sid"]) == (20429, "too_fast", None)


def test_below_the_rate_all_is_well(simulator: SimulatorAtWork) -> None:
    simulator.set(rate=20)
    assert [create(simulator) for _ in range(20)] == [201] * 20
    time.sleep(0.3)  # a bucket of 20 a second has room for six more
    assert [create(simulator) for _ in range(5)] == [201] * 5


def test_the_next_messages_meet_what_was_ordered(simulator: SimulatorAtWork) -> None:
    simulator.set(fail_next=[{"count": 2, "outcome": "500_after"}, {"outcome": "429_always"}])
    assert [create(simulator) for _ in range(4)] == [500, 500, 429, 201]
    assert len(simulator.ledger()) == 3
    assert simulator.get("/_simulator/settings").json["fail_next"] == []


def test_what_is_ordered_beats_the_ending(simulator: SimulatorAtWork) -> None:
    simulator.set(fail_next={"count": 1, "outcome": "delivered"})
    assert simulator.create(To="+61491575000", From=SENDER, Body="Hello").status == 201


def test_any_code_of_twilio_can_be_ordered(simulator: SimulatorAtWork, client: Client) -> None:
    simulator.set(
        fail_next=[{"outcome": "refused_63038"}, {"outcome": "refused_21999"}, {"outcome": "failed_30500"}]
    )
    for code, status in ((63038, 429), (21999, 400)):
        with pytest.raises(TwilioRestException) as refused:
            client.messages.create(to=PHONE, from_=SENDER, body="Hello")
        assert (refused.value.code, refused.value.status) == (code, status)
    client.messages.create(to=PHONE, from_=SENDER, body="Hello")
    (entry,) = simulator.settled_ledger()
    assert (entry["status"], entry["error_code"]) == ("failed", 30500)


@pytest.mark.parametrize(
    "wanted",
    [
        {"speed": 1},
        {"latency_ms": -1},
        {"latency_ms": "fast"},
        {"rate": True},
        {"lose": 1.5},
        {"callbacks": "yes"},
        {"seed": 1.5},
        {"inbound_urls": "http://127.0.0.1/"},
        {"inbound_urls": ["ftp://127.0.0.1/"]},
        {"fail_next": "500_after"},
        {"fail_next": {"count": 0, "outcome": "500_after"}},
        {"fail_next": {"count": 1, "outcome": "explode"}},
        ["latency_ms"],
    ],
)
def test_a_setting_that_makes_no_sense_changes_nothing(simulator: SimulatorAtWork, wanted: object) -> None:
    before = simulator.get("/_simulator/settings").json
    refused = simulator.post_json("/_simulator/settings", wanted)
    assert refused.status == 400
    assert refused.json["error"]
    both = simulator.post_json(
        "/_simulator/settings", {"latency_ms": 5} | (wanted if isinstance(wanted, dict) else {"x": 1})
    )
    assert both.status == 400
    assert simulator.get("/_simulator/settings").json == before


def test_what_is_not_json_is_refused(simulator: SimulatorAtWork) -> None:
    assert simulator.request("POST", "/_simulator/settings", data=b"latency_ms=1").status == 400


def test_the_ledger_can_be_narrowed(simulator: SimulatorAtWork) -> None:
    create(simulator)
    time.sleep(0.002)  # The ledger tells the moment in milliseconds.
    simulator.create(To="+61491570157", From=SENDER, Body="Another")
    simulator.reply("Thanks")
    first, second, reply = simulator.ledger()
    assert simulator.ledger(to=PHONE) == [first]
    assert simulator.ledger(since=second["created_at"]) == [second, reply]
    assert simulator.ledger(since=str(time.time() + 60)) == []
    assert simulator.ledger(direction="outbound") == [first, second]
    assert simulator.ledger(direction="inbound") == [reply]
    assert simulator.ledger(limit="1") == [first]
    assert simulator.get("/_simulator/ledger.json", since="lately").status == 400


def test_a_long_ledger_comes_whole(simulator: SimulatorAtWork) -> None:
    for number in range(450):
        assert simulator.create(To=PHONE, From=SENDER, Body=str(number)).status == 201
    assert [entry["body"] for entry in simulator.ledger()] == [str(number) for number in range(450)]
    assert len(simulator.ledger(limit="200")) == 200


def test_posts_can_be_narrowed(simulator: SimulatorAtWork) -> None:
    create(simulator)
    simulator.create(To="+61491570157", From=SENDER, Body="Another")
    answer = simulator.get("/_simulator/posts.json", to=PHONE).json
    assert answer["received"] == 2
    assert [post["form"]["Body"] for post in answer["posts"]] == ["Hello"]


def test_the_summary_counts_and_names_nobody(simulator: SimulatorAtWork) -> None:
    create(simulator)
    create(simulator)
    simulator.create(To="+61491571211", From=SENDER, Body="Hello")
    simulator.reply("Thanks")
    simulator.settled_ledger()
    answer = simulator.get("/_simulator/summary.json")
    assert answer.json == {
        "posts": 3, "created": 2, "replies": 1, "numbers": 1, "most_to_one_number": 2,
        "by_status": {"delivered": 2}, "refused_by_code": {"21211": 1}, "callbacks": {}, "under_way": 0,
    }  # fmt: skip
    assert "4915" not in answer.body


def test_health(simulator: SimulatorAtWork) -> None:
    assert simulator.get("/_simulator/healthz").status == 200
