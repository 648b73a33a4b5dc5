"""Fields of one line of text."""

import pytest
from django.core.exceptions import ValidationError

from clinic.one_line import OneLine
from tests import naughty


def test_white_space_of_any_kind_is_one_blank() -> None:
    assert (
        OneLine().clean(" one\ttwo\r\nthree\u2028four\u00a0 \u3000five\u0085six ")
        == "one two three four five six"
    )


@pytest.mark.parametrize(
    "text", ["a\0b", "a\x1bb", "a\x7fb", "a\x9fb", "a\ufdd0b", "a\uffffb", "a\U0010fffeb"]
)
def test_what_no_screen_shows_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        OneLine().clean(text)


@pytest.mark.parametrize("text", naughty.NAMES.values())
def test_every_script_and_every_mark_of_one_is_kept(text: str) -> None:
    assert OneLine().clean(text) == text
