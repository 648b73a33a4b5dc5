"""Erase a patient: everything personal goes, what is left proves that it was done right. It cannot be undone."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from clinic.search import forget_searches
from patients.consent import lock_number
from patients.eligibility import Reason
from patients.erasure import blank_patient
from patients.models import Appointment, ConsentEvent, Patient
from sms import outbox
from sms.everything import in_use_by_others, numbers_of
from sms.models import GroupMessage, InboundMessage, Message
from sms.models.inbound import InboundMessageQuerySet
from sms.models.message import MessageQuerySet
from sms.status import Status

logger = logging.getLogger(__name__)

# Nobody can tell yet whether these exist at Twilio, and the number and the words are how it is found out.
UNDECIDED = frozenset({Status.SENDING, Status.UNKNOWN})
# What is still not known after that is never known.
AT_LAST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Preview:
    """What erasing would do, in rows. `sharing` are those who have the number too, and keep what is theirs."""

    texts: int
    waiting: int
    undecided: int
    replies: int
    appointments: int
    consents: int
    sharing: list[Patient]


def preview(patient: Patient) -> Preview:
    texts = Message.objects.filter(patient=patient)
    return Preview(
        texts=texts.count(),
        waiting=texts.filter(status=Status.QUEUED).count(),
        undecided=texts.filter(status__in=UNDECIDED).count(),
        replies=_replies(patient, _theirs_alone(patient)).count(),
        appointments=Appointment.objects.filter(patient=patient).count(),
        consents=ConsentEvent.objects.filter(patient=patient).count(),
        sharing=list(Patient.objects.on_number(patient.phone).exclude(pk=patient.pk)[:20]),
    )


def erase(*, patient_id: int, at: datetime, by: AbstractBaseUser) -> bool:
    """Erase a patient; returns False if somebody has done so already.

    Their texts are locked first and the patient after, as news from Twilio locks them. A claim that was quicker is
    respected: its text is on its way, and is blanked by `finish` once Twilio has answered.
    Raises Patient.DoesNotExist.
    """
    with transaction.atomic():
        list(
            Message.objects.filter(patient=patient_id)
            .order_by("pk")
            .select_for_update(no_key=True)
            .values("pk")
        )
        lock_number(Patient.objects.values_list("phone", flat=True).get(pk=patient_id))
        patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
        if patient.erased_at:
            return False
        alone = _theirs_alone(patient)
        outbox.withdraw(patient_id=patient_id, reason=Reason.ERASED, now=at)
        Message.objects.filter(patient=patient).update(appointment=None, request_key=None)
        blank_patient(patient=patient, former_numbers=alone, at=at, by=by)
        _blank(Message.objects.filter(patient=patient).exclude(status__in=UNDECIDED), at)
        gone = {"phone": "", "body": "", "patient": None, "assigned_at": None, "assigned_by": None}
        _replies(patient, alone).update(**gone)
        GroupMessage.deselected.through.objects.filter(patient_id=patient_id).delete()
    forget_searches(at=at)
    logger.info("Erased", extra={"user": by.pk, "patient": patient_id})
    return True


def finish(*, at: datetime) -> int:
    """Blank texts of erased patients that were on their way at that moment; returns how many."""
    left = Message.objects.filter(erased_at=None, patient__in=_erased_before(at))
    for patient_id in (
        left.filter(status=Status.QUEUED).order_by().values_list("patient", flat=True).distinct()
    ):
        with transaction.atomic():
            outbox.withdraw(patient_id=patient_id, reason=Reason.ERASED, now=at)
    blanked = _blank(left.exclude(status__in=UNDECIDED), at)
    never_known = Message.objects.filter(erased_at=None, patient__in=_erased_before(at - AT_LAST))
    return blanked + _blank(never_known.filter(status=Status.UNKNOWN), at)


def _erased_before(at: datetime) -> list[int]:
    """Few, ever; and asked by themselves, so that the texts are found by an index."""
    return list(Patient.objects.filter(erased_at__lte=at).order_by().values_list("pk", flat=True))


def _blank(texts: MessageQuerySet, at: datetime) -> int:
    return texts.update(phone="", body="", erased_at=at)


def _replies(patient: Patient, alone: set[str]) -> InboundMessageQuerySet:
    """What they wrote: all that is known to be theirs, and from their own numbers what is nobody else's."""
    return InboundMessage.objects.from_anybody_of([patient], numbers=alone)


def _theirs_alone(patient: Patient) -> set[str]:
    """Their numbers, present and former, without those that others have: nobody knows who wrote from a shared one."""
    numbers = numbers_of(patient)
    return numbers - in_use_by_others(patient, numbers)
