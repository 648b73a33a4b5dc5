"""Numbers as browsers send them."""

import pytest

from clinic.lib.typed import whole_number


@pytest.mark.parametrize(
    ("typed", "number"),
    [("42", 42), ("0", 0), ("٤٢", 42), ("", 0), ("-1", 0), ("4.2", 0), ("forty", 0), ("9" * 18, 10**18 - 1)],
    ids=[
        "a number",
        "nought",
        "in Arabic digits",
        "nothing",
        "below nought",
        "a part",
        "a word",
        "the longest",
    ],
)
def test_a_whole_number_is_read_and_everything_else_is_none(typed: str, number: int) -> None:
    assert whole_number(typed) == number


def test_nobody_means_a_number_of_five_thousand_digits() -> None:
    assert whole_number("9" * 5000) == 0
