"""One reply: who wrote it, what to do about it, and the answer."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.lib.typed import whole_number
from clinic.staff import permission_required, staff
from clinic.way_back import way_back
from patients.models import Patient
from sms import inbound as replies
from sms import one_off as texts
from sms.forms import OneOffForm
from sms.models import InboundMessage
from sms.views import one_off
from sms.views.inbox import DECIDES, READS


@permission_required(READS, raise_exception=True)
@require_safe
def reply(request: HttpRequest, reply_id: int) -> HttpResponse:
    """The reply with all that went before it. Whoever opens it has read it."""
    if request.method == "GET":
        replies.mark_read(reply_id=reply_id, at=timezone.now())
    return _page(request, _found(reply_id), OneOffForm())


@permission_required((READS, "sms.send_message"), raise_exception=True)
@require_POST
def answer(request: HttpRequest, reply_id: int) -> HttpResponse:
    """Text whoever wrote it. Answered, it is theirs and done, unless somebody must say if it is an opt-out."""
    found = _found(reply_id)
    form = one_off.posted(request)
    if one_off.is_live(request):
        return one_off.live(request, form)
    patient = _writer(found)
    if patient and one_off.queued(request, patient, form):
        now, by = timezone.now(), staff(request)
        if found.patient is None:
            replies.assign(reply_id=reply_id, patient_id=patient.pk, at=now, by=by)
        replies.mark_done(reply_id=reply_id, at=now, by=by)
        return redirect("sms:reply", reply_id)
    return _page(request, found, form)


@permission_required(READS, raise_exception=True)
@require_POST
def mark(request: HttpRequest, reply_id: int) -> HttpResponse:
    """As read or unread, as done or open again."""
    _found(reply_id)
    match request.POST.get("as"):
        case "read":
            replies.mark_read(reply_id=reply_id, at=timezone.now())
        case "unread":
            replies.mark_unread(reply_id=reply_id)
        case "done":
            replies.mark_done(reply_id=reply_id, at=timezone.now(), by=staff(request))
        case "open":
            replies.reopen(reply_id=reply_id)
    return redirect(way_back(request) or "sms:inbox")


@permission_required(DECIDES, raise_exception=True)
@require_POST
def assign(request: HttpRequest, reply_id: int) -> HttpResponse:
    """Say which of those on the number wrote it."""
    _found(reply_id)
    chosen = whole_number(request.POST.get("patient", ""))
    if replies.assign(reply_id=reply_id, patient_id=chosen, at=timezone.now(), by=staff(request)):
        messages.success(request, _("It is kept as theirs."))
    else:
        messages.warning(request, _("That patient has another number by now. Nothing has changed."))
    return redirect("sms:reply", reply_id)


def _found(reply_id: int) -> InboundMessage:
    known = InboundMessage.objects.not_erased()
    return get_object_or_404(
        known.select_related("patient", "assigned_by", "handled_by", "done_by"), pk=reply_id
    )


def _writer(found: InboundMessage) -> Patient | None:
    """Who can be answered: the patient it is known to be from, or the only one on the number."""
    people = replies.people_who_may_have_written(found)
    return people[0] if len(people) == 1 else None


def _page(request: HttpRequest, found: InboundMessage, form: OneOffForm) -> HttpResponse:
    patient = _writer(found)
    context = {
        "reply": found,
        "people": replies.people_who_may_have_written(found),
        "on_number": Patient.objects.on_number(found.phone).order_by("pk"),
        "patient": patient,
        "form": form,
        "reason": texts.why_not(patient) if patient else None,
        "allowed": request.user.has_perm("sms.send_message"),
    }
    return render(request, "sms/reply.html", context)
