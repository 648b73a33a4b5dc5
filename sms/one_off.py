"""One text to one patient, written by staff. The marketing preference does not count here."""

from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from patients.eligibility import Purpose, Reason, still_refused
from patients.models import Patient
from sms.models import Message
from sms.status import Status

SEND_WITHIN = timedelta(hours=4)


class CannotBeTexted(Exception):
    """This patient must not get a one-off text; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def why_not(patient: Patient) -> Reason | None:
    """Why this patient cannot get a one-off text, or None."""
    return still_refused(Patient.objects.filter(pk=patient.pk), Purpose.ONE_OFF).get(patient.pk)


def queue_one_off(
    *, patient: Patient, body: str, request_key: UUID, at: datetime, by: AbstractBaseUser
) -> Message:
    """Queue the text. The same text with the same `request_key` again gives what was queued the first time.

    Whoever goes back to the form and writes something else has written another text, so the key alone does not
    decide. Raises CannotBeTexted.
    """
    key = uuid5(request_key, f"{patient.pk}\n{body}")
    with transaction.atomic():
        patient = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        if queued := Message.objects.filter(request_key=key).first():
            return queued
        if reason := why_not(patient):
            raise CannotBeTexted(reason)
        return Message.objects.create(
            request_key=key,
            purpose=Purpose.ONE_OFF,
            status=Status.QUEUED,
            patient=patient,
            phone=patient.phone,
            body=body,
            created_at=at,
            created_by_id=by.pk,
            send_by=at + SEND_WITHIN,
            status_at=at,
        )
