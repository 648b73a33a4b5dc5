"""A large file is checked and imported behind the page: how far it is, what came of it, and once more."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from clinic.staff import staff
from patients import csv_import, tasks
from patients.csv_import import Outcome, Sheet, behind, uploads
from patients.csv_import.forms import MappingForm
from patients.csv_import.stored import Preview, from_text
from patients.models import ImportState, PatientImport, Step
from settings_app.models import SmsSettings

GONE = gettext_lazy(
    "The file is not here any more: it has been imported or given up, or a day has passed. Choose it again."
)
TAKEN = gettext_lazy(
    "Nothing was imported: somebody else has just used a reference of this file. Look at the preview again."
)
CHANGED = gettext_lazy(
    "Nothing was imported: in the meantime other patients were added. Look at the preview again."
)
STOP_POLLING = 286  # htmx: this answer is the last one
_ORDER = [Outcome.REFUSED, Outcome.NEW, Outcome.HERE]
_adders = permission_required("patients.add_patient", raise_exception=True)


@_adders
@require_safe
def step(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """How far a step is, or what came of it. Nobody sees another one's file."""
    asked = get_object_or_404(PatientImport, pk=import_id, asked_by=staff(request))
    if asked.state == ImportState.DONE and asked.step == Step.CHECK:
        try:
            return _checked(request, asked)
        except uploads.Gone:
            messages.error(request, GONE)
            return redirect("patients:import")
    return render(request, "patients/import_step.html", _standing(asked))


@_adders
@require_safe
def progress(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """The figures alone, for the page to fetch again and again until the step is finished."""
    asked = get_object_or_404(PatientImport, pk=import_id, asked_by=staff(request))
    answer = render(request, "patients/_import_progress.html", _standing(asked))
    if not asked.is_unfinished:
        answer.status_code = STOP_POLLING
        answer["HX-Refresh"] = "true"
    return answer


@_adders
@require_POST
def again(request: HttpRequest, import_id: UUID) -> HttpResponse:
    """A step that broke off is done again; one that was refused is looked at again first."""
    asked = get_object_or_404(PatientImport, pk=import_id, asked_by=staff(request))
    broken = asked.state == ImportState.BROKEN
    try:
        return behind_the_page(request, behind.seen_of(asked), Step(asked.step) if broken else Step.CHECK)
    except uploads.Gone:
        messages.error(request, GONE)
        return redirect("patients:import")


def behind_the_page(request: HttpRequest, seen: uploads.Seen, step: Step) -> HttpResponse:
    """Ask for a step, and show how far it is. Raises uploads.Gone."""
    asked = behind.ask(seen=seen, step=step, at=timezone.now(), by=staff(request))
    tasks.import_soon(asked.pk)
    return redirect(asked)


def preview_page(
    request: HttpRequest, sheet: Sheet, form: MappingForm, seen: uploads.Seen, preview: Preview
) -> HttpResponse:
    """What every row will do, with a form that carries the proof that it was seen."""
    counts = {outcome.value: count for outcome, count in preview.checked.counts.items()}
    settings = SmsSettings.load()
    context: dict[str, Any] = {
        "form": form,
        "sheet": sheet,
        "checked": preview.checked,
        "token": uploads.Seen(seen.name, seen.user, seen.places, counts).signed(),
        "counts": counts,
        "groups": [(each, preview.rows[each], counts[each]) for each in _ORDER],
        "default_accepts": settings.new_patients_accept_marketing,
        "country": gettext(settings.get_country_display()),
    }
    return render(request, "patients/import_preview.html", context)


def _checked(request: HttpRequest, asked: PatientImport) -> HttpResponse:
    """The preview that waits beside the file. Raises uploads.Gone."""
    seen = behind.seen_of(asked)
    sheet = csv_import.Sheet.open(uploads.path_of(asked.file))
    preview = from_text(behind.notes_of(asked).preview())
    form = MappingForm(header=sheet.header, guessed=seen.places)
    return preview_page(request, sheet, form, seen, preview)


def _standing(asked: PatientImport) -> dict[str, Any]:
    doing, rows = behind.notes_of(asked).noted()
    return {
        "asked": asked,
        "doing": doing,
        "rows": rows,
        "of": max(asked.rows, rows) if doing != "add" else (asked.seen or {}).get("new", 0),
        "token": behind.seen_of(asked).signed(),
    }
