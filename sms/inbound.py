"""Texts that come back: stored once, and a STOP or START acted upon at once."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from patients.models import SuppressionSource
from patients.suppression import block_number, lift_block
from settings_app.models import SmsSettings
from sms import consequences, keywords
from sms.models import InboundMessage
from sms.models.inbound import ReplyKind

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

    A reply that is handed over a second time changes nothing, so an old START cannot undo a newer STOP.
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


def _help_text() -> str:
    settings = SmsSettings.load()
    phone = f" Call us on {settings.clinic_phone}." if settings.clinic_phone else ""
    return f"This is {settings.clinic_name}.{phone} Reply STOP to get no more texts."
