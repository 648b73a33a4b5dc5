"""What a code means to us agrees with what Twilio says of it, and staff can read it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sms.gateway import ABOUT_ONE_NUMBER, NO_REASON, NOT_KNOWN, Klass, Meaning, meaning

FACTS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "twilio_errors.json").read_text())
CODES = sorted({fact["code"] for fact in FACTS})
# What is for engineers has no place in front of a receptionist.
JARGON = re.compile(r"API|HTTP|URL|10DLC|A2P|sid\b|status|callback|parameter|segment|handset|carrier|\d{5}")


@pytest.mark.parametrize("fact", [f for f in FACTS if f["code"]], ids=lambda fact: str(fact["code"]))
def test_a_code_has_the_class_that_twilios_words_call_for(fact: dict[str, Any]) -> None:
    assert meaning(fact["code"]).klass == fact["klass"]
    assert meaning(fact["code"]).code == fact["code"]


def test_what_happens_on_our_side_has_a_meaning_too() -> None:
    assert {fact["klass"] for fact in FACTS if not fact["code"]} == {meaning(0).klass, NOT_KNOWN.klass}
    assert meaning(0).klass is Klass.TRANSIENT_RETRY


@pytest.mark.parametrize("code", [1, 21999, 30999, -1, 2**40])
def test_an_unknown_code_is_about_this_text_alone_and_final(code: int) -> None:
    unknown = meaning(code)
    assert (unknown.code, unknown.klass) == (code, Klass.PERMANENT_MESSAGE)
    assert str(code) in unknown.happened
    assert re.fullmatch(r"[A-Z][^.!?]+\.", unknown.remedy)


@pytest.mark.parametrize(
    "words", [*map(meaning, CODES), NOT_KNOWN, NO_REASON], ids=lambda words: str(words.code)
)
def test_cause_and_remedy_are_one_plain_sentence_each(words: Meaning) -> None:
    for sentence in (words.happened, words.remedy):
        assert re.fullmatch(r"[A-Z][^.!?]{10,110}\.", sentence)
        assert not JARGON.search(sentence)


def test_no_two_codes_are_explained_in_the_same_words() -> None:
    assert len({meaning(code).happened for code in CODES}) == len(CODES)


def test_what_is_about_one_number_counts_against_no_sender() -> None:
    """Neither a country that the account does not text, nor anything that the next number would meet as well."""
    about = {Klass.PERMANENT_NUMBER, Klass.PER_RECIPIENT_POLICY}
    assert {code for code in CODES if meaning(code).klass in about} - {21408} | {30003} == ABOUT_ONE_NUMBER


def test_where_no_code_came_the_words_are_about_this_text_alone() -> None:
    assert (NO_REASON.code, NO_REASON.klass) == (0, Klass.PERMANENT_MESSAGE)
    assert (NOT_KNOWN.code, NOT_KNOWN.klass) == (0, Klass.AMBIGUOUS)
