"""To whom a group SMS goes, and what each of them will read."""

from typing import TYPE_CHECKING, Any

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import BaseExpression, Combinable
from django.db.models.functions import Concat, Trim
from django.db.models.lookups import Exact

from clinic.computed_once import computed_once
from clinic.lib import placeholders
from clinic.lib.closing import closing_line
from clinic.lib.placeholders import Literal, Template
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
# The next one who gets it is nearly always among so many; if not, everybody is judged.
LOOKED_AT = 50


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


def whole(group: GroupMessage, settings: SmsSettings) -> Template:
    """All that is sent: the draft's text, and below a marketing text what it must say and does not say yet.

    What has been confirmed was made whole then, and is left as it is. Raises PlaceholderError.
    """
    template = with_clinic(template_of(group.body), settings)
    line = closing(group, settings)
    return Template((*template.parts, Literal(f"\n{line}"))) if line else template


def closing(group: GroupMessage, settings: SmsSettings) -> str:
    """The line that a draft's text lacks; "" for most. Raises PlaceholderError."""
    if not (group.is_marketing and group.is_draft):
        return ""
    opt_out = with_clinic(template_of(settings.opt_out_words), settings).render({})
    text = with_clinic(template_of(group.body), settings).render({})
    return closing_line(text, clinic=settings.clinic_name, opt_out=opt_out)


def everybody(
    group: GroupMessage, *, on: QuerySet[Any, Any] | None = None
) -> "QuerySet[WithAnnotations[Patient, Judged]]":
    """All patients, or all on some numbers, judged for this group SMS: `left_out_reason` is "" for those who get it."""
    patients = Patient.objects.not_erased().order_by()
    if on is not None:
        patients = patients.filter(phone__in=on)
    return judged(patients, group.purpose, deselected=deselected_ids(group))


def verdicts_for(group: GroupMessage, patients: list[Patient]) -> dict[int, Reason | None]:
    """For these few patients: why they are left out of this group SMS, or None if they get it."""
    return verdicts(patients, group.purpose, deselected=deselected_ids(group))


def recipients(group: GroupMessage) -> "QuerySet[WithAnnotations[Patient, Judged]]":
    """Those who get it, in no order."""
    return everybody(group).filter(left_out_reason="")


def near(group: GroupMessage, start: int, step: int) -> "WithAnnotations[Patient, Judged] | None":
    """Who gets it and has the id `start` or the next one; with a `step` of 1 the next, of -1 the one before. Round
    the ends; None if nobody gets it."""
    order = "-pk" if step < 0 else "pk"
    beyond = {-1: Q(pk__lt=start), 0: Q(pk__gte=start), 1: Q(pk__gt=start)}[step]
    for where in (beyond, Q()):
        ahead = Patient.objects.active().exclude(phone="").filter(where).order_by(order)
        ids = list(ahead.values_list("pk", flat=True)[:LOOKED_AT])
        around = everybody(group, on=Patient.objects.filter(pk__in=ids).values("phone"))
        found = around.filter(left_out_reason="", pk__in=ids).order_by(order).first()
        if found is None and len(ids) == LOOKED_AT:
            found = recipients(group).filter(where).order_by(order).first()
        if found is not None:
            return found
    return None


def agreed_for_another_number(group: GroupMessage) -> QuerySet[Patient]:
    """Those who get this promotion although they had another number when they last agreed.

    Whoever was set to yes by a default never agreed, and is not among them.
    """
    if not group.is_marketing:
        return Patient.objects.none()
    agreed = ConsentEvent.objects.filter(patient=OuterRef("pk"), source__in=CHOSEN, to_value=True)
    agreed_for = Subquery(agreed.order_by("-pk").values("phone")[:1])
    # Only of those who ever agreed for another number is it asked what they said last.
    somewhere = Patient.objects.filter(Exists(agreed.exclude(phone="").exclude(phone=OuterRef("phone"))))
    asked: QuerySet[Any] = computed_once(somewhere.order_by(), agreed_for=agreed_for)
    moved = asked.filter(agreed_for__gt="").exclude(agreed_for=F("phone"))
    on_their_numbers = everybody(group, on=moved.values("phone"))
    return on_their_numbers.filter(left_out_reason="", pk__in=moved.values("pk"))


def refusing(group: GroupMessage) -> QuerySet[Patient]:
    """Those who get it, though they do not accept marketing, because it is not marked as marketing."""
    return recipients(group).filter(accepts_sms_marketing=False)


def deselected_ids(group: GroupMessage) -> QuerySet[Any, Any]:
    """The ids of the patients that staff unticked."""
    through = GroupMessage.deselected.through
    return through.objects.filter(groupmessage_id=group.pk).values("patient_id")


def text_expression(template: Template) -> BaseExpression:
    """The text of each of `everybody` as the database writes it; `template` holds no placeholder of the clinic's.

    A phone that several patients share is addressed by the fallback: see docs/decisions. The rest is what
    `Template.render` does, a name of nothing but spaces counting as blank.
    """
    return _joined([Value(""), *(_piece(part) for part in template.parts)])


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
        When(shares_phone=True, then=Value(part.fallback)),
        When(Exact(Trim(part.name), Value("")), then=Value(part.fallback)),
        default=F(part.name),
        output_field=CharField(),
    )
