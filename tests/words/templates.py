"""Finds words in a template that no translator would see. Reads it with Django's own lexer."""

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from django.template.base import Lexer, Token, TokenType

# Names, which are the same in every language.
NAMES = {"Clinic SMS", "JSON", "CSV"}
# What is read out, shown in an empty field, or taken by the style sheet to name a table's cells on a phone.
SPOKEN = "aria-label|aria-description|aria-valuetext|placeholder|title|alt|label|data-label|data-[a-z]+-words"
# A date is written as the language has it: by Django's name of a format, or by one that translators see.
FORMATS = {
    "DATE_FORMAT",
    "DATETIME_FORMAT",
    "MONTH_DAY_FORMAT",
    "SHORT_DATE_FORMAT",
    "SHORT_DATETIME_FORMAT",
    "TIME_FORMAT",
}
FOR_MACHINES = {"c", "Y-m-d", "Y-m-d\\TH:i"}

TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z!][^<>]*>", re.DOTALL)
ATTRIBUTE = re.compile(rf'\s(?:{SPOKEN})="([^"]*)"')
LETTER = re.compile(r"[^\W\d_]")
DATE = re.compile(r"""\|(?:date|time):(["'])(.*?)\1""")
DEFAULT = re.compile(r"""\|(?:default|default_if_none|yesno):(["'])(.*?)\1""")
LITERAL = re.compile(r"""(?<![\w(:])(["'])(.*?)\1""")
HANDED_ON = re.compile(r"""\s\w+=(["'])(.*?)\1""")
CODE = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)+")
PLACE = "\ue000"  # stands where a tag or a variable stood


class Bare(NamedTuple):
    """Words that nobody can translate, and the line they begin on."""

    line: int
    words: str


def bare_words(source: str) -> list[Bare]:
    """Return the words of a template that stand outside `translate` and `blocktranslate`, in order.

    Looked at are texts, the attributes in SPOKEN, and string arguments that are shown: those of `default`, `yesno`,
    `firstof` and `include … with`. A date with a format of its own and `pluralize` are English too.
    """
    kept = []
    found = []
    inside = ""
    for token in Lexer(source).tokenize():
        if inside:
            inside = "" if token.contents.startswith(inside) else inside
            kept.append("\n" * _lines(token))
        elif token.token_type is TokenType.TEXT:
            kept.append(token.contents)
        else:
            inside = _closing(token)
            kept.append(PLACE + "\n" * _lines(token))
            found += [Bare(token.lineno or 0, words) for words in _in_tag(token)]
    return sorted(found + list(_in_html("".join(kept))))


def _closing(token: Token) -> str:
    first = token.contents.split(" ", 1)[0]
    return (
        f"end{first}"
        if first in {"blocktranslate", "comment"} and token.token_type is TokenType.BLOCK
        else ""
    )


def _lines(token: Token) -> int:
    return token.contents.count("\n")


def _in_tag(token: Token) -> Iterator[str]:
    text = token.contents
    if token.token_type is TokenType.COMMENT:
        return
    if "|pluralize" in text:
        yield "|pluralize"
    yield from (each[1] for each in DATE.findall(text) if each[1] not in FORMATS | FOR_MACHINES)
    yield from (
        each[1] for each in DEFAULT.findall(text) if LETTER.search(each[1]) and not CODE.fullmatch(each[1])
    )
    if text.startswith("firstof "):
        yield from (each[1] for each in LITERAL.findall(text) if each[1][:1].isupper() or " " in each[1])
    if text.startswith(("include ", "with ")):
        yield from (each[1] for each in HANDED_ON.findall(text) if each[1][:1].isupper() or " " in each[1])


def _in_html(text: str) -> Iterator[Bare]:
    at = 0
    for tag in TAG.finditer(text):
        yield from _in_text(text, at, tag.start())
        at = tag.end()
        for attribute in ATTRIBUTE.finditer(tag[0]):
            if _is_words(attribute[1]):
                yield Bare(text.count("\n", 0, tag.start() + attribute.start()) + 1, attribute[0].strip())
    yield from _in_text(text, at, len(text))


def _in_text(text: str, start: int, end: int) -> Iterator[Bare]:
    words = text[start:end]
    if _is_words(words):
        line = text.count("\n", 0, start + len(words) - len(words.lstrip())) + 1
        yield Bare(line, " ".join(words.replace(PLACE, "…").split()))


def _is_words(text: str) -> bool:
    plain = html.unescape(text)
    for name in NAMES:
        plain = plain.replace(name, "")
    return LETTER.search(plain.replace(PLACE, "")) is not None
