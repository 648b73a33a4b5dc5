import dataclasses
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib import placeholders
from clinic.lib.placeholders import Literal, Placeholder, PlaceholderError, Template

KNOWN = frozenset({"first_name", "last_name", "clinic_name", "appointment_time"})
DEFAULTS = {"first_name": "there"}


def parse(text: str) -> Template:
    return placeholders.parse(text, known=KNOWN, defaults=DEFAULTS)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("Hello", (Literal("Hello"),)),
        ("{first_name}", (Placeholder("first_name", "there"),)),
        ("{first_name|you}", (Placeholder("first_name", "you"),)),
        ("{first_name|}", (Placeholder("first_name", ""),)),
        ("{last_name}", (Placeholder("last_name", ""),)),
        ("{ first_name | dear patient }", (Placeholder("first_name", "dear patient"),)),
        ("{first_name|a|b}", (Placeholder("first_name", "a|b"),)),
        ("{{first_name}}", (Literal("{first_name}"),)),
        ("{{{first_name}}}", (Literal("{"), Placeholder("first_name", "there"), Literal("}"))),
        (
            "Hi {first_name},\nsee you at {clinic_name}.",
            (
                Literal("Hi "),
                Placeholder("first_name", "there"),
                Literal(",\nsee you at "),
                Placeholder("clinic_name", ""),
                Literal("."),
            ),
        ),
    ],
)
def test_a_text_is_read_into_literals_and_placeholders(
    text: str, parts: tuple[placeholders.Part, ...]
) -> None:
    assert parse(text).parts == parts


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Hi {firstname}", "{firstname} is not something we can fill in. Did you mean {first_name}?"),
        ("Hi {First Name}", "{First Name} is not something we can fill in. Did you mean {first_name}?"),
        ("Hi {FIRST_NAME|you}", "{FIRST_NAME} is not something we can fill in. Did you mean {first_name}?"),
        (
            "{balance}",
            "{balance} is not something we can fill in. "
            "You can use {appointment_time}, {clinic_name}, {first_name}, {last_name}.",
        ),
        (
            "{Dear patient, we would like to remind you that}",
            "{Dear patient, we would like to remind y…} is not something we can fill in. "
            "You can use {appointment_time}, {clinic_name}, {first_name}, {last_name}.",
        ),
        (
            "Hi {}",
            "Between { and } a name is missing. "
            "You can use {appointment_time}, {clinic_name}, {first_name}, {last_name}.",
        ),
        (
            "Hi { |you}",
            "Between { and } a name is missing. "
            "You can use {appointment_time}, {clinic_name}, {first_name}, {last_name}.",
        ),
        ("Hi {first_name", "A { has no } to close it. To write a brace itself, double it: {{."),
        ("Hi {first_name {last_name}", "A { has no } to close it. To write a brace itself, double it: {{."),
        ("Hi first_name}", "A } has no { before it. To write a brace itself, double it: }}."),
    ],
)
def test_a_mistake_is_explained_with_its_remedy(text: str, sentence: str) -> None:
    with pytest.raises(PlaceholderError) as mistake:
        parse(text)

    assert str(mistake.value) == sentence


def test_where_nothing_can_be_filled_in_no_choice_is_offered() -> None:
    with pytest.raises(PlaceholderError) as mistake:
        placeholders.parse("{first_name}", known=frozenset())

    assert str(mistake.value) == "{first_name} is not something we can fill in."


def test_the_names_of_a_template_are_those_it_needs() -> None:
    assert parse("{first_name} {last_name} {first_name} {{clinic_name}}").names == {"first_name", "last_name"}


def test_a_value_fills_its_gap_and_a_blank_gives_the_fallback() -> None:
    template = parse("Hi {first_name} {last_name|(no last name)}")

    assert template.render({"first_name": "Ana", "last_name": "Ruiz"}) == "Hi Ana Ruiz"
    assert template.render({"first_name": "", "last_name": "   "}) == "Hi there (no last name)"
    assert template.render({}) == "Hi there (no last name)"


def test_a_value_is_inserted_as_it_is_spaces_and_braces_and_all() -> None:
    assert (
        parse("Hi {first_name}!").render({"first_name": " {last_name}{{", "last_name": "x"})
        == "Hi  {last_name}{{!"
    )


def test_a_template_can_be_shared_because_it_cannot_change() -> None:
    template = parse("Hi {first_name}")

    with pytest.raises(dataclasses.FrozenInstanceError):
        template.parts = ()  # type: ignore[misc]
    assert hash(template) == hash(parse("Hi {first_name}"))


texts = st.one_of(
    st.text(),
    st.lists(st.sampled_from(["{", "}", "{{", "}}", "|", "first_name", "last_name", " ", "é", "\n"])).map(
        "".join
    ),
)
fallbacks = st.text(alphabet=st.characters(exclude_characters="{}")).map(str.strip)
templates = st.lists(
    st.one_of(
        st.builds(Literal, st.text(min_size=1)),
        st.builds(Placeholder, st.sampled_from(sorted(KNOWN)), fallbacks),
    )
).filter(lambda parts: not any(isinstance(a, Literal) and isinstance(b, Literal) for a, b in pairwise(parts)))


@given(texts)
def test_any_text_is_a_template_or_a_mistake_and_nothing_else(text: str) -> None:
    try:
        template = parse(text)
    except PlaceholderError:
        return
    assert parse(str(template)) == template


@given(st.text())
def test_any_text_can_be_sent_with_its_braces_doubled(text: str) -> None:
    assert parse(text.replace("{", "{{").replace("}", "}}")).render({}) == text


@given(templates.map(tuple).map(Template))
def test_a_template_written_out_reads_the_same_again(template: Template) -> None:
    assert parse(str(template)) == template


@given(templates.map(tuple).map(Template), st.dictionaries(st.sampled_from(sorted(KNOWN)), st.text()))
def test_rendering_is_the_parts_one_after_another(template: Template, values: dict[str, str]) -> None:
    expected = ""
    for part in template.parts:
        if isinstance(part, Literal):
            expected += part.text
        else:
            expected += values.get(part.name, "") if values.get(part.name, "").strip(" ") else part.fallback
    assert template.render(values) == expected
