"""Why did I get this? One text, one page, to print."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from clinic.staff import permission_required
from settings_app.models import SmsSettings
from sms import proof
from sms.models import Message

BEHIND_IT = (
    *("patient", "created_by", "group__confirmed_by", "appointment"),
    "consent_event__recorded_by",
)


@permission_required(("sms.view_message", "patients.view_patient"), raise_exception=True)
@never_cache
@require_safe
def why(request: HttpRequest, message_id: int) -> HttpResponse:
    message = get_object_or_404(Message.objects.select_related(*BEHIND_IT), pk=message_id)
    context = {
        "why": proof.why(message),
        "message": message,
        "patient": message.patient,
        "clinic": SmsSettings.load(),
    }
    return render(request, "sms/why.html", context)
