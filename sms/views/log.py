"""Everything that was sent."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from clinic.paging import page_of
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required
from patients.models import Patient
from settings_app.models import SmsSettings
from sms.forms import LogForm
from sms.models import Message
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
