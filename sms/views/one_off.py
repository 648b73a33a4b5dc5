"""One text to one patient, from the patient's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.staff import permission_required, staff
from patients.models import Patient
from sms import one_off as texts
from sms import tasks
from sms.forms import OneOffForm


@permission_required("sms.send_message", raise_exception=True)
@require_http_methods(["GET", "POST"])
def one_off(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The form of the patient's page on a page of its own: where it lands when something is to be mended."""
    patient = get_object_or_404(Patient, pk=patient_id)
    form = OneOffForm(request.POST) if request.method == "POST" else OneOffForm()
    reason = texts.why_not(patient)
    if request.method == "POST" and form.is_valid():
        body, request_key = form.text()
        try:
            texts.queue_one_off(
                patient=patient, body=body, request_key=request_key, at=timezone.now(), by=staff(request)
            )
        except texts.CannotBeTexted as refusal:
            reason = refusal.reason
        else:
            tasks.send_soon()
            messages.success(request, f"The text to {patient} is on its way.")
            return redirect(patient)
    return render(request, "sms/one_off.html", {"patient": patient, "form": form, "reason": reason})
