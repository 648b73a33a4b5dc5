"""What the composer shows while a text is written: its parts, its price, and how one patient will read it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Length, Trim
from django.utils.translation import gettext as _

from clinic.lib import closing
from clinic.lib.placeholders import Placeholder, Template
from clinic.lib.promotion import promotional_words
from clinic.lib.sms_text import (
    MAX_CHARACTERS,
    CostlyCharacter,
    Encoding,
    costly_characters,
    encoding,
    segments,
)
from patients.eligibility import counts
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience
from sms.models import GroupMessage
from sms.wording import Wording

# So many different texts are counted exactly. Beyond, the commonest stand for the rest: a page that is asked for
# after every few letters must not read a million names.
MOST_TEXTS = 5_000


@dataclass(frozen=True, slots=True)
class Text:
    """What `number` patients read alike; the one with the lowest id is `patient_id`."""

    body: str
    number: int
    patient_id: int

    @property
    def parts(self) -> int:
        return len(segments(self.body))

    @property
    def encoding(self) -> Encoding:
        return encoding(self.body)


@dataclass(frozen=True, slots=True)
class Extreme:
    """The longest, the typical or the shortest text, with one who gets it."""

    label: str
    text: Text
    patient: Patient


@dataclass(frozen=True, slots=True)
class Parts:
    """Segments over all recipients. Not `is_exact`: there were more different texts than are counted."""

    total: int
    fewest: int
    most: int
    longest: int
    costly_names: int
    is_exact: bool


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
    def _counts(self) -> dict[str, int]:
        return counts(audience.everybody(self.group))

    @property
    def number(self) -> int:
        """How many get it."""
        return self._counts.get("", 0)

    @property
    def total(self) -> int:
        """All patients."""
        return sum(self._counts.values())

    @cached_property
    def texts(self) -> list[Text]:
        """The different texts, the commonest first; one more than `MOST_TEXTS` if there are more."""
        written = audience.recipients(self.group).annotate(body=audience.text_expression(self.template))
        found = written.values_list("body").annotate(n=Count("pk"), who=Min("pk")).order_by("-n", "who")
        texts = [Text(*row) for row in found[: MOST_TEXTS + 1]]
        if len(texts) > MOST_TEXTS:
            measured = written.annotate(length=Length("body"))
            for order in ("-length", "length"):
                body, pk = measured.order_by(order, "pk").values_list("body", "pk")[:1].get()
                texts.append(Text(body, 1, pk))
        return texts

    @cached_property
    def parts(self) -> Parts:
        counted = sum(text.number for text in self.texts)
        total = sum(text.parts * text.number for text in self.texts)
        each = [text.parts for text in self.texts] or [0]
        fixed_is_cheap = encoding(self.fixed) == Encoding.GSM_7
        is_exact = len(self.texts) <= MOST_TEXTS
        return Parts(
            total=total if is_exact else round(total * self.number / counted),
            fewest=min(each),
            most=max(each),
            longest=max((len(text.body) for text in self.texts), default=len(self.fixed)),
            costly_names=sum(t.number for t in self.texts if fixed_is_cheap and t.encoding == Encoding.UCS_2),
            is_exact=is_exact,
        )

    @property
    def too_long(self) -> bool:
        return self.parts.longest > MAX_CHARACTERS

    @property
    def cost(self) -> Decimal | None:
        """In the clinic's currency; None if no price is known."""
        return self.settings.cost_of(self.parts.total)

    @cached_property
    def extremes(self) -> list[Extreme]:
        """The longest, the typical and the shortest text; one alone if all are as long."""
        ranked = sorted(self.texts, key=lambda text: (text.parts, len(text.body)))
        if not ranked:
            return []
        chosen = [
            (_("Longest"), ranked[-1]),
            (_("Typical"), _middle(ranked)),
            (_("Shortest"), ranked[0]),
        ]
        if len(ranked[0].body) == len(ranked[-1].body) and ranked[0].parts == ranked[-1].parts:
            chosen = [(_("All alike"), chosen[1][1])]
        people = Patient.objects.in_bulk({text.patient_id for _, text in chosen})
        return [Extreme(label, text, people[text.patient_id]) for label, text in chosen]

    @cached_property
    def phone(self) -> Shown | None:
        """The patient asked for, or one step on; first the typical one. None if nobody gets it."""
        written = audience.recipients(self.group).annotate(
            body=audience.text_expression(self.template), shared=audience.is_shared()
        )
        patient = _found(written, self._start, self._step)
        if patient is None:
            return None
        body: str = patient.body  # type: ignore[attr-defined]  # annotated above
        return Shown(patient, pieces(body), len(segments(body)), patient.shared)  # type: ignore[attr-defined]

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
        people = audience.recipients(self.group).annotate(shared=audience.is_shared())
        bare = people.annotate(**{f"bare_{name}": Trim(name) for name in gaps})
        wanted = {name: Count("pk", filter=Q(shared=False, **{f"bare_{name}": ""})) for name in gaps}
        found = bare.aggregate(together=Count("pk", filter=Q(shared=True)), **wanted)
        rows = [Blank("", found["together"], next(iter(gaps.values())))]
        rows += [Blank(name.replace("_", " "), found[name], fallback) for name, fallback in gaps.items()]
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


def _middle(ranked: Sequence[Text]) -> Text:
    """The text of the patient in the middle, of all in this order."""
    left = sum(text.number for text in ranked) // 2
    for text in ranked:
        left -= text.number
        if left < 0:
            return text
    return ranked[-1]


def _found(people: QuerySet[Patient], start: int, step: int) -> Patient | None:
    """The one with id `start`, or the next or the one before; round the ends."""
    if step < 0:
        backwards = people.order_by("-pk")
        return backwards.filter(pk__lt=start).first() or backwards.first()
    onwards = people.filter(pk__gt=start) if step else people.filter(pk__gte=start)
    return onwards.order_by("pk").first() or people.order_by("pk").first()
