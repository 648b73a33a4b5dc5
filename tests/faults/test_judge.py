"""The judge of `make faults`: silent where all is well, and each invariant speaks up when it is broken."""

import base64
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from tests.faults.judge import Claimed, Evidence, Person, Quiet, Row, Span, Text, examine

NOON = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday noon in Sydney
PHONE = "+61412000001"
ROW = Row(
    id=1,
    token="a1",
    group="g",
    patient=7,
    phone=PHONE,
    body="Hello",
    purpose="marketing",
    status="delivered",
    sid="SM1",
    send_by=NOON + timedelta(hours=1),
)
TEXT = Text(sid="SM1", token="a1", to=PHONE, body="Hello", status="delivered", created_at=NOON, sender="MG")
CLAIM = Claimed(message=1, phone=PHONE, sender="MG", at=NOON, committed_at=NOON + timedelta(seconds=1))
PERSON = Person(patient=7, phone=PHONE, accepts=True, out_of_use=False, committed_at=NOON - timedelta(days=1))
MINUTE = timedelta(minutes=1)


def evidence(**changed: Any) -> Evidence:
    given: dict[str, Any] = {
        "texts": [TEXT],
        "rows": [ROW],
        "claims": [CLAIM],
        "people": [PERSON],
        "lists": {"g": 1},
        "posts": Counter({"a1": 1}),
        "quiet": Quiet(opens=time(9), closes=time(20), zones={7: "Australia/Sydney"}),
        "daily_caps": {"MG": 1},
        "readable": {"worker": "a text was sent"},
        "secrets": [PHONE, "Hello"],
    }
    return Evidence(**(given | changed))


def broken(**changed: Any) -> set[str]:
    return {breach.invariant for breach in examine(evidence(**changed))}


def test_where_all_is_well_the_judge_is_silent() -> None:
    assert examine(evidence()) == []


def test_a_message_that_exists_twice() -> None:
    assert broken(texts=[TEXT, replace(TEXT, sid="SM2")], daily_caps={}) == {"I1"}


def test_a_number_that_got_one_group_sms_twice() -> None:
    other = replace(ROW, id=2, token="a2", sid="SM2", patient=8)
    twice = {
        "rows": [ROW, other],
        "texts": [TEXT, replace(TEXT, sid="SM2", token="a2")],
        "claims": [CLAIM, replace(CLAIM, message=2)],
        "lists": {"g": 2},
        "quiet": None,
        "daily_caps": {},
    }
    assert broken(**twice) == {"I1"}


def test_a_text_that_no_message_stands_for() -> None:
    assert broken(texts=[TEXT, replace(TEXT, sid="SM2", token="a2")], daily_caps={}) == {"I1"}


def test_a_message_that_was_posted_more_often_than_claimed() -> None:
    assert broken(posts=Counter({"a1": 2})) == {"I1"}


@pytest.mark.parametrize(
    "later",
    [
        replace(PERSON, accepts=False, committed_at=NOON),
        replace(PERSON, out_of_use=True, committed_at=NOON),
        replace(PERSON, phone="+61412000002", committed_at=NOON),
        replace(PERSON, patient=8, accepts=False, committed_at=NOON),
    ],
    ids=["refused", "archived", "number changed", "somebody on the number refused"],
)
def test_a_claim_after_a_refusal_was_committed(later: Person) -> None:
    assert broken(people=[PERSON, later]) == {"I2"}
    in_time = replace(later, committed_at=CLAIM.committed_at + MINUTE)
    assert broken(people=[PERSON, in_time]) == set()


def test_a_claim_of_a_blocked_number() -> None:
    block = Span(what=PHONE, since=NOON - MINUTE, until=None)
    assert broken(blocks=[block]) == {"I2"}
    assert broken(blocks=[replace(block, until=NOON)]) == set()
    assert broken(blocks=[replace(block, what="+61412000009")]) == set()


def test_a_block_of_marketing_stops_marketing_alone() -> None:
    block = Span(what=PHONE, since=NOON - MINUTE, until=None, everything=False)
    assert broken(blocks=[block]) == {"I2"}
    assert broken(blocks=[block], rows=[replace(ROW, purpose="service")]) == set()


@pytest.mark.parametrize("what", ["", "g"])
def test_a_claim_while_sending_rests(what: str) -> None:
    rest = Span(what=what, since=NOON - MINUTE, until=None)
    assert broken(rests=[rest]) == {"I2"}
    assert broken(rests=[replace(rest, since=NOON + MINUTE)]) == set()
    ended_meanwhile = replace(rest, until=CLAIM.at + (CLAIM.committed_at - CLAIM.at) / 2)
    assert broken(rests=[ended_meanwhile]) == set()


def test_somebody_who_is_missing_from_the_list() -> None:
    assert broken(lists={"g": 2}) == {"I3"}


def test_a_text_that_waits_for_ever() -> None:
    assert broken(rows=[replace(ROW, status="queued", sid="")], texts=[], daily_caps={}) == {"I3"}
    waits = {"rows": [replace(ROW, status="queued", sid="")], "texts": [], "may_wait": True}
    assert broken(**waits) == set()


def test_a_state_without_a_name() -> None:
    assert "I3" in broken(rows=[replace(ROW, status="lost")])


@pytest.mark.parametrize("status", ["not_sent", "left_out", "cancelled", "expired", "undelivered", "failed"])
def test_a_state_that_the_ledger_denies(status: str) -> None:
    assert broken(rows=[replace(ROW, status=status)]) == {"I4"}


def test_a_text_that_does_not_exist() -> None:
    assert broken(texts=[]) == {"I4"}


def test_a_text_with_another_number_or_another_record() -> None:
    assert broken(texts=[replace(TEXT, body="Hullo")]) == {"I4"}
    assert broken(rows=[replace(ROW, sid="SM9")]) == {"I4"}


def test_what_has_been_erased_contradicts_nothing() -> None:
    assert broken(rows=[replace(ROW, phone="", body="")]) == set()


def test_news_that_never_arrived() -> None:
    assert broken(rows=[replace(ROW, status="accepted")]) == {"I4"}
    assert broken(rows=[replace(ROW, status="accepted")], news_is_complete=False) == set()


def test_a_claim_after_send_by() -> None:
    assert broken(rows=[replace(ROW, send_by=NOON)]) == {"I5"}


def test_a_text_that_left_after_send_by() -> None:
    late = replace(TEXT, created_at=ROW.send_by + MINUTE)
    assert broken(texts=[late]) == {"I5"}


def test_marketing_in_quiet_hours() -> None:
    in_perth = Quiet(opens=time(9), closes=time(20), zones={7: "Australia/Perth"})
    assert broken(quiet=in_perth) == set()  # nine o'clock sharp
    assert broken(quiet=replace(in_perth, opens=time(9, 0, 1))) == {"I5"}
    assert broken(quiet=replace(in_perth, opens=time(0), closes=time(9))) == {"I5"}
    assert broken(quiet=replace(in_perth, opens=time(10)), rows=[replace(ROW, purpose="service")]) == set()


def test_more_texts_than_the_cap() -> None:
    assert broken(daily_caps={"MG": 0}) == {"I6"}
    assert broken(daily_caps={"MG": 1, "another": 0}) == set(), "each sender has a cap of its own"


def test_texts_that_leave_faster_than_the_rate() -> None:
    six = [replace(CLAIM, at=NOON + timedelta(seconds=n / 10)) for n in range(6)]
    assert broken(parts_a_second={"MG": 1}, claims=six) == {"I6"}
    slower = [replace(CLAIM, at=NOON + timedelta(seconds=n)) for n in range(6)]
    assert broken(parts_a_second={"MG": 1}, claims=slower) == set()


@pytest.mark.parametrize(
    "content",
    [
        f"sent to {PHONE}",
        "sent to 0412000001.",
        "GET /patients/?q=%2B61412000001",
        "they read Hello",
        base64.b64encode(f'["{PHONE}", "and more than forty letters of it"]'.encode()).decode(),
    ],
    ids=["as stored", "as dialled", "in an address", "the text", "packed"],
)
def test_a_number_or_a_text_that_others_can_read(content: str) -> None:
    assert broken(readable={"worker": content}) == {"I7"}


def test_a_masked_number_is_no_number() -> None:
    assert broken(readable={"worker": "sent to +61 4•• ••• 001, at 1412000001.5, 412000002"}) == set()
