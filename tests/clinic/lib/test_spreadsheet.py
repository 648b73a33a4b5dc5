import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinic.lib import spreadsheet
from clinic.lib.spreadsheet import NotText


def decode(data: bytes, *, size: int = 3) -> str:
    """`data` read as a file is, a few bytes at a time."""
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    return data.decode(spreadsheet.encoding_of(chunks))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+61412345678",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " =1+1",
        "\N{FULLWIDTH EQUALS SIGN}1+1",
        "\N{FULLWIDTH PLUS SIGN}1",
        "\N{FULLWIDTH HYPHEN-MINUS}1",
        "\N{FULLWIDTH COMMERCIAL AT}SUM(A1)",
        '=HYPERLINK("https://example.com","x")',
    ],
)
def test_what_begins_a_formula_gets_an_apostrophe(text: str) -> None:
    assert spreadsheet.safe_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["", " ", "Ana", "O'Brien", "1+1", "a=b", "0412 345 678", "'=1+1", "me@example.com"]
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert spreadsheet.safe_cell(text) == text


@given(st.text())
def test_a_safe_cell_is_safe_and_keeps_the_text(text: str) -> None:
    safe = spreadsheet.safe_cell(text)

    assert not safe.lstrip(" ").startswith(tuple("=+-@\t\r\n"))
    assert safe.endswith(text)
    assert spreadsheet.safe_cell(safe) == safe


@pytest.mark.parametrize(
    "data",
    [
        "Zoë;Łukasz;李".encode(),
        codecs.BOM_UTF8 + "Zoë;Łukasz;李".encode(),
        codecs.BOM_UTF16_LE + "Zoë;Łukasz;李".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Zoë;Łukasz;李".encode("utf-16-be"),
    ],
    ids=["utf-8", "utf-8 with mark", "utf-16 little", "utf-16 big"],
)
def test_unicode_files_are_read_with_or_without_their_mark(data: bytes) -> None:
    assert decode(data) == "Zoë;Łukasz;李"


def test_a_file_of_an_older_excel_is_read() -> None:
    assert decode("Zoë’s café, 5 €".encode("windows-1252")) == "Zoë’s café, 5 €"


def test_an_empty_file_is_an_empty_text() -> None:
    assert decode(b"") == ""
    assert decode(codecs.BOM_UTF8) == ""


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04\x14\x00\x06\x00",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00",
        "no mark".encode("utf-16-le"),
        codecs.BOM_UTF16_LE + b"a",
        codecs.BOM_UTF32_LE + "ab".encode("utf-32-le"),
        b"caf\xe9 \x81",
        b"a\0b",
    ],
    ids=["xlsx", "xls", "utf-16 without mark", "half a character", "utf-32", "no windows-1252", "nul"],
)
def test_what_is_not_text_is_refused_with_the_remedy(data: bytes) -> None:
    with pytest.raises(NotText, match="save it as CSV UTF-8"):
        decode(data)


@given(st.text(alphabet=st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"])))
def test_what_was_written_as_utf_8_is_read_back(text: str) -> None:
    assert decode(text.encode()) == text
    assert decode(text.encode("utf-8-sig")) == text


@given(st.binary())
def test_no_bytes_do_anything_but_decode_or_be_refused(data: bytes) -> None:
    try:
        text = decode(data)
    except NotText:
        return
    assert "\0" not in text


@pytest.mark.parametrize(
    ("line", "separator"),
    [
        ("first name,last name,mobile", ","),
        ("first name;last name;mobile", ";"),
        ("first name\tlast name\tmobile", "\t"),
        ("last, first;mobile;notes", ";"),
        ('"name, first; last",mobile', ","),
        ('"a;b;c ""d;e""",mobile', ","),
        ('mobile,"a;b;c', ","),
        ("sep=;", ";"),
        ("mobile", ","),
        ("", ","),
    ],
)
def test_the_separator_is_what_the_line_has_most_of_outside_quotes(line: str, separator: str) -> None:
    assert spreadsheet.sniff_separator(line) == separator
