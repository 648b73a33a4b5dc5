"""What would be sent, to whom, and who is left out; and the one button that sends it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.lib.typed import whole_number
from clinic.paging import stretch_of
from clinic.search import posted_search, searched_for
from clinic.staff import permission_required, staff
from patients.eligibility import Reason
from patients.models import Patient
from settings_app.models import SmsSettings
from sms import alike, audience, composing, forecast, tally, tasks, try_out
from sms.forms import ScheduleForm
from sms.models import GroupMessage
from sms.quiet import Opening, QuietHours


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "POST"])
def review(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    now, settings = timezone.now(), SmsSettings.load()
    later = request.POST if "send_at" in request.POST else None
    form = ScheduleForm(later, zone=settings.time_zone, now=now)
    if request.method == "POST" and (
        later is None or (form.is_valid() and _may_begin(group, settings, form))
    ):
        return _confirm(request, group, starts_at=form.starts_at if later else None)
    if not group.is_draft:
        return redirect("sms:group_detail", group_id)
    context = _what_would_be_sent(group, settings)
    change = _change(request, context["number"])
    context |= {"change": change, "fewer": -change, "form": form, "now": now}
    context |= {"own": try_out.phone_of(staff(request)), "try_out_key": uuid4()}
    context |= _when(group, settings, context["number"], form, now)
    return render(request, "sms/review.html", context)


def _change(request: HttpRequest, number: int) -> int:
    """By how many the list has grown since the page that somebody comes back from; less than 0: shrunk."""
    was = request.GET.get("was", "")
    return number - int(was) if was.isascii() and was.isdecimal() and len(was) < 9 else 0


def _back(group: GroupMessage, number: int) -> str:
    """The review, where staff see what a change has done to the `number` who got it before."""
    return f"{reverse('sms:review', args=[group.pk])}?was={number}"


def _may_begin(group: GroupMessage, settings: SmsSettings, form: ScheduleForm) -> bool:
    """Whether nobody has quiet hours then, or staff know who has: they pressed the button twice."""
    if form.is_explained() or not group.is_draft:
        return True
    number = audience.recipients(group).count()
    return not _resting(group, settings, number, form.starts_at)


def _confirm(request: HttpRequest, group: GroupMessage, *, starts_at: datetime | None) -> HttpResponse:
    at_most = request.POST.get("number", "")
    try:
        confirmed = composing.confirm(
            group_id=group.pk,
            reviewed=request.POST.get("reviewed", ""),
            at_most=whole_number(at_most),
            at=timezone.now(),
            by=staff(request),
            starts_at=starts_at,
        )
    except composing.ReviewAgain as error:
        messages.warning(request, str(error))
        return redirect("sms:review", group.pk)
    if confirmed:
        tasks.freeze_soon(group.pk)
    return redirect("sms:group_detail", group.pk)


def _resting(group: GroupMessage, settings: SmsSettings, number: int, begins: datetime) -> list[Opening]:
    """Of a promotion: whom it is night for when it begins."""
    quiet = QuietHours.of(settings)
    if not group.is_marketing or quiet.are_none:
        return []
    openings = quiet.openings(audience.per_zone(group, number=number), begins)
    return [opening for opening in openings if opening.at > begins]


def _when(
    group: GroupMessage, settings: SmsSettings, number: int, form: ScheduleForm, now: datetime
) -> dict[str, Any]:
    """What the clock means for those who get it: sent now, or at the time in the form."""
    resting = _resting(group, settings, number, now + timedelta(minutes=settings.hold_minutes))
    found: dict[str, Any] = {
        "quiet": QuietHours.of(settings),
        "hold_minutes": settings.hold_minutes,
        "openings": resting,
        "others": number - sum(opening.number for opening in resting),
    }
    if form.is_bound and form.is_valid():
        then = _resting(group, settings, number, form.starts_at)
        found |= {
            "openings_then": then,
            "others_then": number - sum(opening.number for opening in then),
            "starts_at": form.starts_at,
        }
    return found


def _what_would_be_sent(group: GroupMessage, settings: SmsSettings) -> dict[str, Any]:
    found = tally.of(group, audience.whole(group, settings))
    parts = found.parts
    return {
        "group": group,
        "number": found.number,
        "left_out": found.left_out,
        "total": found.number + found.left_out,
        "reasons": [(reason, found.per_reason[reason]) for reason in Reason if reason in found.per_reason],
        "other_number": audience.agreed_for_another_number(group).count(),
        "parts": parts,
        "forecast": forecast.before_sending(purpose=group.purpose, parts=parts.total, now=timezone.now()),
        "time_is_over_at": timezone.now() + composing.SEND_WITHIN,
        "samples": found.samples(),
        "reviewed": composing.fingerprint(group, settings),
        "unexplained": composing.unexplained(group),
        "earlier": alike.nearly_the_same(group, settings, now=timezone.now()),
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
    if reason not in Reason.values:
        reason = ""
    other_number = "other_number" in request.GET
    found: QuerySet[Patient] = audience.everybody(group).filter(left_out_reason=reason)
    if other_number:
        found = audience.agreed_for_another_number(group)
    if text:
        # Everybody is searched, whatever their verdict: the question is "will Maria get it?".
        found = Patient.objects.search(text, country=SmsSettings.load().country)
    page = stretch_of(request, found.order_by("last_name", "first_name", "pk"))
    answers = audience.verdicts_for(group, list(page))
    context = {
        "group": group,
        "page": page,
        "people": [(patient, answers[patient.pk]) for patient in page],
        "reason": Reason(reason) if reason else None,
        "other_number": other_number,
        "back": _back(group, audience.recipients(group).count()),
        "q": text,
    }
    return render(request, "sms/review_people.html", context)


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_POST
def untick(request: HttpRequest, group_id: UUID, patient_id: int) -> HttpResponse:
    """Leave one patient out of a draft, or take them in again (`ticked=yes`)."""
    group, patient = get_object_or_404(GroupMessage, pk=group_id), get_object_or_404(Patient, pk=patient_id)
    number = audience.recipients(group).count()
    ticked = request.POST.get("ticked") == "yes"
    try:
        composing.untick(group_id=group_id, patient_id=patient.pk, ticked=ticked)
    except composing.NotADraft:
        messages.warning(
            request, _("This group SMS has been confirmed, so its list cannot be changed any more.")
        )
        return redirect("sms:group_detail", group_id)
    said = (
        _("%(patient)s is back on the list.") if ticked else _("%(patient)s is left out of this group SMS.")
    )
    messages.success(request, said % {"patient": patient})
    return redirect(_back(group, number))
