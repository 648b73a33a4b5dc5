"""Texts that come back: stored once, a STOP or START acted upon at once, what is in doubt decided by staff."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce

from patients.consent import lock_number
from patients.models import Patient, SuppressionSource
from patients.suppression import block_number, lift_block
from settings_app.models import SmsSettings
from sms import consequences, keywords
from sms.models import InboundMessage
from sms.models.inbound import FOR_STAFF_TO_READ, Handled, ReplyKind

_TWILIOS_KINDS = {"STOP": ReplyKind.STOP, "START": ReplyKind.START, "HELP": ReplyKind.HELP}


@dataclass(frozen=True, slots=True)
class Reply:
    """A text from `phone` to `sender`, as Twilio handed it over.

    `read_as` is what Twilio itself took it for and acted upon (STOP, START or HELP), "" if it did not say. It
    knows words that we do not: the account may have keywords of its own, in any language.
    """

    sid: str
    phone: str
    sender: str
    body: str
    read_as: str = ""


def receive(reply: Reply, *, at: datetime) -> str:
    """Store a reply and do what it asks; returns the text to answer with, or "".

    A reply that is handed over a second time changes nothing, so an old START cannot undo a newer STOP. Twilio does
    not say when a text was written: `at`, when it came to our door, is what orders two texts.
    """
    kind = _TWILIOS_KINDS.get(reply.read_as) or keywords.kind_of(reply.body)
    with transaction.atomic():
        # Locked, so that nobody is erased between being found and being written down.
        people = lock_number(reply.phone)
        seen = {} if kind in FOR_STAFF_TO_READ else {"read_at": at, "done_at": at}
        known = {"patient": people[0], "assigned_at": at} if len(people) == 1 else {}
        _, is_new = InboundMessage.objects.get_or_create(
            sid=reply.sid,
            defaults={
                "phone": reply.phone,
                "sender": reply.sender,
                "body": reply.body,
                "kind": kind,
                "received_at": at,
                **seen,
                **known,
            },
        )
        if not is_new:
            return ""
        covers = consequences.covers(reply.sender)
        if kind == ReplyKind.STOP:
            block_number(
                phone=reply.phone,
                covers=covers,
                source=SuppressionSource.SMS_STOP,
                at=at,
                evidence=reply.body,
            )
        elif kind == ReplyKind.START:
            lift_block(phone=reply.phone, covers=covers, at=at)
    # What Twilio read for itself, it has answered too.
    return _help_text() if kind == ReplyKind.HELP and not reply.read_as else ""


def record_refusal(*, reply_id: int, at: datetime, by: User) -> bool:
    """Staff read a reply as a refusal: block its number as a STOP would, and write it down for everybody on it.

    Returns False, and does nothing, if the refusal is recorded already or the reply is not for staff to read.
    """
    with transaction.atomic():
        undecided = InboundMessage.objects.not_erased().filter(pk=reply_id, kind__in=FOR_STAFF_TO_READ)
        undecided = undecided.exclude(handled_as=Handled.REFUSAL)
        decided = {"handled_as": Handled.REFUSAL, "handled_at": at, "handled_by": by}
        if not undecided.update(**decided, read_at=Coalesce("read_at", Value(at)), done_at=at, done_by=by):
            return False
        reply = InboundMessage.objects.get(pk=reply_id)
        block_number(
            phone=reply.phone,
            covers=consequences.covers(reply.sender),
            source=SuppressionSource.SMS_STOP,
            at=at,
            evidence=reply.body,
            by=by,
        )
    return True


def clear(*, reply_id: int, at: datetime, by: User) -> bool:
    """Staff read a reply that may be an opt-out as none. Returns False if somebody has decided already.

    It may still want an answer, so it stays open.
    """
    waiting = InboundMessage.objects.waiting().filter(pk=reply_id)
    decided = {"handled_as": Handled.NOT_STOP, "handled_at": at, "handled_by": by}
    return bool(waiting.update(**decided, read_at=Coalesce("read_at", Value(at))))


def mark_read(*, reply_id: int, at: datetime) -> None:
    InboundMessage.objects.unread().filter(pk=reply_id).update(read_at=at)


def mark_unread(*, reply_id: int) -> None:
    InboundMessage.objects.not_erased().filter(pk=reply_id).update(read_at=None)


def mark_done(*, reply_id: int, at: datetime, by: User) -> bool:
    """It wants nothing more of anybody, so it has been read too.

    Returns False if it was done before, or may be an opt-out: then somebody must decide first.
    """
    open_ = InboundMessage.objects.open().exclude(kind=ReplyKind.MAY_BE_STOP, handled_at=None)
    done = {"done_at": at, "done_by": by, "read_at": Coalesce("read_at", Value(at))}
    return bool(open_.filter(pk=reply_id).update(**done))


def reopen(*, reply_id: int) -> None:
    InboundMessage.objects.done().filter(pk=reply_id).update(done_at=None, done_by=None)


def people_who_may_have_written(reply: InboundMessage) -> list[Patient]:
    """Whose reply it is; or, while it is nobody's, everybody on the number."""
    if reply.patient:
        return [reply.patient]
    return list(Patient.objects.on_number(reply.phone).order_by("pk"))


def assign(*, reply_id: int, patient_id: int, at: datetime, by: User) -> bool:
    """Staff know who wrote it. Returns False, and does nothing, if that patient has not the number any more."""
    with transaction.atomic():
        reply = InboundMessage.objects.not_erased().filter(pk=reply_id).first()
        if reply is None or patient_id not in {patient.pk for patient in lock_number(reply.phone)}:
            return False
        theirs = InboundMessage.objects.not_erased().filter(pk=reply_id)
        return bool(theirs.update(patient=patient_id, assigned_at=at, assigned_by=by))


def _help_text() -> str:
    settings = SmsSettings.load()
    phone = f" Call us on {settings.clinic_phone}." if settings.clinic_phone else ""
    return f"This is {settings.clinic_name}.{phone} Reply STOP to get no more texts."
