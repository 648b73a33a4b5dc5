"""The group SMS that were written, and what became of one of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.downloads import csv_download
from clinic.paging import page_of, stretch_of
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required, staff
from patients.eligibility import Reason
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import aftermath, forecast, pauses, reports, second_try
from sms.models import GroupMessage, Message, SendingPause
from sms.quiet import QuietHours
from sms.status import Status

lists = require_http_methods(["GET", "HEAD", "POST"])
STOP_POLLING = 286  # htmx: this answer is the last one


@permission_required("sms.view_groupmessage", raise_exception=True)
@lists
@posted_search
def group_list(request: HttpRequest) -> HttpResponse:
    text = searched_for(request)
    found = GroupMessage.objects.select_related("created_by", "confirmed_by")
    if text:
        found = found.filter(body__icontains=text)
    context = {
        "page": page_of(request, found, per_page=25),
        "q": text,
        "coming": GroupMessage.objects.coming(timezone.now())[:5],
    }
    return render(request, "sms/group_list.html", context)


@permission_required("sms.view_groupmessage", raise_exception=True)
@require_safe
def detail(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(_with_people(), pk=group_id)
    if group.is_draft:
        return redirect("sms:review", group_id)
    standing = _standing(group, timezone.now())
    around = {
        "may_go_back": reports.may_go_back(group),
        "opted_out": aftermath.opted_out(group).count() if group.frozen_at else 0,
    }
    return render(request, "sms/group_detail.html", standing | around)


@permission_required("sms.view_groupmessage", raise_exception=True)
@require_safe
def progress(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The counts alone, for the page to fetch again and again until there is nothing more to come.

    `?phase=` is what the page around them knows.
    """
    group = get_object_or_404(_with_people(), pk=group_id)
    standing = _standing(group, timezone.now())
    answer = render(request, "sms/_progress.html", standing, status=200 if standing["live"] else STOP_POLLING)
    if request.GET.get("phase", standing["phase"]) != standing["phase"] or not standing["live"]:
        # What is around the counts changes too: who is left out, what may be done, that nothing more is to come.
        answer["HX-Refresh"] = "true"
    return answer


def _with_people() -> QuerySet[GroupMessage]:
    return GroupMessage.objects.select_related("confirmed_by", "paused_by", "cancelled_by")


def _standing(group: GroupMessage, now: datetime) -> dict[str, Any]:
    progress = reports.progress(group)
    pause = SendingPause.objects.in_force().first()
    waiting = progress.per_status.get(Status.QUEUED, 0)
    quiet = QuietHours.of(SmsSettings.load())
    openings = reports.openings(group, quiet, now=now) if group.is_under_way else []
    resting = sum(opening.number for opening in openings)
    phase = "waiting" if group.waits_until(now) else group.status
    return {
        "group": group,
        "progress": progress,
        "to_do": aftermath.to_do(group),
        "pause": pause,
        "pause_meaning": pauses.why(pause) if pause else None,
        "forecast": forecast.while_sending(purpose=group.purpose, waiting=waiting, now=now),
        "time_is_over_at": group.send_by,
        "not_sent": second_try.waiting_for_a_person(group),
        "unknown": progress.per_status.get(Status.UNKNOWN, 0),
        "phase": phase if group.frozen_at else f"{phase}-without-list",
        "waits_until": group.waits_until(now),
        "quiet": quiet,
        "openings": openings,
        "others": progress.waiting - resting,
        "live": group.is_under_way or progress.undecided > 0 or progress.awaiting_news > 0,
        "poll_seconds": _poll_seconds(group, now, all_rest=0 < resting == progress.undecided),
    }


def _poll_seconds(group: GroupMessage, now: datetime, *, all_rest: bool) -> int:
    """How often the page asks again: rarely while nothing can happen, such that a day's wait is no load."""
    begins = group.waits_until(now)
    if all_rest or (begins and begins > now + timedelta(hours=1)):
        return 60
    return 10 if group.is_paused else 2


@permission_required("sms.view_groupmessage", raise_exception=True)
@lists
@posted_search
def people(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Who got it and who did not: `?status=`, `?reason=`, `?code=` (or "none"), `?opted_out=1`, a search."""
    group = get_object_or_404(GroupMessage, pk=group_id)
    status, reason, code = (request.GET.get(name, "") for name in ("status", "reason", "code"))
    text = searched_for(request)
    found = Message.objects.filter(group=group)
    if opted_out := "opted_out" in request.GET:
        found = aftermath.opted_out(group)
    if status in Status.values:
        found = found.filter(status=status)
    if reason in Reason.values:
        found = found.filter(left_out_reason=reason)
    if has_code := aftermath.is_code(code):
        found = found.filter(aftermath.failed_with(code))
    if text:
        matches = Patient.objects.search(text, country=SmsSettings.load().country)
        found = found.filter(patient__in=matches.order_by().values("pk"))
    context = {
        "group": group,
        "page": stretch_of(request, found.select_related("patient").order_by("pk")),
        "status": Status(status) if status in Status.values else None,
        "reason": Reason(reason) if reason in Reason.values else None,
        "code": code if has_code else "",
        "meaning": aftermath.meaning_of(code) if has_code else None,
        "opted_out": opted_out,
        "q": text,
    }
    return render(request, "sms/group_people.html", context)


@permission_required(("sms.view_groupmessage", "patients.export_patient"), raise_exception=True)
@never_cache
@require_POST
def download(request: HttpRequest, group_id: UUID) -> StreamingHttpResponse:
    """Posted, so that no link makes a browser fetch everybody's data."""
    group = get_object_or_404(GroupMessage, pk=group_id)
    zone = SmsSettings.load().zone
    lines = aftermath.recipients_csv(group, zone=zone, user=staff(request).pk)
    return csv_download(
        lines, name="group-sms", on=(group.confirmed_at or group.created_at).astimezone(zone).date()
    )
