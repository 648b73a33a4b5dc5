"""To whom a group SMS goes, and what each of them will read."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.functions import Concat, Length, Trim
from django.db.models.lookups import Exact

from clinic.lib import placeholders
from clinic.lib.placeholders import Literal, Template
from clinic.lib.sms_text import MAX_CHARACTERS, segments
from patients.eligibility import Judged, Reason, judged, verdicts
from patients.models import ConsentEvent, Patient
from patients.models.consent import CHOSEN
from settings_app.models import SmsSettings
from sms.models import GroupMessage

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

CLINIC_NAMES = frozenset({"clinic_name", "clinic_phone"})
PATIENT_NAMES = frozenset({"first_name", "last_name"})
DEFAULTS = {"first_name": "there"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What a group SMS costs: `total` segments over all `texts`; the shortest and longest text in segments,
    and the longest in characters."""

    texts: int
    total: int
    fewest: int
    most: int
    longest: int

    @property
    def too_long(self) -> bool:
        """Whether Twilio would refuse the longest text."""
        return self.longest > MAX_CHARACTERS


@dataclass(frozen=True, slots=True)
class Sample:
    """The text as one real patient will read it. `shared` says that others have the same phone."""

    patient: Patient
    text: str
    parts: int
    shared: bool


def template_of(body: str) -> Template:
    """Read a group SMS's text. Raises PlaceholderError."""
    return placeholders.parse(body, known=CLINIC_NAMES | PATIENT_NAMES, defaults=DEFAULTS)


def with_clinic(template: Template, settings: SmsSettings) -> Template:
    """The template with the clinic's own name and phone written out: what is left differs by patient."""
    values = {"clinic_name": settings.clinic_name, "clinic_phone": settings.clinic_phone}
    parts = tuple(
        Literal(Template((part,)).render(values)) if _is_the_clinics(part) else part
        for part in template.parts
    )
    return Template(parts)


def everybody(group: GroupMessage) -> "QuerySet[WithAnnotations[Patient, Judged]]":
    """All patients, judged for this group SMS: `left_out_reason` is "" for those who get it."""
    return judged(Patient.objects.not_erased().order_by(), group.purpose, deselected=deselected_ids(group))


def verdicts_for(group: GroupMessage, patients: list[Patient]) -> dict[int, Reason | None]:
    """For these few patients: why they are left out of this group SMS, or None if they get it."""
    return verdicts(patients, group.purpose, deselected=deselected_ids(group))


def recipients(group: GroupMessage) -> QuerySet[Patient]:
    """Those who get it, as a plain queryset that can be grouped and counted further."""
    chosen = everybody(group).filter(left_out_reason="").values("pk")
    return Patient.objects.filter(pk__in=chosen).order_by()


def agreed_for_another_number(group: GroupMessage) -> QuerySet[Patient]:
    """Those who get this promotion although they had another number when they last agreed.

    Whoever was set to yes by a default never agreed, and is not among them.
    """
    if not group.is_marketing:
        return Patient.objects.none()
    agreed = ConsentEvent.objects.filter(patient=OuterRef("pk"), source__in=CHOSEN, to_value=True)
    agreed_for = Subquery(agreed.order_by("-pk").values("phone")[:1])
    found = recipients(group).annotate(agreed_for=agreed_for).filter(agreed_for__gt="")
    return found.exclude(agreed_for=F("phone"))


def deselected_ids(group: GroupMessage) -> QuerySet[Any, Any]:
    """The ids of the patients that staff unticked."""
    through = GroupMessage.deselected.through
    return through.objects.filter(groupmessage_id=group.pk).values("patient_id")


def is_shared() -> Exists:
    """Whether another active patient has the same number."""
    others = Patient.objects.active().filter(phone=OuterRef("phone")).exclude(pk=OuterRef("pk"))
    return Exists(others)


def text_expression(template: Template) -> BaseExpression:
    """The text of each patient as the database writes it; `template` holds no placeholder of the clinic's.

    A phone that several patients share is addressed by the fallback: see docs/decisions. The rest is what
    `Template.render` does, a name of nothing but spaces counting as blank.
    """
    return _joined([Value(""), *(_piece(part) for part in template.parts)])


def extent(group: GroupMessage, settings: SmsSettings) -> tuple[int, int]:
    """How many get it, and the characters of the longest text. One query."""
    text = text_expression(with_clinic(template_of(group.body), settings))
    found = recipients(group).aggregate(number=Count("pk"), longest=Max(Length(text)))
    return found["number"], found["longest"] or 0


def per_zone(group: GroupMessage, *, number: int) -> dict[str, int]:
    """How many of the `number` who get it live in which time zone; "" is the clinic's.

    One pass over all patients, as for the counts of the review, and none if nobody has a zone of their own.
    """
    own = Patient.objects.exclude(time_zone="").order_by().values_list("time_zone", flat=True)
    zones = dict(enumerate(own.distinct()))
    if not zones:
        return {"": number}
    gets_it = Q(left_out_reason="")
    found = everybody(group).aggregate(
        **{f"zone_{place}": Count("pk", filter=gets_it & Q(time_zone=zone)) for place, zone in zones.items()}
    )
    elsewhere = {zone: found[f"zone_{place}"] for place, zone in zones.items()}
    per_zone = {"": number - sum(elsewhere.values())} | elsewhere
    return {zone: living for zone, living in per_zone.items() if living}


def parts(group: GroupMessage, settings: SmsSettings) -> Parts:
    """Exact parts over all recipients: each distinct text is counted once and multiplied."""
    written = recipients(group).annotate(text=text_expression(with_clinic(template_of(group.body), settings)))
    per_text = list(written.values_list("text").annotate(Count("pk")))
    lengths = [(len(segments(text)), number) for text, number in per_text]
    if not lengths:
        return Parts(texts=0, total=0, fewest=0, most=0, longest=0)
    return Parts(
        texts=sum(number for _, number in lengths),
        total=sum(length * number for length, number in lengths),
        fewest=min(length for length, _ in lengths),
        most=max(length for length, _ in lengths),
        longest=max(len(text) for text, _ in per_text),
    )


def samples(group: GroupMessage, settings: SmsSettings) -> list[Sample]:
    """Up to three real recipients: the longest text, the shortest, and one more, a shared phone if there is one."""
    written = recipients(group).annotate(
        text=text_expression(with_clinic(template_of(group.body), settings)),
        text_length=Length("text"),
        shared=is_shared(),
    )
    chosen: dict[int, Sample] = {}
    for order in (["-text_length", "pk"], ["text_length", "pk"], ["-shared", "pk"]):
        patient = written.exclude(pk__in=list(chosen)).order_by(*order).first()
        if patient is not None:
            chosen[patient.pk] = Sample(
                patient=patient, text=patient.text, parts=len(segments(patient.text)), shared=patient.shared
            )
    return list(chosen.values())


def _joined(pieces: list[Combinable]) -> BaseExpression:
    """In halves of halves: in a row, a hundred placeholders would be deeper than Python may recurse."""
    if len(pieces) == 1:
        return ExpressionWrapper(pieces[0], output_field=TextField())
    middle = len(pieces) // 2
    return Concat(_joined(pieces[:middle]), _joined(pieces[middle:]), output_field=TextField())


def _is_the_clinics(part: placeholders.Part) -> bool:
    return isinstance(part, placeholders.Placeholder) and part.name in CLINIC_NAMES


def _piece(part: placeholders.Part) -> Combinable:
    if isinstance(part, Literal):
        return Value(part.text)
    return Case(
        When(is_shared(), then=Value(part.fallback)),
        When(Exact(Trim(part.name), Value("")), then=Value(part.fallback)),
        default=F(part.name),
        output_field=CharField(),
    )
