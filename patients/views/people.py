"""The list of patients, and the pages of one."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.paging import stretch_of
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required
from clinic.way_back import way_back
from patients import registration
from patients.appointment_form import AppointmentForm
from patients.consent import record_consent
from patients.eligibility import EVERY_PURPOSE, Purpose, judged, reasons_for, stop_to_marketing_covers
from patients.forms import PatientForm
from patients.list_forms import SearchForm
from patients.models import Patient, SuppressedNumber

EVENTS_SHOWN = 50
page = require_http_methods(["GET", "HEAD", "POST"])


@permission_required("patients.view_patient", raise_exception=True)
@page
@posted_search
def list_(request: HttpRequest) -> HttpResponse:
    form = SearchForm({"q": searched_for(request), "show": request.GET.get("show") or "active"})
    # Whoever may not get even a one-off text is marked in the list.
    found = stretch_of(request, judged(form.results(), Purpose.ONE_OFF))
    return render(
        request, "patients/list.html", {"form": form, "page": found, "any": Patient.objects.exists()}
    )


@permission_required("patients.view_patient", raise_exception=True)
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.select_related("erased_by"), pk=pk)
    if patient.erased_at:
        return render(request, "patients/erased.html", {"patient": patient})
    reasons = reasons_for(patient)
    context = {
        "patient": patient,
        "verdicts": [(purpose, reason) for purpose, reason in reasons.items()],
        "reasons": list(dict.fromkeys(reason for reason in reasons.values() if reason)),
        "blocks": SuppressedNumber.objects.in_force().filter(phone=patient.phone).exclude(phone=""),
        "every_block_stops_all": stop_to_marketing_covers() == EVERY_PURPOSE,
        "siblings": Patient.objects.on_number(patient.phone).exclude(pk=pk)[:20],
        "events": patient.consent_events.select_related("recorded_by", "batch__undo_of")[:EVENTS_SHOWN],
        "upcoming": patient.appointments.booked().filter(starts_at__gt=timezone.now())[:20],
        "appointment_form": AppointmentForm(),
    }
    return render(request, "patients/detail.html", context)


@permission_required("patients.add_patient", raise_exception=True)
@page
def create(request: HttpRequest) -> HttpResponse:
    form = PatientForm(request.POST or None)
    if _may_save(request, form):
        patient = _saved(form, lambda: _register(request, form))
        if patient:
            _tell(request, form)
            return redirect(patient)
    return render(request, "patients/form.html", {"form": form, "duplicates": _unseen(request, form)})


@permission_required("patients.change_patient", raise_exception=True)
@page
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    patient = get_object_or_404(Patient.objects.not_erased(), pk=pk)
    form = PatientForm(request.POST or None, patient=patient)
    if _may_save(request, form) and _saved(form, lambda: _change(request, form, pk)):
        _tell(request, form)
        return redirect(way_back(request) or patient.get_absolute_url())
    context = {
        "form": form,
        "patient": patient,
        "duplicates": _unseen(request, form),
        "next": way_back(request),
    }
    return render(request, "patients/form.html", context)


@permission_required("patients.change_patient", raise_exception=True)
@page
def archive(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, "patients/archive.html", registration.archive, registration.unarchive)


@permission_required("patients.change_patient", raise_exception=True)
@page
def deceased(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(
        request, pk, "patients/deceased.html", registration.mark_deceased, registration.unmark_deceased
    )


Switch = Callable[..., bool]


def _switch(request: HttpRequest, pk: int, template: str, on: Switch, off: Switch) -> HttpResponse:
    """Ask, then do what the button said, whatever the state has become in between."""
    patient = get_object_or_404(Patient.objects.not_erased(), pk=pk)
    if request.method == "POST" and request.POST.get("to") in {"on", "off"}:
        at: datetime = timezone.now()
        (on if request.POST["to"] == "on" else off)(patient_id=pk, at=at)
        return redirect(way_back(request) or patient.get_absolute_url())
    return render(request, template, {"patient": patient, "next": way_back(request)})


def _register(request: HttpRequest, form: PatientForm) -> Patient:
    return registration.register_patient(
        details=form.details(), choice=form.choice(), at=timezone.now(), by=_user(request)
    )


def _change(request: HttpRequest, form: PatientForm, pk: int) -> Patient:
    patient = registration.change_details(patient_id=pk, details=form.details())
    if choice := form.choice():
        record_consent(patient_id=pk, choice=choice, at=timezone.now(), by=_user(request))
    return patient


def _saved(form: PatientForm, save: Callable[[], Patient]) -> Patient | None:
    """What `save` gives, or None if somebody took the reference a moment ago: then the form says so."""
    try:
        return save()
    except IntegrityError:
        form.full_clean()
        if form.is_valid():
            raise
    return None


def _may_save(request: HttpRequest, form: PatientForm) -> bool:
    return form.is_valid() and not _unseen(request, form)


def _unseen(request: HttpRequest, form: PatientForm) -> list[Patient]:
    """Likely duplicates that staff have not been shown yet: the second press of Save means it."""
    if not form.is_valid():
        return []
    found = form.duplicates()
    seen = set(request.POST.getlist("duplicate"))
    return found if {str(patient.pk) for patient in found} - seen else []


def _tell(request: HttpRequest, form: PatientForm) -> None:
    messages.success(request, _("Saved."))
    if form.shares_number():
        messages.warning(
            request,
            _(
                "Somebody else has the same mobile number. A group SMS goes to each number once, and promotions "
                "only if everybody on the number agrees."
            ),
        )


def _user(request: HttpRequest) -> Any:
    return request.user
