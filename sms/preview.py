"""What the composer shows while a text is written: its parts, its price, and how one patient will read it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from clinic.lib import closing
from clinic.lib.placeholders import Placeholder, Template
from clinic.lib.promotion import promotional_words
from clinic.lib.sms_text import CostlyCharacter, Encoding, costly_characters, encoding
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, tally
from sms.models import GroupMessage
from sms.tally import Kind, Parts, Tally
from sms.wording import Wording


@dataclass(frozen=True, slots=True)
class Extreme:
    """The longest, the typical or the shortest text, with one who gets it."""

    label: str
    text: Kind
    patient: Patient

    @property
    def encoding(self) -> Encoding:
        return encoding(self.text.text)


@dataclass(frozen=True, slots=True)
class Blank:
    """How many have no such name, or share their phone (`name` is ""), and what they read instead."""

    name: str
    number: int
    fallback: str


@dataclass(frozen=True, slots=True)
class Shown:
    """The text on the phone of one real patient, in pieces: words, and whether they make it dear."""

    patient: Patient
    pieces: list[tuple[str, bool]]
    parts: int
    shared: bool


class Preview(Wording):
    """Each answer is asked of the database when it is read, in a number of queries that no audience changes.

    `group` need not be saved; its text must be one that can be filled in. `shown` is the id of the patient on the
    phone, `step` is 1 for the next one, -1 for the one before.
    """

    def __init__(self, group: GroupMessage, settings: SmsSettings, *, shown: int = 0, step: int = 0) -> None:
        self.group, self.settings = group, settings
        self._shown, self._step = shown, step
        self.template: Template = audience.whole(group, settings)
        self.closing = audience.closing(group, settings)
        super().__init__(group.body, self.template.render({}))

    @cached_property
    def _tally(self) -> Tally:
        return tally.of(self.group, self.template)

    @property
    def number(self) -> int:
        """How many get it."""
        return self._tally.number

    @property
    def total(self) -> int:
        """All patients."""
        return self._tally.number + self._tally.left_out

    @cached_property
    def parts(self) -> Parts:
        """Exact; of a text for nobody the longest is what stands in it."""
        parts = self._tally.parts
        return parts if parts.texts else replace(parts, longest=len(self.fixed))

    @property
    def costly_names(self) -> int:
        """How many texts are dear by a name alone."""
        if encoding(self.fixed) != Encoding.GSM_7:
            return 0
        return sum(kind.number for kind in self._tally.kinds if encoding(kind.text) == Encoding.UCS_2)

    @property
    def too_long(self) -> bool:
        return self.parts.too_long

    @property
    def cost(self) -> Decimal | None:
        """In the clinic's currency; None if no price is known."""
        return self.settings.cost_of(self.parts.total)

    @cached_property
    def extremes(self) -> list[Extreme]:
        """The longest, the typical and the shortest text; one alone if all are as long."""
        ranked = sorted(self._tally.kinds, key=lambda kind: (kind.parts, len(kind.text), kind.first))
        if not ranked:
            return []
        chosen = [
            (_("Longest"), ranked[-1]),
            (_("Typical"), _middle(ranked)),
            (_("Shortest"), ranked[0]),
        ]
        if len(ranked[0].text) == len(ranked[-1].text) and ranked[0].parts == ranked[-1].parts:
            chosen = [(_("All alike"), chosen[1][1])]
        people = Patient.objects.in_bulk({kind.first for _, kind in chosen})
        return [Extreme(label, kind, people[kind.first]) for label, kind in chosen]

    @cached_property
    def phone(self) -> Shown | None:
        """The patient asked for, or one step on; first the typical one. None if nobody gets it."""
        patient = audience.near(self.group, self._start, self._step) if self.number else None
        if patient is None:
            return None
        seen = tally.sample(patient, self.template, shared=patient.shares_phone)
        return Shown(patient, pieces(seen.text), seen.parts, seen.shared)

    @property
    def _start(self) -> int:
        if self._shown or not self.extremes:
            return self._shown
        return self.extremes[len(self.extremes) // 2].patient.pk

    @cached_property
    def blanks(self) -> list[Blank]:
        """Which names will be missing, and how often."""
        gaps = {part.name: part.fallback for part in self.template.parts if isinstance(part, Placeholder)}
        if not gaps:
            return []
        kinds = self._tally.kinds
        together = sum(kind.number for kind in kinds if kind.shared)
        rows = [Blank("", together, next(iter(gaps.values())))]
        for name, fallback in gaps.items():
            missing = sum(kind.number for kind in kinds if name in kind.blank)
            rows.append(Blank(name.replace("_", " "), missing, fallback))
        return [row for row in rows if row.number]

    @property
    def costly_elsewhere(self) -> list[CostlyCharacter]:
        """What makes it dear and comes from the settings: the clinic's name, how to opt out."""
        typed = {costly.character for costly in self.costly}
        return [costly for costly in costly_characters(self.fixed) if costly.character not in typed]

    @property
    def names_the_clinic(self) -> bool:
        return closing.names(self.fixed, self.settings.clinic_name)

    @property
    def asks_for_a_reply(self) -> bool:
        return closing.asks_for_a_reply(self.fixed)

    @cached_property
    def promotional(self) -> list[str]:
        """What sounds like a promotion in a text that is not marked as one."""
        return [] if self.group.is_marketing else promotional_words(self.group.body)

    @cached_property
    def refusing(self) -> int:
        """How many would get this unmarked promotion though they do not accept marketing."""
        return audience.refusing(self.group).count() if self.promotional else 0


def pieces(body: str) -> list[tuple[str, bool]]:
    """`body` cut at its costly characters: each piece, and whether it is one."""
    places = [(at, costly.character) for costly in costly_characters(body) for at in costly.positions]
    cut: list[tuple[str, bool]] = []
    end = 0
    for at, character in sorted(places):
        cut += [(body[end:at], False), (character, True)]
        end = at + len(character)
    return [piece for piece in [*cut, (body[end:], False)] if piece[0]]


def _middle(ranked: Sequence[Kind]) -> Kind:
    """The text of the patient in the middle, of all in this order."""
    left = sum(kind.number for kind in ranked) // 2
    for kind in ranked:
        left -= kind.number
        if left < 0:
            return kind
    return ranked[-1]
