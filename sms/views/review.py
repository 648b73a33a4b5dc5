"""What would be sent, to whom, and who is left out; and the one button that sends it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from clinic.paging import page_of
from clinic.search import posted_search, searched_for
from clinic.staff import staff
from patients.eligibility import Reason, counts
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import audience, composing, tasks
from sms.models import GroupMessage


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    if request.method == "POST":
        return _confirm(request, group)
    if not group.is_draft:
        return redirect("sms:group_detail", group_id)
    return render(request, "sms/review.html", _what_would_be_sent(group))


def _confirm(request: HttpRequest, group: GroupMessage) -> HttpResponse:
    at_most = request.POST.get("number", "")
    try:
        confirmed = composing.confirm(
            group_id=group.pk,
            reviewed=request.POST.get("reviewed", ""),
            at_most=int(at_most) if at_most.isdecimal() else 0,
            at=timezone.now(),
            by=staff(request),
        )
    except composing.ReviewAgain as error:
        messages.warning(request, str(error))
        return redirect("sms:review", group.pk)
    if confirmed:
        tasks.freeze_soon(group.pk)
    return redirect("sms:group_detail", group.pk)


def _what_would_be_sent(group: GroupMessage) -> dict[str, Any]:
    settings = SmsSettings.load()
    per_reason = counts(audience.everybody(group))
    number = per_reason.pop("", 0)
    return {
        "group": group,
        "number": number,
        "left_out": sum(per_reason.values()),
        "total": number + sum(per_reason.values()),
        "reasons": [(reason, per_reason[reason]) for reason in Reason if reason in per_reason],
        "other_number": audience.agreed_for_another_number(group).count(),
        "parts": audience.parts(group, settings),
        "samples": audience.samples(group, settings),
        "reviewed": composing.fingerprint(group, settings),
        "unexplained": composing.unexplained(group),
    }


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "HEAD", "POST"])
@posted_search
def people(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The patients behind a number of the review page: `?reason=`, empty for those who get it; or a search.

    `?other_number=1` shows those who get it though they agreed for another number.
    """
    group = get_object_or_404(GroupMessage, pk=group_id)
    if not group.is_draft:
        return redirect("sms:group_detail", group_id)
    reason, text = request.GET.get("reason", ""), searched_for(request)
    other_number = "other_number" in request.GET
    found: QuerySet[Patient] = audience.everybody(group).filter(left_out_reason=reason)
    if other_number:
        found = audience.agreed_for_another_number(group)
    if text:
        # Everybody is searched, whatever their verdict: the question is "will Maria get it?".
        found = Patient.objects.search(text, country=SmsSettings.load().country)
    page = page_of(request, found.order_by("last_name", "first_name", "pk"))
    answers = audience.verdicts_for(group, list(page))
    context = {
        "group": group,
        "page": page,
        "people": [(patient, answers[patient.pk]) for patient in page],
        "reason": Reason(reason) if reason in Reason.values else None,
        "other_number": other_number,
        "q": text,
    }
    return render(request, "sms/review_people.html", context)


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_POST
def untick(request: HttpRequest, group_id: UUID, patient_id: int) -> HttpResponse:
    """Leave one patient out of a draft, or take them in again (`ticked=yes`)."""
    patient = get_object_or_404(Patient, pk=patient_id)
    ticked = request.POST.get("ticked") == "yes"
    try:
        composing.untick(group_id=group_id, patient_id=patient.pk, ticked=ticked)
    except composing.NotADraft:
        messages.warning(
            request, "This group SMS has been confirmed, so its list cannot be changed any more."
        )
        return redirect("sms:group_detail", group_id)
    messages.success(
        request, f"{patient} is {'back on the list' if ticked else 'left out of this group SMS'}."
    )
    return redirect("sms:review", group_id)
