"""Let sending go on after somebody has mended what made it rest."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.staff import permission_required, staff
from sms import outbox, tasks


@permission_required("sms.resume_sending", raise_exception=True)
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    if outbox.resume(now=timezone.now(), by_id=staff(request).pk):
        tasks.send_soon()
        messages.success(request, _("Sending goes on."))
    return redirect("overview")
