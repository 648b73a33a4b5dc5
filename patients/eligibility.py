"""Who gets a text and who does not, and why: the one table behind every count, list, badge and claim."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
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
    """What `judged` adds to a patient; `shares_phone` only for a group SMS."""

    left_out_reason: str
    shares_phone: bool


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


@dataclass(frozen=True, slots=True)
class Siblings:
    """Whether one of the active patients on the number refuses promotions, and whether one has not been asked."""

    refuse: Condition
    not_asked: Condition


_ASKED = Q(sms_marketing_source=ConsentSource.STAFF)
_ACTIVE = Q(archived_at=None, deceased_at=None)
_REFUSES = Q(accepts_sms_marketing=False)


def _looked_up() -> Siblings:
    """For a few patients: the others on their numbers are looked for."""
    siblings = Patient.objects.active().filter(phone=OuterRef("phone"))
    return Siblings(Exists(siblings.filter(_REFUSES)), Exists(siblings.exclude(_ASKED)))


def _rules(siblings: Siblings) -> list[tuple[Reason, Condition, frozenset[Purpose]]]:
    """First match wins. Two rules are not here, since one row of `Patient` cannot tell: see `judged`."""
    # Nobody knows whether the newcomer is the person who was erased. So on such a number a copied default or an
    # imported yes does not count, until staff have asked.
    held = _blocked(Covers.PROMOTIONS)
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
        (Reason.NOT_SUBSCRIBED, _REFUSES, frozenset({Purpose.MARKETING})),
        (Reason.ERASED_BEFORE, ~_ASKED & Q(held), frozenset({Purpose.MARKETING})),
        (Reason.REMINDERS_OFF, Q(wants_reminders=False), frozenset({Purpose.REMINDER})),
        (
            Reason.SHARED_NUMBER_REFUSED,
            Q(siblings.refuse) | Q(held, siblings.not_asked),
            frozenset({Purpose.MARKETING}),
        ),
    ]


def _cases(purpose: Purpose, siblings: Siblings, deselected: QuerySet[Any] | None = None) -> Iterator[When]:
    for reason, condition, purposes in _rules(siblings):
        if purpose in purposes:
            yield When(condition, then=Value(reason.value))
    if deselected is not None and purpose in GROUP:
        yield When(pk__in=deselected, then=Value(Reason.DESELECTED.value))


def judged(
    patients: QuerySet[Patient], purpose: Purpose, *, deselected: QuerySet[Any] | None = None
) -> "QuerySet[WithAnnotations[Patient, Judged]]":
    """`patients` with `left_out_reason` (a `Reason` value, or "" for those who get the text).

    For a group SMS `patients` is the whole list, since one text goes to each number: of those on it who would
    get the text, the one with the lowest id does, and for the others the reason is `shared_number`. There
    `shares_phone` says whether another active patient has the same number.
    `deselected` is a queryset of the ids that staff unticked.
    """
    rows: QuerySet[Any] = patients
    if purpose not in GROUP:
        alone: QuerySet[Any] = rows.annotate(left_out_reason=_reason(_cases(purpose, _looked_up())))
        return alone
    siblings = _looked_up()
    if purpose == Purpose.MARKETING:
        # Of everybody they are counted in one go: of a million, looking them up took half as long again.
        rows = computed_once(
            rows, refusing=_on_number(_ACTIVE & _REFUSES), not_asked=_on_number(_ACTIVE & ~_ASKED)
        )
        siblings = Siblings(Q(refusing__gt=0), Q(not_asked__gt=0))
    placed = computed_once(rows, own_reason=_reason(_cases(purpose, siblings, deselected))).annotate(
        place=Window(RowNumber(), partition_by=[F("phone"), F("own_reason")], order_by=F("id").asc()),
        active=_on_number(_ACTIVE),
        itself=Case(When(_ACTIVE, then=1), default=0),
    )
    second = When(Q(own_reason="", place__gt=1), then=Value(Reason.SHARED_NUMBER.value))
    return computed_once(
        placed,
        left_out_reason=Case(second, default=F("own_reason"), output_field=_text()),
        shares_phone=Case(When(active__gt=F("itself"), then=True), default=False),
    )


def _text() -> "CharField[str, str]":
    return CharField()


def _reason(cases: Iterator[When]) -> Case:
    return Case(*cases, default=Value(""), output_field=_text())


def _on_number(wanted: Q) -> Window:
    """How many there are with the same number."""
    return Window(Count("pk", filter=wanted), partition_by=F("phone"))


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
    return patients.annotate(own_reason=_reason(_cases(purpose, _looked_up())))


def counts(judged_patients: "QuerySet[WithAnnotations[Patient, Judged]]") -> dict[str, int]:
    """How many there are for each reason that occurs; "" counts those who get the text. One query."""
    return dict(judged_patients.order_by().values_list("left_out_reason").annotate(Count("pk")))


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
