"""Every page shows instants in the clinic's time zone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from settings_app.models import SmsSettings


def settings_of(request: HttpRequest) -> SmsSettings:
    """The settings as they were when this request began; read once for all who ask."""
    row: SmsSettings | None = getattr(request, "_sms_settings", None)
    if row is None:
        row = SmsSettings.load()
        request._sms_settings = row  # type: ignore[attr-defined]
    return row


class ClinicTimeZoneMiddleware:
    """Activates the clinic's zone for staff pages; webhooks and health checks never ask for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(settings_of(request).zone):
            return self.get_response(request)
