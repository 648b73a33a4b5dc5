"""What staff may still do to a group SMS that was confirmed: one address for each button."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.staff import permission_required, staff
from clinic.words import grouped
from sms import reports, steering, tasks
from sms.models import GroupMessage

allowed = permission_required("sms.send_groupmessage", raise_exception=True)


@allowed
@require_POST
def pause(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    if steering.pause(group_id=group.pk, at=timezone.now(), by=staff(request)):
        messages.success(request, _("Paused. Nothing more leaves until somebody resumes it."))
    else:
        messages.info(request, _("There was nothing to pause. What it is doing now stands below."))
    return redirect("sms:group_detail", group_id)


@allowed
@require_POST
def resume(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    if steering.resume(group_id=group.pk):
        tasks.send_soon()
        messages.success(request, _("It goes on."))
    else:
        messages.info(request, _("It was not paused any more. What it is doing now stands below."))
    return redirect("sms:group_detail", group_id)


@allowed
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Say what has left and what would be stopped, then do it."""
    group = get_object_or_404(GroupMessage, pk=group_id)
    if request.method == "POST":
        stopped = steering.cancel(group_id=group.pk, at=timezone.now(), by=staff(request))
        if stopped is None:
            messages.info(request, _("It was over already, so there was nothing to stop."))
        else:
            said = _("Stopped. %(gone)s had already gone, %(stopped)s never will.")
            numbers = {"gone": grouped(stopped.gone), "stopped": grouped(stopped.stopped)}
            messages.success(request, said % numbers)
    if request.method == "POST" or not group.is_under_way:
        return redirect("sms:group_detail", group_id)
    return render(request, "sms/stop.html", {"group": group, "progress": reports.progress(group)})


@allowed
@require_POST
def back_to_draft(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    if steering.back_to_draft(group_id=group.pk):
        messages.success(
            request, _("Stopped before anything left. It is a draft again: change it, send it, or leave it.")
        )
        return redirect("sms:review", group_id)
    if not GroupMessage.objects.get(pk=group_id).is_under_way:
        messages.info(request, _("It was over already, or is a draft."))
        return redirect("sms:group_detail", group_id)
    messages.warning(
        request, _("The first texts have left, so it cannot become a draft again. You can stop the others.")
    )
    return redirect("sms:stop", group_id)
