"""Every way a patient is born, and how the facts about one change. Preferences belong to `consent`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet

from clinic.lib.phone import Phone
from patients.consent import (
    Choice,
    lock_number,
    lock_numbers,
    record_consent,
    record_first_consent,
    record_first_consents,
)
from patients.models import ConsentSource, Patient
from patients.models.patient import searchable
from patients.suppression import know_again
from settings_app.models import SmsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is written down about a person. Names are stored trimmed; `phone` None means no number.

    `time_zone` is a name of the IANA database, or "" for the clinic's.
    """

    last_name: str
    first_name: str = ""
    phone: Phone | None = None
    birth_date: date | None = None
    reference: str = ""
    wants_reminders: bool = True
    time_zone: str = ""


def register_patient(
    *, details: Details, at: datetime, by: AbstractBaseUser | None = None, choice: Choice | None = None
) -> Patient:
    """Make a patient: the only door. The account-wide default is copied, and written to the ledger as such.

    A `choice` that the person made is recorded on top of it and wins.
    Raises IntegrityError if the reference belongs to another patient.
    """
    with transaction.atomic():
        accepts = SmsSettings.load().new_patients_accept_marketing
        patient = Patient(
            accepts_sms_marketing=accepts, sms_marketing_source=ConsentSource.DEFAULT, created_at=at
        )
        _put(patient, details)
        # An erasure of somebody on this number is over before this, or sees the newcomer.
        lock_number(patient.phone)
        know_again([patient.phone])
        patient.save(force_insert=True)
        default = Choice(accepts=accepts, source=ConsentSource.DEFAULT)
        record_first_consent(patient=patient, choice=default, at=at, by=by)
        if choice is not None:
            record_consent(patient_id=patient.pk, choice=choice, at=at, by=by)
            patient.refresh_from_db()
    return patient


def change_details(*, patient_id: int, details: Details) -> Patient:
    """Replace what is known about a patient. A new number has not been refused by any carrier yet.

    Raises Patient.DoesNotExist, also for an erased one; IntegrityError if the reference belongs to another patient.
    """
    with transaction.atomic():
        # Who refuses brings that to the new number, so everybody on it is locked as well, always in the same order.
        concerned = Q(pk=patient_id) | Q(phone=details.phone.e164) if details.phone else Q(pk=patient_id)
        list(Patient.objects.filter(concerned).order_by("pk").select_for_update(no_key=True).values("pk"))
        patient = Patient.objects.not_erased().get(pk=patient_id)
        changed = _put(patient, details)
        if "phone" in changed:
            know_again([patient.phone])
            patient.number_refused_at = patient.number_refused_code = None
            changed += ["number_refused_at", "number_refused_code"]
        patient.save(update_fields=[*changed, "updated_at"])
    return patient


def archive(*, patient_id: int, at: datetime) -> bool:
    """Take a patient out of use; returns False if they were archived already."""
    return bool(Patient.objects.filter(pk=patient_id, archived_at=None).update(archived_at=at, updated_at=at))


def unarchive(*, patient_id: int, at: datetime) -> bool:
    archived = Patient.objects.not_erased().filter(pk=patient_id, archived_at__isnull=False)
    return _back(archived, archived_at=None, updated_at=at)


def mark_deceased(*, patient_id: int, at: datetime) -> bool:
    """Nobody texts the dead; returns False if they were marked already."""
    return bool(Patient.objects.filter(pk=patient_id, deceased_at=None).update(deceased_at=at, updated_at=at))


def unmark_deceased(*, patient_id: int, at: datetime) -> bool:
    """For the day when staff ticked the wrong person."""
    marked = Patient.objects.filter(pk=patient_id, deceased_at__isnull=False)
    return _back(marked, deceased_at=None, updated_at=at)


def _back(patients: QuerySet[Patient], **values: datetime | None) -> bool:
    """Whoever comes back may refuse for the whole number, so all on it are locked: a claim is before or after."""
    with transaction.atomic():
        lock_numbers(patients.values_list("phone", flat=True))
        return bool(patients.update(**values))


def mark_number_refused(*, phone: str, code: int, at: datetime) -> int:
    """The carrier says that `phone` can never get texts: so for all on it, until the number is edited."""
    with transaction.atomic():
        lock_number(phone)
        return Patient.objects.on_number(phone).update(
            number_refused_at=at, number_refused_code=code, updated_at=at
        )


def _put(patient: Patient, details: Details) -> list[str]:
    """Write `details` to the instance; returns the names of the fields that differ from before."""
    values = {
        "first_name": " ".join(details.first_name.split()),
        "last_name": " ".join(details.last_name.split()),
        "phone": details.phone.e164 if details.phone else "",
        "phone_kind": details.phone.kind if details.phone else "",
        "birth_date": details.birth_date,
        "reference": details.reference.strip(),
        "wants_reminders": details.wants_reminders,
        "time_zone": details.time_zone,
    }
    # Folding takes ligatures apart, so the result may be longer than the name.
    longest = Patient._meta.get_field("search_name").max_length
    values["search_name"] = searchable(f"{values['first_name']} {values['last_name']}")[:longest]
    changed = [name for name, value in values.items() if getattr(patient, name) != value]
    for name in changed:
        setattr(patient, name, values[name])
    return changed


Row = tuple[Details, Choice | None]


def register_many(
    *,
    details: Iterable[Details | Row],
    at: datetime,
    by: AbstractBaseUser | None = None,
    batch_size: int = 1000,
) -> int:
    """`register_patient` for any number of people: the same rows, in a few statements per batch; returns how many.

    A pair holds, with the details, the choice that the person made, or None. `details` is read one batch at a
    time, so it may be longer than memory. Each batch is a transaction of its own: wrap the call in one where all
    or nothing is wanted.
    Raises IntegrityError if a reference belongs to another patient; nobody of that batch is made then.
    """
    rows: Iterator[Row] = (row if isinstance(row, tuple) else (row, None) for row in details)
    made = 0
    while batch := list(islice(rows, batch_size)):
        _register_batch(batch, at=at, by=by)
        made += len(batch)
    return made


def _register_batch(batch: Sequence[Row], *, at: datetime, by: AbstractBaseUser | None) -> None:
    """The patients follow the ledger; nobody can see them before both are written."""
    with transaction.atomic():
        # Asked for each batch: who is made after the default changed gets the new one.
        accepts = SmsSettings.load().new_patients_accept_marketing
        patients = []
        for details, _ in batch:
            patient = Patient(
                accepts_sms_marketing=accepts, sms_marketing_source=ConsentSource.DEFAULT, created_at=at
            )
            _put(patient, details)
            patients.append(patient)
        # A newcomer who refuses does so for the number: a claim of it is over before this, or sees them.
        lock_numbers(patient.phone for patient in patients)
        know_again(patient.phone for patient in patients)
        Patient.objects.bulk_create(patients)
        choices = zip(patients, (choice for _, choice in batch), strict=True)
        record_first_consents(patients=patients, choices=choices, at=at, by=by)
