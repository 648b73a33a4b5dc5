"""A group SMS tried out on the phone of whoever writes it.

It is a one-off text to the patient who has that number: so the one table decides whether it may be sent, the ordinary
sender sends it, and no count of the group SMS knows of it. See docs/decisions/0016.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User

from clinic.accounts.own_phone import own_phone
from clinic.lib.phone import display
from clinic.lib.sms_text import MAX_CHARACTERS
from patients.eligibility import Reason
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, one_off
from sms.models import GroupMessage, Message


class CannotTryOut(Exception):
    """There is no phone to send it to, or no text that could be sent."""


@dataclass(frozen=True, slots=True)
class OwnPhone:
    """Where a test would go. `phone` is grouped for reading, "" if none is saved; `patient` is None if nobody has it,
    and `reason` says why they cannot get a text, None if they can."""

    phone: str
    patient: Patient | None
    reason: Reason | None

    @property
    def is_ready(self) -> bool:
        return self.patient is not None and self.reason is None


def phone_of(user: User) -> OwnPhone:
    """The number that somebody has saved for themselves, and the patient they are."""
    phone = own_phone(user)
    patient = Patient.objects.active().filter(phone=phone).order_by("pk").first() if phone else None
    reason = one_off.why_not(patient) if patient else None
    return OwnPhone(display(phone) if phone else "", patient, reason)


def send(*, group: GroupMessage, by: User, request_key: UUID, at: datetime) -> Message:
    """Queue the draft, as this patient would read it. The same `request_key` again makes no second text.

    Raises CannotTryOut, PlaceholderError.
    """
    patient = phone_of(by).patient
    if patient is None:
        raise CannotTryOut
    others = Patient.objects.active().filter(phone=patient.phone).exclude(pk=patient.pk)
    names = {} if others.exists() else {"first_name": patient.first_name, "last_name": patient.last_name}
    body = audience.whole(group, SmsSettings.load()).render(names)
    if len(body) > MAX_CHARACTERS:
        raise CannotTryOut
    try:
        return one_off.queue_one_off(patient=patient, body=body, request_key=request_key, at=at, by=by)
    except one_off.CannotBeTexted:
        raise CannotTryOut from None
