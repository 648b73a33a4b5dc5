"""The only writer of a preference and its ledger row."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import BaseExpression

from clinic.insert_select import insert_select
from patients.models import ConsentEvent, ConsentHow, ConsentSource, Patient


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody said about marketing texts: yes or no, where it came from, how, and in which words."""

    accepts: bool
    source: ConsentSource
    how: ConsentHow | None = None
    evidence: str = ""


def record_consent(
    *, patient_id: int, choice: Choice, at: datetime, by: AbstractBaseUser | None = None
) -> ConsentEvent:
    """Set a patient's preference and write down who did so, in one transaction.

    A choice that repeats the present preference is recorded too: from then on it is a choice, no longer a
    default.
    Everybody on the patient's number is locked, because a claim looks at all of them (see `lock_number`).
    Raises Patient.DoesNotExist, also for an erased one.
    """
    with transaction.atomic():
        known = Patient.objects.not_erased()
        lock_number(known.values_list("phone", flat=True).get(pk=patient_id))
        patient = known.select_for_update(no_key=True).get(pk=patient_id)
        return _write(patient, choice, at=at, by=by)


def record_first_consent(
    *, patient: Patient, choice: Choice, at: datetime, by: AbstractBaseUser | None = None
) -> ConsentEvent:
    """The ledger's first row for a patient that was made in this very transaction."""
    return _write(patient, choice, at=at, by=by, first=True)


def record_first_consents(
    *,
    patients: Sequence[Patient],
    choices: Iterable[tuple[Patient, Choice | None]],
    at: datetime,
    by: AbstractBaseUser | None = None,
) -> None:
    """`record_first_consent` for many patients of this very transaction, in three statements.

    A patient with a choice gets a second row for it, which wins; the instances still say what the default was.
    """
    born = Patient.objects.filter(pk__in=[patient.pk for patient in patients]).order_by("pk")
    columns: dict[str, BaseExpression | F] = {
        "patient": F("pk"),
        "from_source": Value(""),
        "to_value": F("accepts_sms_marketing"),
        "source": F("sms_marketing_source"),
        "how": Value(""),
        "evidence": Value(""),
        "phone": F("phone"),
        "recorded_by": Value(by.pk if by else None, output_field=Patient._meta.pk),
        "at": Value(at),
    }
    insert_select(ConsentEvent, columns, born)
    ConsentEvent.objects.bulk_create(
        _row(patient, choice, at=at, by=by) for patient, choice in choices if choice
    )
    newest = ConsentEvent.objects.filter(patient=OuterRef("pk")).order_by("-pk")
    born.update(
        consent_event=Subquery(newest.values("pk")[:1]),
        accepts_sms_marketing=Subquery(newest.values("to_value")[:1]),
        sms_marketing_source=Subquery(newest.values("source")[:1]),
    )


def record_refusal_for_number(
    *, phone: str, source: ConsentSource, evidence: str, at: datetime, by: AbstractBaseUser | None = None
) -> int:
    """Record a refusal for every patient on `phone` (E.164); returns how many there are.

    `evidence` is the text that came in, of which the ledger keeps the beginning; `by` is who read it as a refusal,
    if that was a person.
    """
    how = None if source == ConsentSource.CARRIER else ConsentHow.TEXT
    longest = ConsentEvent._meta.get_field("evidence").max_length
    choice = Choice(accepts=False, source=source, how=how, evidence=evidence[:longest])
    with transaction.atomic():
        patients = lock_number(phone)
        for patient in patients:
            _write(patient, choice, at=at, by=by)
    return len(patients)


def out_of_step() -> QuerySet[Patient]:
    """Patients whose preference is not what the newest row of the ledger says. There should be none, ever."""
    newest = ConsentEvent.objects.filter(patient=OuterRef("pk")).order_by("-pk")
    return (
        Patient.objects.order_by("pk")
        .annotate(
            newest_pk=Subquery(newest.values("pk")[:1]), newest_value=Subquery(newest.values("to_value")[:1])
        )
        .exclude(consent_event=F("newest_pk"), accepts_sms_marketing=F("newest_value"))
    )


def wrongly_blanked() -> QuerySet[ConsentEvent]:
    """Rows that lost their words although the patient is not erased, or kept them although they are."""
    return ConsentEvent.objects.order_by("pk").exclude(
        Q(erased_at=None, patient__erased_at=None)
        | Q(erased_at__isnull=False, patient__erased_at__isnull=False, phone="", evidence="")
    )


def lock_numbers(phones: Iterable[str]) -> None:
    """Everybody on any of `phones`, as `lock_number` does for one."""
    on_them = Patient.objects.filter(phone__in={phone for phone in phones if phone})
    list(on_them.order_by("pk").select_for_update(no_key=True).values("pk"))


def lock_number(phone: str) -> list[Patient]:
    """Everybody on `phone`, locked until the transaction ends, always in the same order.

    The claim that sends a text locks its patients too. So a refusal is either saved before the claim, which
    then sees it, or after the claim has been written down; never in between.
    """
    return list(Patient.objects.on_number(phone).order_by("pk").select_for_update(no_key=True))


def _write(
    patient: Patient, choice: Choice, *, at: datetime, by: AbstractBaseUser | None, first: bool = False
) -> ConsentEvent:
    event = _row(patient, choice, at=at, by=by, first=first)
    event.save(force_insert=True)
    patient.accepts_sms_marketing = choice.accepts
    patient.sms_marketing_source = choice.source
    patient.consent_event = event
    patient.save(
        update_fields=["accepts_sms_marketing", "sms_marketing_source", "consent_event", "updated_at"]
    )
    return event


def _row(
    patient: Patient, choice: Choice, *, at: datetime, by: AbstractBaseUser | None, first: bool = False
) -> ConsentEvent:
    """A row of the ledger, not saved: from what the instance says to what was chosen."""
    return ConsentEvent(
        patient=patient,
        from_value=None if first else patient.accepts_sms_marketing,
        from_source="" if first else patient.sms_marketing_source,
        to_value=choice.accepts,
        source=choice.source,
        how=choice.how or "",
        evidence=choice.evidence,
        phone=patient.phone,
        recorded_by_id=by.pk if by else None,
        at=at,
    )
