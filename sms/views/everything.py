"""Everything held on one patient: a page to print, and a file for a machine. Both are logged."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from clinic.staff import permission_required, staff
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import everything

MAY = "patients.disclose_patient"


@permission_required(MAY, raise_exception=True)
@never_cache
@require_safe
def page(request: HttpRequest, patient_id: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.not_erased(), pk=patient_id)
    held = everything.held_on(patient)
    everything.disclosed(patient_id=patient_id, by=staff(request), how="page")
    context = {"held": held, "patient": patient, "clinic": SmsSettings.load(), "now": timezone.now()}
    return render(request, "sms/everything.html", context)


@permission_required(MAY, raise_exception=True)
@never_cache
@require_POST
def download(request: HttpRequest, patient_id: int) -> StreamingHttpResponse:
    """Posted, so that no link makes a browser fetch it. The file's name names nobody."""
    held = everything.held_on(get_object_or_404(Patient.objects.not_erased(), pk=patient_id))
    everything.disclosed(patient_id=patient_id, by=staff(request), how="json")
    return StreamingHttpResponse(
        everything.as_json(held),
        content_type="application/json; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="patient-{patient_id}.json"'},
    )
