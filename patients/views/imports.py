"""Patients from a file: choose it, see what every row will do, import it. The file waits between the steps."""

from dataclasses import replace

from django.contrib import messages
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from clinic.staff import permission_required, staff
from clinic.words import grouped
from patients import csv_import
from patients.csv_import import Checked, Outcome, Sheet, Unreadable, behind, uploads
from patients.csv_import.forms import MappingForm, UploadForm
from patients.csv_import.stored import Preview
from patients.models import Step
from patients.views.large_imports import CHANGED, GONE, TAKEN, behind_the_page, preview_page
from settings_app.models import SmsSettings


@csrf_exempt  # `_steps` checks, once the quota stands: the check reads the body, and with it the file.
@permission_required("patients.add_patient", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def import_(request: HttpRequest) -> HttpResponse:
    quota = uploads.Quota(request)
    request.upload_handlers = [quota, *request.upload_handlers]
    return _steps(request, quota)


@csrf_protect
def _steps(request: HttpRequest, quota: uploads.Quota) -> HttpResponse:
    uploads.remove_old(timezone.now())
    if request.method != "POST":
        return _upload_page(request, UploadForm())
    if "token" not in request.POST:
        return _uploaded(request, too_large=quota.exceeded)
    try:
        seen = uploads.opened(request.POST["token"], user=staff(request).pk)
        return _seen(request, seen)
    except uploads.Gone:
        messages.error(request, GONE)
        return redirect("patients:import")


def _uploaded(request: HttpRequest, *, too_large: bool) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if too_large:
        form.errors.pop("file", None)
        form.add_error("file", csv_import.TOO_LARGE)
    if not form.is_valid():
        return _upload_page(request, form)
    name = uploads.keep(form.cleaned_data["file"].chunks())
    try:
        sheet = Sheet.open(uploads.path_of(name))
    except Unreadable as unreadable:
        uploads.remove(name)
        form.add_error("file", str(unreadable))
        return _upload_page(request, form)
    places = csv_import.guess(sheet.header)
    mapping = MappingForm(header=sheet.header, guessed=places)
    seen = uploads.Seen(name, staff(request).pk, places, {})
    if behind.is_large(name):
        return behind_the_page(request, seen, Step.CHECK)
    return _preview(request, sheet, mapping, seen, _check(sheet, places))


def _seen(request: HttpRequest, seen: uploads.Seen) -> HttpResponse:
    """The preview was answered: with other columns, with yes, or with no. Raises uploads.Gone."""
    if request.POST.get("step") == "cancel":
        uploads.remove(seen.name)
        messages.info(request, _("Nothing was imported. The file is removed."))
        return redirect("patients:import")
    sheet = Sheet.open(uploads.path_of(seen.name))
    mapping = MappingForm(request.POST, header=sheet.header, guessed=seen.places)
    if not mapping.is_valid():
        return _preview(request, sheet, mapping, seen, None)
    asked_for = Step.CHECK
    if request.POST.get("step") == "import" and mapping.places() == seen.places:
        asked_for = Step.IMPORT
    if behind.is_large(seen.name):
        return behind_the_page(request, replace(seen, places=mapping.places()), asked_for)
    if asked_for == Step.IMPORT:
        done = _import(request, seen)
        if done is not None:
            return _done(request, done)
    return _preview(request, sheet, mapping, seen, _check(sheet, mapping.places()))


def _import(request: HttpRequest, seen: uploads.Seen) -> Checked | None:
    """None if nothing was imported: the reason is told, and the file is where it was. Raises uploads.Gone."""
    settings, now = SmsSettings.load(), timezone.now()
    path = uploads.claim(seen.name)
    imported = False
    try:
        sheet = Sheet.open(path)
        done = csv_import.run(
            sheet,
            seen.places,
            country=settings.country,
            today=now.astimezone(settings.zone).date(),
            at=now,
            by=staff(request),
            seen=seen.counts,
            folder=uploads.folder(),
        )
        imported = True
    except IntegrityError:
        messages.error(request, TAKEN)
    except csv_import.HasProblems:
        messages.error(request, CHANGED)
    finally:
        # Whatever happened, a file that was not imported can be looked at again.
        (uploads.remove if imported else uploads.release)(seen.name)
    return done if imported else None


def _done(request: HttpRequest, done: Checked) -> HttpResponse:
    new, here = done.counts[Outcome.NEW], done.counts[Outcome.HERE]
    said = [_("Patients imported: %(number)s.") % {"number": grouped(new)}]
    if here:
        left = ngettext(
            "%(number)s was here already and is left as it was.",
            "%(number)s were here already and are left as they were.",
            here,
        )
        said.append(left % {"number": grouped(here)})
    messages.success(request, " ".join([*said, _("The file is removed.")]))
    return redirect("patients:list")


def _check(sheet: Sheet, places: csv_import.Places) -> Checked:
    settings = SmsSettings.load()
    today = timezone.now().astimezone(settings.zone).date()
    return csv_import.check(sheet, places, country=settings.country, today=today)


def _upload_page(request: HttpRequest, form: UploadForm) -> HttpResponse:
    return render(request, "patients/import.html", {"form": form, "under_way": behind.of(staff(request))})


def _preview(
    request: HttpRequest, sheet: Sheet, form: MappingForm, seen: uploads.Seen, checked: Checked | None
) -> HttpResponse:
    """`checked` is None while the columns are not chosen."""
    if checked is None:
        context = {"form": form, "sheet": sheet, "checked": None, "token": seen.signed()}
        return render(request, "patients/import_preview.html", context)
    places = form.places() if form.is_bound else seen.places
    return preview_page(request, sheet, form, replace(seen, places=places), Preview.of(checked))
