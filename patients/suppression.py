"""Blocking a number and lifting the block, which belongs to the number: no bulk change lifts it."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from patients.consent import lock_number, record_refusal_for_number
from patients.models import ConsentSource, Covers, SuppressedNumber, SuppressionSource

_CONSENT_SOURCE = {
    SuppressionSource.SMS_STOP: ConsentSource.SMS_STOP,
    SuppressionSource.CARRIER: ConsentSource.CARRIER,
}


def block_number(
    *,
    phone: str,
    covers: Covers,
    source: SuppressionSource,
    at: datetime,
    evidence: str = "",
    by: AbstractBaseUser | None = None,
) -> bool:
    """Block `phone` (E.164) and record the refusal for every patient on it. Returns whether the block is new.

    A second STOP is no second block. It is recorded as a refusal if somebody on the number had been set to
    yes since, and it makes the block newer, so that a START from between the two does not lift it.
    `by` is the member of staff who read a reply as a refusal: that is written down in any case, as theirs.
    """
    with transaction.atomic():
        patients = lock_number(phone)
        block, is_new = SuppressedNumber.objects.in_force().get_or_create(
            phone=phone, covers=covers, lifted_at=None, defaults={"source": source, "blocked_at": at}
        )
        if not is_new:
            SuppressedNumber.objects.filter(pk=block.pk, blocked_at__lt=at).update(blocked_at=at)
        if is_new or by or any(patient.accepts_sms_marketing for patient in patients):
            said_by = ConsentSource.STAFF if by else _CONSENT_SOURCE[source]
            record_refusal_for_number(phone=phone, source=said_by, evidence=evidence, at=at, by=by)
    return is_new


def lift_block(*, phone: str, covers: Covers, at: datetime) -> bool:
    """Lift the block that a STOP to the same sender made. It subscribes nobody to anything.

    Only a block older than `at` is lifted: a START that is delivered again must not undo a newer STOP.
    """
    older = SuppressedNumber.objects.in_force().filter(phone=phone, covers=covers, blocked_at__lt=at)
    return bool(older.update(lifted_at=at))
