import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clinic.lib import sms_text
from clinic.lib.sms_text import CostlyCharacter, Encoding, Segment

VECTORS = json.loads(Path(__file__).with_name("segment_vectors.json").read_text(encoding="utf-8"))["vectors"]

GSM_7 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà\f^{}\\[~]|€"
)
gsm_texts = st.text(alphabet=GSM_7, max_size=700)
wide_texts = st.text(
    alphabet=st.one_of(st.sampled_from("aé😀🏳\ufe0f\u200d\u0301漢"), st.characters()), max_size=300
)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["source"])
def test_encoding_and_segments_agree_with_the_provider_s_own_calculator(vector: dict[str, Any]) -> None:
    assert sms_text.encoding(vector["text"]) == vector["encoding"]
    if "segments" in vector:
        assert len(sms_text.segments(vector["text"])) == vector["segments"]


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", []),
        ("a" * 160, [160]),
        ("a" * 161, [153, 8]),
        ("a" * 306, [153, 153]),
        ("a" * 307, [153, 153, 1]),
        ("a" * 158 + "€", [160]),
        ("a" * 159 + "€", [153, 8]),
        ("€" * 80, [160]),
        ("€" * 81, [152, 10]),
        ("a" * 152 + "€" + "a" * 152, [152, 153, 1]),
        ("ç" * 70, [70]),
        ("ç" * 71, [67, 4]),
        ("ç" * 66 + "😀" + "ç" * 66, [66, 67, 1]),
        ("😀" * 35, [70]),
        ("😀" * 36, [66, 6]),
    ],
)
def test_a_pair_that_does_not_fit_moves_to_the_next_segment_whole(text: str, units: list[int]) -> None:
    assert [segment.units for segment in sms_text.segments(text)] == units


def test_packing_needs_more_segments_than_division_says() -> None:
    text = ("a" * 152 + "{") * 2 + "a" * 151  # 459 septets, which is three times 153

    assert len(sms_text.segments(text)) == 4


@given(gsm_texts)
def test_gsm_segments_hold_the_text_and_are_as_full_as_can_be(text: str) -> None:
    assert sms_text.encoding(text) == Encoding.GSM_7
    _check_packing(text, [2 if c in "\f^{}\\[~]|€" else 1 for c in text], alone=160, in_series=153)


@given(wide_texts)
@example("\ud83d\ude1c" * 60)  # halves of a pair that nobody joined
def test_ucs_2_segments_hold_the_text_and_are_as_full_as_can_be(text: str) -> None:
    if sms_text.encoding(text) == Encoding.UCS_2:
        costs = [len(c.encode("utf-16-le", "surrogatepass")) // 2 for c in text]
        _check_packing(text, costs, alone=70, in_series=67)


@given(st.text())
def test_a_text_is_ucs_2_exactly_when_a_character_is_not_in_the_gsm_alphabet(text: str) -> None:
    assert (sms_text.encoding(text) == Encoding.GSM_7) == set(text).issubset(GSM_7)


@pytest.mark.parametrize(
    "character", ["ç", "\t", "\N{NO-BREAK SPACE}", "`", "\x1b", "\0", "á", "’", "\u0394\u0301"]
)
def test_a_character_that_looks_harmless_costs_ucs_2(character: str) -> None:
    assert sms_text.encoding(f"Hello {character}") == Encoding.UCS_2


@pytest.mark.parametrize("character", [*"ÇéàñÜΔ€^{}[]~|\\@£§¿\n\r\f"])
def test_a_character_of_the_gsm_alphabet_does_not(character: str) -> None:
    assert sms_text.encoding(f"Hello {character}") == Encoding.GSM_7


def test_costly_characters_are_named_once_with_all_their_places() -> None:
    assert sms_text.costly_characters("It’s Zoë’s “turn”…\N{NO-BREAK SPACE}😀") == [
        CostlyCharacter("’", (2, 8), "'"),
        CostlyCharacter("ë", (7,), None),
        CostlyCharacter("“", (11,), '"'),
        CostlyCharacter("”", (16,), '"'),
        CostlyCharacter("…", (17,), "..."),
        CostlyCharacter("\N{NO-BREAK SPACE}", (18,), " "),
        CostlyCharacter("😀", (19,), None),
    ]


def test_a_letter_with_its_accent_apart_is_one_costly_character() -> None:
    assert sms_text.costly_characters("Ame\u0301lie Zoe\u0308") == [
        CostlyCharacter("e\u0301", (2,), "é"),
        CostlyCharacter("e\u0308", (10,), None),
    ]


@pytest.mark.parametrize(
    ("text", "swapped"),
    [
        ("“Don’t be late” – it’s at 10…", "\"Don't be late\" - it's at 10..."),
        ("10\N{NARROW NO-BREAK SPACE}am,\tRoom\N{NO-BREAK SPACE}2", "10 am, Room 2"),
        ("Call \u202a+61 2 9876 5432\u202c", "Call +61 2 9876 5432"),
        ("zero\N{ZERO WIDTH SPACE}width\N{SOFT HYPHEN}", "zerowidth"),
        ("one\u2028two", "one\ntwo"),
        ("Ame\u0301lie", "Amélie"),
        ("Zoe\u0308 “x”", 'Zoe\u0308 "x"'),
        ("François 😀", "François 😀"),
        (
            "\u0646\u0645\u06cc\N{ZERO WIDTH NON-JOINER}\u062e",
            "\u0646\u0645\u06cc\N{ZERO WIDTH NON-JOINER}\u062e",
        ),
        ("Plain {text} €5", "Plain {text} €5"),
        ("", ""),
    ],
)
def test_swapping_keeps_the_words_and_replaces_what_has_an_obvious_replacement(
    text: str, swapped: str
) -> None:
    assert sms_text.swap_costly(text) == swapped


@given(st.text(alphabet=st.one_of(st.sampled_from("a’“…\u00a0\te\u0301ç\u0308"), st.characters())))
def test_swapping_does_what_the_list_of_costly_characters_says(text: str) -> None:
    costly = sms_text.costly_characters(text)
    swapped = sms_text.swap_costly(text)

    assert bool(costly) == (sms_text.encoding(text) == Encoding.UCS_2)
    if all(character.replacement is not None for character in costly):
        assert sms_text.encoding(swapped) == Encoding.GSM_7
    for character in costly:
        assert all(text.startswith(character.character, at) for at in character.positions)
        assert character.replacement is None or sms_text.encoding(character.replacement) == Encoding.GSM_7
    assert sms_text.swap_costly(swapped) == swapped


def test_an_invisible_character_has_a_name_to_show() -> None:
    tab, space, accent = sms_text.costly_characters("\t\N{NO-BREAK SPACE}e\u0308")

    assert (tab.name, space.name) == ("tab", "no-break space")
    assert accent.name == "latin small letter e with diaeresis"


def _check_packing(text: str, costs: list[int], *, alone: int, in_series: int) -> None:
    segments = sms_text.segments(text)
    assert "".join(segment.text for segment in segments) == text
    if sum(costs) <= alone:
        assert segments == ([Segment(text, sum(costs))] if text else [])
        return
    start = 0
    for segment in segments:
        end = start + len(segment.text)
        assert segment.units == sum(costs[start:end]) <= in_series
        assert end == len(text) or segment.units + costs[end] > in_series
        start = end
