"""A patient's appointments, so far as reminders need them."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.staff import permission_required
from patients.appointment_form import AppointmentForm
from patients.models import Appointment, Patient


@permission_required("patients.add_appointment", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.not_erased(), pk=pk)
    form = AppointmentForm(request.POST or None)
    if form.is_valid():
        Appointment.objects.create(
            patient=patient,
            starts_at=form.cleaned_data["starts_at"],
            practitioner=form.cleaned_data["practitioner"],
        )
        messages.success(request, _("The appointment is added."))
        return redirect(patient)
    return render(request, "patients/appointment.html", {"form": form, "patient": patient})


@permission_required("patients.change_appointment", raise_exception=True)
@require_POST
def cancel(request: HttpRequest, pk: int, appointment_pk: int) -> HttpResponse:
    appointment = get_object_or_404(Appointment, pk=appointment_pk, patient_id=pk)
    Appointment.objects.filter(pk=appointment.pk).cancel(at=timezone.now())
    messages.success(request, _("The appointment is cancelled. No reminder goes out for it."))
    return redirect("patients:detail", pk=pk)
