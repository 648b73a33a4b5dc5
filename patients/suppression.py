"""Blocking a number and lifting the block, which belongs to the number: no bulk change lifts it."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from patients.consent import lock_number, record_refusal_for_number
from patients.models import ConsentSource, Covers, SuppressedNumber, SuppressionSource
from patients.models.suppression import digest_of, numbers_by_digest

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
        is_new = _write_down(phone, covers, source, at, erased=not patients and _is_hidden(phone))
        if is_new or by or any(patient.accepts_sms_marketing for patient in patients):
            said_by = ConsentSource.STAFF if by else _CONSENT_SOURCE[source]
            record_refusal_for_number(phone=phone, source=said_by, evidence=evidence, at=at, by=by)
    return is_new


def lift_block(*, phone: str, covers: Covers, at: datetime) -> bool:
    """Lift the block that a STOP to the same sender made. It subscribes nobody to anything.

    Only a block older than `at` is lifted: a START that is delivered again must not undo a newer STOP.
    """
    older = SuppressedNumber.objects.of(phone).in_force().filter(covers=covers, blocked_at__lt=at)
    return bool(older.update(lifted_at=at))


def hold_number(*, phone: str, at: datetime) -> None:
    """A patient with this number is erased: promotions go to it no more, but to those whose yes staff recorded.

    If nobody else has the number, no row about it keeps it in the clear.
    """
    with transaction.atomic():
        alone = not lock_number(phone)
        _write_down(phone, Covers.PROMOTIONS, SuppressionSource.ERASURE, at, erased=alone)
        if alone:
            hide_number(phone)


def hide_number(phone: str) -> None:
    """Keep the digest of `phone` alone."""
    SuppressedNumber.objects.filter(phone=phone).update(phone="", digest=digest_of(phone))


def know_again(phones: Iterable[str]) -> None:
    """These numbers are patients' from now on: blocks of which only the digest is kept get their number back.

    The table of eligibility looks for blocks by number, so this belongs to the transaction that gives somebody one.
    """
    numbers = numbers_by_digest(set(phones) - {""})
    for block in SuppressedNumber.objects.hidden().filter(digest__in=list(numbers)):
        phone = numbers[block.digest]
        in_the_clear = SuppressedNumber.objects.in_force().filter(phone=phone, covers=block.covers)
        if block.lifted_at is None and in_the_clear.exists():
            block.delete()
        else:
            SuppressedNumber.objects.filter(pk=block.pk).update(phone=phone, digest="")


def _write_down(phone: str, covers: Covers, source: SuppressionSource, at: datetime, *, erased: bool) -> bool:
    """One block in force, made or made newer; returns whether it was made. `erased`: by its digest alone."""
    if known := SuppressedNumber.objects.of(phone).in_force().filter(covers=covers).first():
        SuppressedNumber.objects.filter(pk=known.pk, blocked_at__lt=at).update(blocked_at=at)
        return False
    kept = {"digest": digest_of(phone), "phone": ""} if erased else {"phone": phone, "digest": ""}
    _, is_new = SuppressedNumber.objects.get_or_create(
        **kept, covers=covers, lifted_at=None, defaults={"source": source, "blocked_at": at}
    )
    return is_new


def _is_hidden(phone: str) -> bool:
    """Whether an erased patient was the last to have this number: then news of it does not bring it back."""
    return SuppressedNumber.objects.of(phone).hidden().exists()
