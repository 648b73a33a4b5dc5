"""Sentences that a page shows, written where no language is known: whoever shows them translates them."""

from typing import NamedTuple


def gettext_noop(text: str) -> str:
    """Return `text` as it is. Translators' tools find it by this function's name."""
    return text


class Sentence(NamedTuple):
    """An English `text` with `%(name)s` for each of its `values`."""

    text: str
    values: dict[str, str]

    def __str__(self) -> str:
        return self.text % self.values


class Said(ValueError):
    """Something that staff typed is wrong, in one sentence or more. `str()` is the English."""

    def __init__(self, *sentences: Sentence) -> None:
        self.sentences = sentences
        super().__init__(" ".join(map(str, sentences)))


def said(text: str, **values: str) -> Sentence:
    """A sentence with its values filled in."""
    return Sentence(text, values)
