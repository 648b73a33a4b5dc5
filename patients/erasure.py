"""Take everything personal out of a patient and their ledger. What was sent to them is `sms.erasure`'s, which calls."""

from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType

from patients.models import Appointment, ConsentEvent, Patient
from patients.suppression import hide_number, hold_number


def blank_patient(*, patient: Patient, former_numbers: set[str], at: datetime, by: AbstractBaseUser) -> None:
    """Blank a locked patient: details, ledger, appointments, the admin's log. Once, and for good.

    Their present number is held (see `suppression.hold_number`); blocks of `former_numbers`, which nobody has, keep
    their digests alone. The ledger allows this one change: see migration 0007.
    """
    number = patient.phone
    Patient.objects.not_erased().filter(pk=patient.pk).update(
        **dict.fromkeys(["first_name", "last_name", "search_name", "reference", "phone", "phone_kind"], ""),
        birth_date=None,
        number_refused_at=None,
        number_refused_code=None,
        deceased_at=None,
        archived_at=patient.archived_at or at,
        erased_at=at,
        erased_by=by,
        updated_at=at,
    )
    ConsentEvent.objects.filter(patient=patient, erased_at=None).update(phone="", evidence="", erased_at=at)
    Appointment.objects.filter(patient=patient).delete()
    of_patients = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Patient))
    of_patients.filter(object_id=str(patient.pk)).update(object_repr=f"Erased patient {patient.pk}")
    if number:
        hold_number(phone=number, at=at)
    for former in former_numbers - {number}:
        hide_number(former)
