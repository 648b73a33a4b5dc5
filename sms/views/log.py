"""Everything that was sent or received, on a page and as a file."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from clinic.downloads import csv_download
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required, staff
from settings_app.models import SmsSettings
from sms import communications, communications_csv
from sms.communications import Place, Talk
from sms.list_forms import LogForm

READS = "sms.view_message"
READS_REPLIES = "sms.view_inboundmessage"
TAKES_AWAY = (READS, READS_REPLIES, "patients.export_patient")
PER_PAGE = 50


@permission_required(READS, raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@posted_search
def log(request: HttpRequest) -> HttpResponse:
    form = _form(request)
    before = Place.read(request.GET.get("before", ""))
    part = _talk(form).part(before=before, size=PER_PAGE)
    asked = {name for name in (*form.fields, "search") if request.GET.get(name)}
    context = {
        "form": form,
        "part": part,
        "is_newest": before is None,
        "is_filtered": bool(asked),
        "reads_replies": form.reads_replies,
        "may_export": request.user.has_perms(TAKES_AWAY),
    }
    return render(request, "sms/log.html", context)


@permission_required(TAKES_AWAY, raise_exception=True)
@never_cache
@require_POST
def export(request: HttpRequest) -> HttpResponseBase:
    """What the page shows, and all that follows. Posted, so that no link makes a browser fetch it."""
    zone = SmsSettings.load().zone
    lines = communications_csv.lines(_talk(_form(request)), zone=zone, user=staff(request).pk)
    return csv_download(lines, name="communications", on=timezone.now().astimezone(zone).date())


def _form(request: HttpRequest) -> LogForm:
    """What was searched for stays in the session; the other filters are in the address."""
    given = request.GET.dict() | {"q": searched_for(request)}
    return LogForm(given, reads_replies=request.user.has_perm(READS_REPLIES))


def _talk(form: LogForm) -> Talk:
    return communications.log(form.wanted(), country=SmsSettings.load().country)
