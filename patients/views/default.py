"""Apply the default to all existing patients, see how far that is, and undo it."""

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from clinic.paging import page_of
from clinic.staff import permission_required
from clinic.words import grouped
from patients import batches, tasks
from patients.forms import ConfirmNumberForm
from patients.models import PreferenceBatch
from settings_app.models import SmsSettings

Scope = PreferenceBatch.Scope
SOMEBODY_ELSE = gettext_lazy(
    "Somebody else is changing all patients at this moment, or importing some. Your change has not been made. Wait a "
    "minute, then check the figures and try again."
)
STOP_POLLING = 286  # htmx: this answer is the last one


@permission_required("patients.add_preferencebatch", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest) -> HttpResponse:
    """Show what would change, ask for the number, apply. `to` and `scope` in the address say what."""
    if under_way := batches.running():
        return _wait(request, under_way)
    accept, scope = _asked(request)
    previews = {each: batches.preview(accept=accept, scope=each) for each in Scope}
    form = ConfirmNumberForm(request.POST or None, expected=previews[scope].changed)
    if form.is_valid() and previews[scope].changed:
        begun = _apply(request, accept=accept, scope=scope, confirmed=form.expected)
        if begun and begun.running:
            return _go_on_behind_the_page(begun)
        return redirect(f"{reverse('patients:apply_default')}?to={_word(accept)}&scope={scope}")
    context = {
        "accept": accept,
        "to": _word(accept),
        "scope": scope,
        "options": list(previews.items()),
        "preview": previews[scope],
        "form": form,
        "page": page_of(request, _past(), per_page=10),
        "is_the_default": SmsSettings.load().new_patients_accept_marketing == accept,
    }
    return render(request, "patients/apply_default.html", context)


@permission_required("patients.add_preferencebatch", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    batch = get_object_or_404(_past(), pk=pk)
    if under_way := batches.running():
        return _wait(request, under_way)
    if request.method == "POST":
        try:
            done = batches.undo(batch_id=pk, at=timezone.now(), by=_user(request))
        except batches.AlreadyUndone:
            messages.error(request, _("This change has been undone already. Nothing has been changed."))
        except batches.AnotherUnderWay:
            messages.error(request, SOMEBODY_ELSE)
        else:
            if done.running:
                return _go_on_behind_the_page(done)
            messages.success(request, _undone(done.changed))
        return redirect("patients:apply_default")
    context = {"batch": batch, "preview": batches.undo_preview(batch)}
    return render(request, "patients/undo_default.html", context)


@permission_required("patients.add_preferencebatch", raise_exception=True)
@require_safe
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    """How far a change is, or what it did."""
    return render(request, "patients/batch.html", {"batch": get_object_or_404(_past(), pk=pk)})


@permission_required("patients.add_preferencebatch", raise_exception=True)
@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures alone, for the page to fetch again and again until the change is done."""
    found = get_object_or_404(_past(), pk=pk)
    answer = render(request, "patients/_batch_progress.html", {"batch": found})
    if not found.running:
        answer.status_code = STOP_POLLING
        answer["HX-Refresh"] = "true"
    return answer


def _go_on_behind_the_page(batch: PreferenceBatch) -> HttpResponse:
    tasks.change_soon()
    return redirect(batch)


def _wait(request: HttpRequest, under_way: PreferenceBatch) -> HttpResponse:
    """One change at a time: this page is about the next one. A change that was sent is not made."""
    if request.method == "POST":
        messages.error(request, SOMEBODY_ELSE)
    return redirect(under_way)


def _asked(request: HttpRequest) -> tuple[bool, Scope]:
    """What is to be applied to whom; where the address does not say, the present default to everyone."""
    to, scope = request.GET.get("to"), request.GET.get("scope")
    if to not in {"accept", "reject"}:
        to = _word(SmsSettings.load().new_patients_accept_marketing)
    return to == "accept", Scope(scope) if scope in Scope.values else Scope.EVERYONE


def _apply(request: HttpRequest, *, accept: bool, scope: Scope, confirmed: int) -> PreferenceBatch | None:
    """None if nothing was changed; the reason is told."""
    try:
        begun = batches.apply_default(
            accept=accept, scope=scope, at=timezone.now(), by=_user(request), confirmed=confirmed
        )
    except batches.CountChanged as changed:
        said = _("In the meantime it has become %(number)s. Nothing has been changed. Check the figures.")
        messages.error(request, said % {"number": changed.found})
        return None
    except batches.AnotherUnderWay:
        messages.error(request, SOMEBODY_ELSE)
        return None
    if not begun.running:
        messages.success(request, _applied(begun.changed))
    return begun


def _past() -> Any:
    is_undone = Exists(PreferenceBatch.objects.filter(undo_of=OuterRef("pk")))
    return PreferenceBatch.objects.select_related("recorded_by", "undo_of").annotate(is_undone=is_undone)


def _word(accept: bool) -> str:
    return "accept" if accept else "reject"


def _undone(number: int) -> str:
    said = ngettext("Undone: %(number)s patient restored.", "Undone: %(number)s patients restored.", number)
    return said % {"number": grouped(number)}


def _applied(number: int) -> str:
    said = ngettext(
        "Applied: %(number)s patient changed. You can undo it below.",
        "Applied: %(number)s patients changed. You can undo it below.",
        number,
    )
    return said % {"number": grouped(number)}


def _user(request: HttpRequest) -> Any:
    return request.user
