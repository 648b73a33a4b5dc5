"""Texts with gaps that each patient fills: `Hi {first_name|there}`.

- `{name}` is filled with the value of that name, `{name|fallback}` with the fallback if the value is blank.
  Spaces around the name and the fallback do not count.
- Without a fallback of its own a name falls back to its default, or to nothing.
- `{{` and `}}` are the braces themselves. A fallback holds no braces.
- A value is inserted as it is and never read again, so a patient called "{x}" is harmless.
- Blank is what SQL's TRIM leaves empty: nothing, or only spaces. The database renders the same template by
  concatenating its parts.
"""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from clinic.lib.sentence import Said, Sentence, gettext_noop, said

_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")
_LONGEST_QUOTE = 40  # characters of somebody's text that an error repeats


class PlaceholderError(Said):
    """A text that cannot be filled in. `str()` is one or two sentences for staff."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that everybody reads alike."""

    text: str


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A gap to fill with the value called `name`, or with `fallback` where that is blank."""

    name: str
    fallback: str


Part: TypeAlias = Literal | Placeholder


@dataclass(frozen=True, slots=True)
class Template:
    """A text in parts, in order. No two literals are neighbours and none is empty."""

    parts: tuple[Part, ...]

    @property
    def names(self) -> frozenset[str]:
        """The names whose values it needs."""
        return frozenset(part.name for part in self.parts if isinstance(part, Placeholder))

    def render(self, values: Mapping[str, str]) -> str:
        """The text with its gaps filled. A missing or blank value gives the fallback."""
        return "".join(
            part.text if isinstance(part, Literal) else _filled(part, values.get(part.name, ""))
            for part in self.parts
        )

    def __str__(self) -> str:
        """The text as it could have been typed, fallbacks spelled out: parsing it gives this template."""
        return "".join(
            part.text.replace("{", "{{").replace("}", "}}")
            if isinstance(part, Literal)
            else f"{{{part.name}|{part.fallback}}}"
            for part in self.parts
        )


def parse(text: str, *, known: frozenset[str], defaults: Mapping[str, str] | None = None) -> Template:
    """Read `text`, in which the names `known` may be used. `defaults` maps names to fallbacks.

    Raises PlaceholderError for an unknown or empty name and for a brace without its partner.
    """
    parts: list[Part] = []
    for token in _TOKEN.finditer(text):
        part = _part(token, known, defaults or {})
        last = parts[-1] if parts else None
        if isinstance(part, Literal) and isinstance(last, Literal):
            parts[-1] = Literal(last.text + part.text)
        else:
            parts.append(part)
    return Template(tuple(parts))


def _filled(gap: Placeholder, value: str) -> str:
    return value if value.strip(" ") else gap.fallback


def _part(token: re.Match[str], known: frozenset[str], defaults: Mapping[str, str]) -> Part:
    match token[0]:
        case "{{" | "}}":
            return Literal(token[0][0])
        case "{":
            raise PlaceholderError(
                said(gettext_noop("A { has no } to close it. To write a brace itself, double it: {{."))
            )
        case "}":
            raise PlaceholderError(
                said(gettext_noop("A } has no { before it. To write a brace itself, double it: }}."))
            )
    if token[1] is None:
        return Literal(token[0])
    name, bar, fallback = (piece.strip() for piece in token[1].partition("|"))
    if not name:
        raise PlaceholderError(said(gettext_noop("Between { and } a name is missing.")), *_choices(known))
    if name not in known:
        unknown = said(gettext_noop("{%(name)s} is not something we can fill in."), name=_shortened(name))
        raise PlaceholderError(unknown, *_advice(name, known))
    return Placeholder(name, fallback if bar else defaults.get(name, ""))


def _advice(name: str, known: frozenset[str]) -> list[Sentence]:
    alike = re.sub(r"\W+", "_", name.lower())
    nearest = difflib.get_close_matches(alike[:_LONGEST_QUOTE], sorted(known), n=1)
    return [said(gettext_noop("Did you mean {%(name)s}?"), name=nearest[0])] if nearest else _choices(known)


def _choices(known: frozenset[str]) -> list[Sentence]:
    names = ", ".join(f"{{{name}}}" for name in sorted(known))
    return [said(gettext_noop("You can use %(names)s."), names=names)] if known else []


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST_QUOTE else name[: _LONGEST_QUOTE - 1] + "…"
