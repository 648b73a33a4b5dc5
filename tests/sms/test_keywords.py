"""What a reply means, by the labelled replies of `replies.csv`, which were written for this project."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sms.keywords import kind_of
from sms.models.inbound import ReplyKind

WRITTEN = Path(__file__).with_name("replies.csv")


def labelled() -> Iterator[tuple[ReplyKind, str]]:
    with WRITTEN.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield ReplyKind(row["label"]), row["reply"]


def test_there_are_replies_enough_of_every_kind_and_none_twice() -> None:
    replies = [reply for _, reply in labelled()]
    assert len(set(replies)) == len(replies) >= 200
    counted = Counter(kind for kind, _ in labelled())
    assert set(counted) == set(ReplyKind)
    assert min(counted[kind] for kind in (ReplyKind.STOP, ReplyKind.MAY_BE_STOP, ReplyKind.OTHER)) >= 60


@pytest.mark.parametrize("kind", list(ReplyKind))
def test_each_reply_is_read_as_what_it_is(kind: ReplyKind) -> None:
    misses = {
        reply: read.value
        for label, reply in labelled()
        if label == kind and (read := kind_of(reply)) != label
    }
    assert misses == {}


@pytest.mark.parametrize("kind", [ReplyKind.HELP, ReplyKind.MAY_BE_STOP, ReplyKind.OTHER, ReplyKind.START])
def test_nothing_but_an_opt_out_is_blocked(kind: ReplyKind) -> None:
    assert [reply for label, reply in labelled() if label == kind and kind_of(reply) == ReplyKind.STOP] == []


def test_no_opt_out_of_any_kind_passes_for_an_ordinary_reply() -> None:
    refusals = {ReplyKind.STOP, ReplyKind.MAY_BE_STOP}
    assert [
        reply for label, reply in labelled() if label in refusals and kind_of(reply) not in refusals
    ] == []


@pytest.mark.parametrize("reply", ["", " ", "\u200b", "\tSTOP\n", "stop\u200b", "st\u00adop"])
def test_what_cannot_be_seen_changes_nothing(reply: str) -> None:
    assert kind_of(reply) == (ReplyKind.STOP if "st" in reply.casefold() else ReplyKind.OTHER)


@pytest.mark.parametrize("word", ["start", "yes", "unstop"])
def test_an_opt_in_must_stand_alone(word: str) -> None:
    assert kind_of(word) == ReplyKind.START
    assert kind_of(f"{word} please") == ReplyKind.OTHER
    assert kind_of(f"ok {word}") == ReplyKind.OTHER


def test_the_longest_reply_is_read_in_no_time() -> None:
    for words in ("stop ", "no more ", "dont want ", "s", "is this not "):
        kind_of((words * 1600)[:1600])
