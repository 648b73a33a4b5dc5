"""System checks: what would go wrong later, said when a process starts or `manage.py check` is run."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


@register(Tags.compatibility)
def callback_address(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """Twilio refuses a callback address whose host has an underscore, and with it every text.

    Source: https://www.twilio.com/docs/api/errors/21609
    """
    if "_" not in (urlsplit(settings.PUBLIC_BASE_URL).hostname or ""):
        return []
    return [
        Error(
            "The host name in PUBLIC_BASE_URL has an underscore, so Twilio would refuse every text.",
            hint="Use a host name of letters, digits and hyphens.",
            id="clinic.E001",
        )
    ]


@register(Tags.security, deploy=True)
def ready_for_patients(app_configs: Sequence[Any] | None, **_: Any) -> list[CheckMessage]:
    """What a clinic with real patients must not be without."""
    found: list[CheckMessage] = []
    if not settings.HTTPS:
        found.append(
            Error(
                "PUBLIC_BASE_URL does not begin with https: names and numbers would travel in the open.",
                hint="Put a server that speaks TLS in front, and its address into PUBLIC_BASE_URL.",
                id="clinic.E002",
            )
        )
    if not (settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and settings.TWILIO_CARE_SENDER):
        found.append(
            Warning(
                "Twilio is not set up, so nothing will be sent.",
                hint="Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_MARKETING_SENDER and TWILIO_CARE_SENDER.",
                id="clinic.W001",
            )
        )
    if settings.TWILIO_CARE_SENDER == settings.TWILIO_MARKETING_SENDER:
        found.append(
            Warning(
                "Marketing and care texts have the same sender: a STOP to a promotion stops reminders as well.",
                hint="Give TWILIO_CARE_SENDER a number or messaging service of its own.",
                id="clinic.W002",
            )
        )
    if settings.TWILIO_AUTH_TOKEN_PREVIOUS:
        found.append(
            Warning(
                "The previous auth token still counts: whoever has it can pretend to be Twilio.",
                hint="Empty TWILIO_AUTH_TOKEN_PREVIOUS once Twilio signs with the new token.",
                id="clinic.W003",
            )
        )
    return found
