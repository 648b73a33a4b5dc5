"""Texts that come back: stored once, a STOP or START acted upon at once, what is in doubt decided by staff."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from patients.models import SuppressionSource
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
        _, is_new = InboundMessage.objects.get_or_create(
            sid=reply.sid,
            defaults={
                "phone": reply.phone,
                "sender": reply.sender,
                "body": reply.body,
                "kind": kind,
                "received_at": at,
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
        if not undecided.update(handled_as=Handled.REFUSAL, handled_at=at, handled_by=by):
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
    """Staff read a reply that may be an opt-out as none. Returns False if somebody has decided already."""
    waiting = InboundMessage.objects.waiting().filter(pk=reply_id)
    return bool(waiting.update(handled_as=Handled.NOT_STOP, handled_at=at, handled_by=by))


def _help_text() -> str:
    settings = SmsSettings.load()
    phone = f" Call us on {settings.clinic_phone}." if settings.clinic_phone else ""
    return f"This is {settings.clinic_name}.{phone} Reply STOP to get no more texts."
