"""What most would write: an object for each row."""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from patients.models import ConsentEvent, Patient, SuppressedNumber
from sms.models import GroupMessage, Message
from sms.status import Status


def apply(*, accept: bool, limit: int) -> None:
    """The first `limit` patients accept from now on or no longer, one after the other."""
    for patient in Patient.objects.order_by("pk")[:limit]:
        event = ConsentEvent.objects.create(
            patient=patient,
            from_value=patient.accepts_sms_marketing,
            from_source=patient.sms_marketing_source,
            to_value=accept,
            source="bulk_default",
            phone=patient.phone,
            at=timezone.now(),
        )
        patient.accepts_sms_marketing, patient.sms_marketing_source = accept, event.source
        patient.consent_event = event
        patient.save()


def freeze(*, group_id: UUID, limit: int) -> int:
    """A text for each of the first `limit` patients who may get it, none for the others; returns how many."""
    group, at = GroupMessage.objects.get(pk=group_id), timezone.now()
    assert group.send_by
    blocked = set(SuppressedNumber.objects.in_force().values_list("phone", flat=True))
    seen: set[str] = set()
    texts = []
    for patient in Patient.objects.order_by("pk")[:limit]:
        if not patient.is_active or patient.phone_kind != "mobile" or patient.phone in blocked | seen:
            continue
        if group.is_marketing and not patient.accepts_sms_marketing:
            continue
        seen.add(patient.phone)
        text = Message(
            purpose=group.purpose,
            status=Status.QUEUED,
            group=group,
            patient=patient,
            phone=patient.phone,
            body=group.body.replace("{first_name|there}", patient.first_name or "there"),
            created_at=at,
            send_by=group.send_by,
            status_at=at,
        )
        texts.append(text)
    with transaction.atomic():
        Message.objects.bulk_create(texts, batch_size=1000)
    return len(texts)
