"""Who gets a text and who does not, and why: the one table behind every count, list, badge and claim."""

from collections.abc import Collection, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, TypedDict

from django.conf import settings
from django.db.models import (
    BigAutoField,
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    TextChoices,
    Value,
    When,
    Window,
)
from django.db.models.functions import RowNumber
from django.utils.translation import gettext_lazy as _

from clinic.compiled import Compiled, IsOneOf, Mark
from clinic.computed_once import computed_once
from clinic.lib.phone import PhoneKind
from patients.models import ConsentSource, Covers, Patient, SuppressedNumber
from settings_app.models import SmsSettings

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class Purpose(TextChoices):
    """What a text is for."""

    MARKETING = "marketing", _("Marketing")
    SERVICE = "service", _("Service")
    ONE_OFF = "one_off", _("One-off")
    REMINDER = "reminder", _("Reminder")


class Reason(TextChoices):
    """Why a patient is left out, in the order in which staff should fix things."""

    ERASED = "erased", _("Erased")
    NO_MOBILE = "no_mobile", _("No mobile number")
    INVALID_NUMBER = "invalid_number", _("Number cannot get texts")
    DECEASED = "deceased", _("Deceased")
    ARCHIVED = "archived", _("Archived")
    NUMBER_BLOCKED = "number_blocked", _("Number blocked by STOP")
    NOT_SUBSCRIBED = "not_subscribed", _("Does not accept marketing")
    ERASED_BEFORE = "erased_before", _("Number of an erased patient: ask first")
    REMINDERS_OFF = "reminders_off", _("Wants no reminders")
    SHARED_NUMBER_REFUSED = "shared_number_refused", _("Somebody on the same number refuses")
    DESELECTED = "deselected", _("Unticked by staff")
    SHARED_NUMBER = "shared_number", _("Somebody on the same number gets it")
    # Only the last check before sending can find this one.
    NUMBER_CHANGED = "number_changed", _("Number changed since the list was made")


EVERY_PURPOSE = frozenset(Purpose)
GROUP = frozenset({Purpose.MARKETING, Purpose.SERVICE})

Condition = Q | Exists


class Judged(TypedDict):
    """What `judged` adds to a patient."""

    left_out_reason: str


def _blocked(*covers: Covers) -> Exists:
    return Exists(SuppressedNumber.objects.in_force().filter(phone=OuterRef("phone"), covers__in=covers))


def stop_to_marketing_covers() -> frozenset[Purpose]:
    """Which texts a STOP to the marketing sender stops.

    All, unless care texts have their own sender and the clinic has not said that STOP means everything.
    """
    return EVERY_PURPOSE if _stop_means_everything().exists() else _covered_by_its_sender()


def stopped_by(covers: Covers) -> frozenset[Purpose]:
    """Which texts a block of this kind stops now."""
    return EVERY_PURPOSE if covers == Covers.EVERYTHING else stop_to_marketing_covers()


def _covered_by_its_sender() -> frozenset[Purpose]:
    separate = settings.TWILIO_CARE_SENDER != settings.TWILIO_MARKETING_SENDER
    return frozenset({Purpose.MARKETING}) if separate else EVERY_PURPOSE


def _stop_means_everything() -> QuerySet[SmsSettings]:
    return SmsSettings.objects.filter(stop_means_everything=True)


def _rules() -> list[tuple[Reason, Condition, frozenset[Purpose]]]:
    """First match wins. Two rules are not here, since one row of `Patient` cannot tell: see `judged`."""
    siblings = Patient.objects.active().filter(phone=OuterRef("phone"))
    refusing_sibling = siblings.filter(accepts_sms_marketing=False)
    # Nobody knows whether the newcomer is the person who was erased. So on such a number a copied default or an
    # imported yes does not count, until staff have asked.
    held, asked = _blocked(Covers.PROMOTIONS), Q(sms_marketing_source=ConsentSource.STAFF)
    return [
        (Reason.ERASED, Q(erased_at__isnull=False), EVERY_PURPOSE),
        (Reason.NO_MOBILE, Q(phone=""), EVERY_PURPOSE),
        (
            Reason.INVALID_NUMBER,
            Q(phone_kind__in=[PhoneKind.LANDLINE, PhoneKind.OTHER]) | Q(number_refused_at__isnull=False),
            EVERY_PURPOSE,
        ),
        (Reason.DECEASED, Q(deceased_at__isnull=False), EVERY_PURPOSE),
        (Reason.ARCHIVED, Q(archived_at__isnull=False), EVERY_PURPOSE),
        (Reason.NUMBER_BLOCKED, _blocked(Covers.EVERYTHING), EVERY_PURPOSE),
        (Reason.NUMBER_BLOCKED, _blocked(Covers.MARKETING), _covered_by_its_sender()),
        # Asked in the same query: the setting counts as it stands when the text is judged.
        (
            Reason.NUMBER_BLOCKED,
            Q(_blocked(Covers.MARKETING), Exists(_stop_means_everything())),
            EVERY_PURPOSE,
        ),
        (Reason.NOT_SUBSCRIBED, Q(accepts_sms_marketing=False), frozenset({Purpose.MARKETING})),
        (Reason.ERASED_BEFORE, ~asked & Q(held), frozenset({Purpose.MARKETING})),
        (Reason.REMINDERS_OFF, Q(wants_reminders=False), frozenset({Purpose.REMINDER})),
        (
            Reason.SHARED_NUMBER_REFUSED,
            Q(Exists(refusing_sibling)) | Q(held, Exists(siblings.exclude(asked))),
            frozenset({Purpose.MARKETING}),
        ),
    ]


def _cases(purpose: Purpose, deselected: QuerySet[Any] | None) -> Iterator[When]:
    for reason, condition, purposes in _rules():
        if purpose in purposes:
            yield When(condition, then=Value(reason.value))
    if deselected is not None and purpose in GROUP:
        yield When(pk__in=deselected, then=Value(Reason.DESELECTED.value))


def judged(
    patients: QuerySet[Patient], purpose: Purpose, *, deselected: QuerySet[Any] | None = None
) -> "QuerySet[WithAnnotations[Patient, Judged]]":
    """`patients` with `left_out_reason` (a `Reason` value, or "" for those who get the text).

    For a group SMS `patients` is the whole list, since one text goes to each number: of those on it who would
    get the text, the one with the lowest id does, and for the others the reason is `shared_number`.
    `deselected` is a queryset of the ids that staff unticked.
    """
    text: CharField[str, str] = CharField()
    own_reason = Case(*_cases(purpose, deselected), default=Value(""), output_field=text)
    if purpose not in GROUP:
        return patients.annotate(left_out_reason=own_reason)
    place = Window(RowNumber(), partition_by=[F("phone"), F("own_reason")], order_by=F("id").asc())
    reasoned = computed_once(patients, own_reason=own_reason)
    return reasoned.annotate(place_on_number=place).annotate(
        left_out_reason=Case(
            When(~Q(own_reason=""), then=F("own_reason")),
            When(place_on_number__gt=1, then=Value(Reason.SHARED_NUMBER.value)),
            default=Value(""),
            output_field=text,
        )
    )


def still_refused(patients: QuerySet[Patient], purpose: Purpose) -> dict[int, Reason]:
    """The last check before sending: patient id to reason, for those of `patients` who must not be texted.

    The one rule left aside is one text per number: the frozen list settled it, and a constraint keeps it.
    """
    found = _with_own_reason(patients, purpose).exclude(own_reason="")
    return {pk: Reason(reason) for pk, reason in found.values_list("pk", "own_reason")}


def refused_now(patients: Collection[int], purpose: Purpose) -> dict[int, Reason]:
    """`still_refused` for these ids, compiled once: the sender asks it for every batch."""
    found = _last_check(purpose, _covered_by_its_sender()).rows(patients=patients)
    return {pk: Reason(reason) for pk, reason in found if reason}


@cache
def _last_check(purpose: Purpose, covered: frozenset[Purpose]) -> Compiled:
    """`covered` is what the rules were made for: the environment says what a STOP to the marketing sender covers."""
    these = Patient.objects.filter(IsOneOf("pk", Mark("patients", BigAutoField(), many=True)))
    return Compiled(lambda: _with_own_reason(these, purpose).order_by().values_list("pk", "own_reason"))


def _with_own_reason(patients: QuerySet[Patient], purpose: Purpose) -> "QuerySet[Any]":
    own_reason = Case(*_cases(purpose, None), default=Value(""), output_field=CharField())
    return patients.annotate(own_reason=own_reason)


def counts(judged_patients: "QuerySet[WithAnnotations[Patient, Judged]]") -> dict[str, int]:
    """How many there are for each reason that occurs; "" counts those who get the text. One query."""
    per_reason = {
        f"n_{reason}": Count("pk", filter=Q(left_out_reason=reason)) for reason in ["", *Reason.values]
    }
    found = judged_patients.order_by().aggregate(**per_reason)
    return {name.removeprefix("n_"): number for name, number in found.items() if number}


def verdicts(
    patients: Collection[Patient], purpose: Purpose, *, deselected: QuerySet[Any] | None = None
) -> dict[int, Reason | None]:
    """For these few patients: id to the reason why they are left out, or None if they get the text.

    Everybody on their numbers is judged with them, since one text goes to each number.
    """
    wanted = {patient.pk for patient in patients}
    numbers = {patient.phone for patient in patients} - {""}
    neighbours = Patient.objects.filter(Q(pk__in=wanted) | Q(phone__in=numbers)).order_by()
    found = judged(neighbours, purpose, deselected=deselected).values_list("pk", "left_out_reason")
    return {pk: Reason(reason) if reason else None for pk, reason in found if pk in wanted}


def reasons_for(patient: Patient) -> dict[Purpose, Reason | None]:
    """For one patient: may we text them, for each purpose? None means yes."""
    return {purpose: verdicts([patient], purpose)[patient.pk] for purpose in Purpose}
