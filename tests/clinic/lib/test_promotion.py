"""What sounds like a promotion, on texts that were labelled by hand."""

import csv
from pathlib import Path

import pytest

from clinic.lib.promotion import promotional_words

LABELLED = list(csv.reader((Path(__file__).parent / "promotions.csv").read_text().splitlines()))


def test_there_are_enough_labelled_texts_of_both_kinds() -> None:
    labels = [label for label, _ in LABELLED]
    assert len(LABELLED) >= 80
    assert labels.count("promotion") >= 30
    assert labels.count("service") >= 30


@pytest.mark.parametrize(("label", "text"), LABELLED)
def test_a_labelled_text_sounds_like_what_it_is(label: str, text: str) -> None:
    assert bool(promotional_words(text)) == (label == "promotion"), promotional_words(text)


def test_the_words_are_quoted_as_they_stand_there_each_once() -> None:
    text = "SPECIAL offer!\nDon’t  miss it: 20% off. Special offer, 20% off."
    assert promotional_words(text) == ["SPECIAL offer", "Don't miss", "20% off", "Special offer"]


@pytest.mark.parametrize(
    "text", ["", " ", "😀", "{first_name}", "x" * 10_000, "free " * 2_000, "new " * 2_000]
)
def test_odd_texts_are_read_quickly_and_are_no_promotion(text: str) -> None:
    assert promotional_words(text) == []
