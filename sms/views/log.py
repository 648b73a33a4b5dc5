"""Everything that was sent and everything that came back."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clinic.paging import page_of
from clinic.search import posted_search, searched_for
from patients.models import Patient
from settings_app.models import SmsSettings
from sms.forms import LogForm
from sms.models import InboundMessage, Message
from sms.status import Status


@permission_required("sms.view_message", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@posted_search
def log(request: HttpRequest) -> HttpResponse:
    form = LogForm(request.GET.dict() | {"q": searched_for(request)})
    found = Message.objects.select_related("patient", "created_by").order_by("-pk")
    wanted = form.cleaned_data if form.is_valid() else {}
    if text := wanted.get("q"):
        matches = Patient.objects.search(text, country=SmsSettings.load().country)
        found = found.filter(patient__in=matches.order_by().values("pk"))
    if purpose := wanted.get("purpose"):
        found = found.filter(purpose=purpose)
    if status := wanted.get("status"):
        found = found.filter(status=status)
    else:
        found = found.exclude(status=Status.LEFT_OUT)
    return render(request, "sms/log.html", {"form": form, "page": page_of(request, found)})


@permission_required("sms.view_inboundmessage", raise_exception=True)
@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """Replies, the newest first, each with everybody on the number it came from."""
    page = page_of(request, InboundMessage.objects.all())
    people: dict[str, list[Patient]] = {}
    for patient in Patient.objects.filter(phone__in={reply.phone for reply in page}).order_by("pk"):
        people.setdefault(patient.phone, []).append(patient)
    replies = [(reply, people.get(reply.phone, [])) for reply in page]
    return render(request, "sms/inbox.html", {"page": page, "replies": replies})
