"""Everything that came back, and what staff decide about it."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.paging import page_of
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required, staff
from clinic.way_back import way_back
from patients.eligibility import EVERY_PURPOSE, stopped_by
from patients.models import Covers, Patient, SuppressedNumber
from settings_app.models import SmsSettings
from sms import consequences
from sms import inbound as replies
from sms.list_forms import InboxForm
from sms.models import InboundMessage
from sms.models.inbound import ReplyKind

READS = "sms.view_inboundmessage"
# Whoever may change a patient's preference may read a refusal out of a reply, and say who wrote it.
DECIDES = (READS, "patients.change_patient")


@permission_required(READS, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@posted_search
def inbox(request: HttpRequest) -> HttpResponse:
    """Replies, each with whose it is, or may be."""
    form = InboxForm({"q": searched_for(request), "kind": request.GET.get("kind", "")})
    found = form.results(country=SmsSettings.load().country)
    page = page_of(request, found.select_related("handled_by", "patient", "done_by"))
    people = _people_on(reply.phone for reply in page if reply.patient is None)
    context = {
        "form": form,
        "page": page,
        "replies": [(reply, _possible(reply, people)) for reply in page],
        "any": bool(page.paginator.count) or InboundMessage.objects.not_erased().exists(),
    }
    return render(request, "sms/inbox.html", context)


@permission_required(DECIDES, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
def refusal(request: HttpRequest, reply_id: int) -> HttpResponse:
    """Say who is affected and what happens; confirmed, record the refusal."""
    reply = get_object_or_404(InboundMessage.objects.not_erased(), pk=reply_id)
    if request.method == "POST":
        if replies.record_refusal(reply_id=reply_id, at=timezone.now(), by=staff(request)):
            messages.success(request, _("The refusal is recorded."))
        else:
            _say_it_is_decided(request)
        return redirect(way_back(request) or "sms:inbox")
    if not reply.can_be_refusal:
        _say_it_is_decided(request)
        return redirect("sms:inbox")
    context = {
        "reply": reply,
        "people": Patient.objects.on_number(reply.phone).order_by("pk"),
        "stops_all": stopped_by(consequences.covers(reply.sender)) == EVERY_PURPOSE,
        "is_blocked": SuppressedNumber.objects.in_force()
        .filter(phone=reply.phone)
        .exclude(covers=Covers.PROMOTIONS)
        .exists(),
        "started_since": InboundMessage.objects.filter(
            phone=reply.phone, kind=ReplyKind.START, pk__gt=reply.pk
        ).exists(),
        "next": way_back(request),
    }
    return render(request, "sms/refusal.html", context)


@permission_required(DECIDES, raise_exception=True)
@require_POST
def not_an_opt_out(request: HttpRequest, reply_id: int) -> HttpResponse:
    get_object_or_404(InboundMessage, pk=reply_id)
    if replies.clear(reply_id=reply_id, at=timezone.now(), by=staff(request)):
        messages.success(request, _("It is marked as no opt-out. Nothing else has changed."))
    else:
        _say_it_is_decided(request)
    return redirect(way_back(request) or "sms:inbox")


def _people_on(numbers: Iterable[str]) -> dict[str, list[Patient]]:
    people: dict[str, list[Patient]] = {}
    for patient in Patient.objects.filter(phone__in=set(numbers)).order_by("pk"):
        people.setdefault(patient.phone, []).append(patient)
    return people


def _possible(reply: InboundMessage, on_numbers: dict[str, list[Patient]]) -> list[Patient]:
    return [reply.patient] if reply.patient else on_numbers.get(reply.phone, [])


def _say_it_is_decided(request: HttpRequest) -> None:
    messages.info(request, _("Somebody has decided about this reply already. Nothing has changed."))
