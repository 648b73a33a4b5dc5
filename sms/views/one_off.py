"""One text to one patient, from the patient's page or from the inbox."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.lib.sms_text import swap_costly
from clinic.staff import permission_required, staff
from patients.models import Patient
from sms import one_off as texts
from sms import tasks
from sms.forms import OneOffForm

LIVE = "one-off-live"  # the part of the form that answers while one types


@permission_required("sms.send_message", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def one_off(request: HttpRequest, patient_id: int) -> HttpResponse:
    """The form of the patient's page on a page of its own: where it lands when something is to be mended."""
    patient = get_object_or_404(Patient, pk=patient_id)
    form = posted(request) if request.method == "POST" else OneOffForm()
    if is_live(request):
        return live(request, form)
    if queued(request, patient, form):
        return redirect(patient)
    context = {"patient": patient, "allowed": True, "form": form, "reason": texts.why_not(patient)}
    return render(request, "sms/one_off.html", context)


def posted(request: HttpRequest) -> OneOffForm:
    """What was sent; with its costly characters swapped, if that is what was pressed."""
    sent: QueryDict = request.POST
    if sent.get("do") == "swap":
        sent = sent.copy()
        sent["body"] = swap_costly(sent.get("body", ""))
    form = OneOffForm(sent)
    if sent.get("do") == "swap":  # its button is gone
        form.fields["body"].widget.attrs["autofocus"] = True
    return form


def is_live(request: HttpRequest) -> bool:
    return request.headers.get("HX-Target") == LIVE


def live(request: HttpRequest, form: OneOffForm) -> HttpResponse:
    """What around the text has changed while somebody types."""
    return render(request, "sms/_one_off_live.html", {"form": form, "action": request.path, "live": True})


def queued(request: HttpRequest, patient: Patient, form: OneOffForm) -> bool:
    """Queue the text of a form that was sent to be sent, and say so. False if it stays here, to be mended."""
    if not form.is_bound or "do" in request.POST or not form.is_valid():
        return False
    body, request_key = form.text()
    try:
        texts.queue_one_off(
            patient=patient, body=body, request_key=request_key, at=timezone.now(), by=staff(request)
        )
    except texts.CannotBeTexted:
        return False
    tasks.send_soon()
    messages.success(request, _("The text to %(patient)s is on its way.") % {"patient": patient})
    return True
