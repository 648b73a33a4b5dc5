"""Erase a patient: what goes and what stays, their name typed by hand, and no way back."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.staff import staff
from patients.models import Patient
from sms import erasure
from sms.forms import EraseForm

MEANWHILE = gettext_lazy(
    "Nothing was erased: something about this patient was being changed at that very moment. Please try again."
)


@permission_required("patients.erase_patient", raise_exception=True)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest, patient_id: int) -> HttpResponse:
    patient = get_object_or_404(Patient, pk=patient_id)
    if patient.erased_at:
        return redirect(patient)
    form = EraseForm(request.POST or None, patient=patient)
    if form.is_valid():
        return _erased(request, patient)
    context = {"patient": patient, "form": form, "preview": erasure.preview(patient)}
    return render(request, "sms/erase.html", context)


def _erased(request: HttpRequest, patient: Patient) -> HttpResponse:
    try:
        erasure.erase(patient_id=patient.pk, at=timezone.now(), by=staff(request))
    except IntegrityError:  # An appointment got its reminder between two statements.
        messages.error(request, MEANWHILE)
        return redirect("sms:erase", patient.pk)
    messages.success(request, _("The patient is erased."))
    return redirect(patient)
