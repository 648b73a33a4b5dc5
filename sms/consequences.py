"""What the carrier's word about one text means for the number from now on."""

from datetime import datetime

from django.conf import settings

from patients.models import Covers, SuppressionSource
from patients.registration import mark_number_refused
from patients.suppression import block_number
from sms import gateway

OPTED_OUT = 21610
# These speak of a number together with our sender or account; the number itself may be fine for others.
_NOT_THE_NUMBERS_FAULT = frozenset({21612, 21216})


def covers(sender: str) -> Covers:
    """What a STOP to `sender` stops: marketing alone, if care texts have a sender of their own.

    Whether "STOP means everything" is left to `patients.eligibility`, which asks whenever a text is judged. The block
    keeps which sender was meant, or a START to that sender would not find it once the setting has changed.
    """
    separate = settings.TWILIO_CARE_SENDER != settings.TWILIO_MARKETING_SENDER
    return Covers.MARKETING if separate and sender == settings.TWILIO_MARKETING_SENDER else Covers.EVERYTHING


def draw(*, code: int, phone: str, sender: str, at: datetime) -> None:
    """Block the number for `sender`, mark it as one that cannot get texts, or do nothing: as the code asks."""
    if code == OPTED_OUT:
        block_number(
            phone=phone,
            covers=covers(sender),
            source=SuppressionSource.CARRIER,
            at=at,
            evidence=f"Twilio {code}",
        )
    elif code not in _NOT_THE_NUMBERS_FAULT and gateway.meaning(code).klass is gateway.Klass.PERMANENT_NUMBER:
        mark_number_refused(phone=phone, code=code, at=at)
