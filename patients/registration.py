"""Every way a patient is born, and how the facts about one change. Preferences belong to `consent`."""

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinic.lib.phone import Phone
from patients.consent import Choice, lock_number, record_consent, record_first_consent
from patients.models import ConsentSource, Patient
from patients.models.patient import searchable
from settings_app.models import SmsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is written down about a person. Names are stored trimmed; `phone` None means no number."""

    last_name: str
    first_name: str = ""
    phone: Phone | None = None
    birth_date: date | None = None
    reference: str = ""
    wants_reminders: bool = True


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
        patient.save(force_insert=True)
        default = Choice(accepts=accepts, source=ConsentSource.DEFAULT)
        record_first_consent(patient=patient, choice=default, at=at, by=by)
        if choice is not None:
            record_consent(patient_id=patient.pk, choice=choice, at=at, by=by)
            patient.refresh_from_db()
    return patient


def change_details(*, patient_id: int, details: Details) -> Patient:
    """Replace what is known about a patient. A new number has not been refused by any carrier yet.

    Raises Patient.DoesNotExist; IntegrityError if the reference belongs to another patient.
    """
    with transaction.atomic():
        patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
        changed = _put(patient, details)
        if "phone" in changed:
            patient.number_refused_at = patient.number_refused_code = None
            changed += ["number_refused_at", "number_refused_code"]
        patient.save(update_fields=[*changed, "updated_at"])
    return patient


def archive(*, patient_id: int, at: datetime) -> bool:
    """Take a patient out of use; returns False if they were archived already."""
    return bool(Patient.objects.filter(pk=patient_id, archived_at=None).update(archived_at=at, updated_at=at))


def unarchive(*, patient_id: int, at: datetime) -> bool:
    return bool(
        Patient.objects.filter(pk=patient_id, archived_at__isnull=False).update(
            archived_at=None, updated_at=at
        )
    )


def mark_deceased(*, patient_id: int, at: datetime) -> bool:
    """Nobody texts the dead; returns False if they were marked already."""
    return bool(Patient.objects.filter(pk=patient_id, deceased_at=None).update(deceased_at=at, updated_at=at))


def unmark_deceased(*, patient_id: int, at: datetime) -> bool:
    """For the day when staff ticked the wrong person."""
    return bool(
        Patient.objects.filter(pk=patient_id, deceased_at__isnull=False).update(
            deceased_at=None, updated_at=at
        )
    )


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
    }
    # Folding takes ligatures apart, so the result may be longer than the name.
    longest = Patient._meta.get_field("search_name").max_length
    values["search_name"] = searchable(f"{values['first_name']} {values['last_name']}")[:longest]
    changed = [name for name, value in values.items() if getattr(patient, name) != value]
    for name in changed:
        setattr(patient, name, values[name])
    return changed
