"""Write a group SMS, or change a draft."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.staff import permission_required, staff
from sms import composing
from sms.forms import GroupMessageForm
from sms.models import GroupMessage


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    form = GroupMessageForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        group = composing.create_draft(**form.cleaned_data, at=timezone.now(), by=staff(request))
        return redirect("sms:review", group.pk)
    return render(request, "sms/compose.html", {"form": form})


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    form = GroupMessageForm(request.POST or None, instance=group)
    if request.method == "POST" and form.is_valid():
        try:
            composing.change_draft(group_id=group_id, **form.cleaned_data)
        except composing.NotADraft:
            return _too_late(request, group_id)
        return redirect("sms:review", group_id)
    if not group.is_draft:
        return _too_late(request, group_id)
    return render(request, "sms/compose.html", {"form": form, "group": group})


def _too_late(request: HttpRequest, group_id: UUID) -> HttpResponse:
    messages.warning(request, "This group SMS has been confirmed, so it cannot be changed any more.")
    return redirect("sms:group_detail", group_id)
