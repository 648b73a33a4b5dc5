"""The group SMS that were written, and what became of one of them."""

from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic.paging import page_of
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required
from patients.eligibility import Reason
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import forecast, pauses, reports, second_try
from sms.models import GroupMessage, Message, SendingPause
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
    return render(request, "sms/group_list.html", {"page": page_of(request, found, per_page=25), "q": text})


@permission_required("sms.view_groupmessage", raise_exception=True)
@require_safe
def detail(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage.objects.select_related("confirmed_by"), pk=group_id)
    if group.is_draft:
        return redirect("sms:review", group_id)
    return render(request, "sms/group_detail.html", _standing(group))


@permission_required("sms.view_groupmessage", raise_exception=True)
@require_safe
def progress(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The counts alone, for the page to fetch again and again until there is nothing more to come."""
    group = get_object_or_404(GroupMessage.objects.select_related("confirmed_by"), pk=group_id)
    standing = _standing(group)
    answer = render(request, "sms/_progress.html", standing, status=200 if standing["live"] else STOP_POLLING)
    list_is_there = request.GET.get("list") == "awaited" and group.frozen_at
    if list_is_there or not standing["live"]:
        # What is around the counts changes too: who is left out, and that nothing more is to come.
        answer["HX-Refresh"] = "true"
    return answer


def _standing(group: GroupMessage) -> dict[str, Any]:
    progress = reports.progress(group)
    pause = SendingPause.objects.in_force().first()
    waiting = progress.per_status.get(Status.QUEUED, 0)
    return {
        "group": group,
        "progress": progress,
        "pause": pause,
        "pause_meaning": pauses.why(pause) if pause else None,
        "forecast": forecast.while_sending(purpose=group.purpose, waiting=waiting, now=timezone.now()),
        "time_is_over_at": group.send_by,
        "not_sent": second_try.waiting_for_a_person(group),
        "unknown": progress.per_status.get(Status.UNKNOWN, 0),
        "live": not group.is_finished or progress.awaiting_news > 0,
    }


@permission_required("sms.view_groupmessage", raise_exception=True)
@lists
@posted_search
def people(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Who got it and who did not: `?status=`, `?reason=`, and a search for a patient."""
    group = get_object_or_404(GroupMessage, pk=group_id)
    status, reason = request.GET.get("status", ""), request.GET.get("reason", "")
    text = searched_for(request)
    wanted = Q(group=group)
    if status in Status.values:
        wanted &= Q(status=status)
    if reason in Reason.values:
        wanted &= Q(left_out_reason=reason)
    if text:
        matches = Patient.objects.search(text, country=SmsSettings.load().country)
        wanted &= Q(patient__in=matches.order_by().values("pk"))
    found = Message.objects.filter(wanted).select_related("patient").order_by("pk")
    context = {
        "group": group,
        "page": page_of(request, found),
        "status": Status(status) if status in Status.values else None,
        "reason": Reason(reason) if reason in Reason.values else None,
        "q": text,
    }
    return render(request, "sms/group_people.html", context)
