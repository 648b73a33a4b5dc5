"""Patients and their consents as files."""

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from clinic.downloads import csv_download
from clinic.staff import permission_required, staff
from patients import csv_export
from patients.models import ConsentEvent, Patient
from settings_app.models import SmsSettings

EXPORTS = {"patients": csv_export.patients_csv, "consents": csv_export.consents_csv}


@permission_required("patients.export_patient", raise_exception=True)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def export(request: HttpRequest) -> HttpResponseBase:
    """Posted, so that no link makes a browser fetch everybody's data."""
    what = request.POST.get("what", "")
    if what in EXPORTS:
        return _download(request, what)
    return _page(request)


def _page(request: HttpRequest) -> HttpResponse:
    counts = {"patients": Patient.objects.not_erased().count(), "consents": ConsentEvent.objects.count()}
    return render(request, "patients/export.html", {"counts": counts})


def _download(request: HttpRequest, what: str) -> StreamingHttpResponse:
    zone = SmsSettings.load().zone
    lines = EXPORTS[what](zone=zone, user=staff(request).pk)
    return csv_download(lines, name=what, on=timezone.now().astimezone(zone).date())
