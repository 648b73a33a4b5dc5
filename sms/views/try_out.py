"""A group SMS on the phone of whoever writes it, before anybody else gets it."""

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.staff import permission_required, staff
from sms import tasks, try_out
from sms.models import GroupMessage


@permission_required(("sms.send_groupmessage", "sms.send_message"), raise_exception=True)
@require_POST
def to_own_phone(request: HttpRequest, group_id: UUID) -> HttpResponse:
    group = get_object_or_404(GroupMessage, pk=group_id)
    if not group.is_draft:
        return redirect("sms:group_detail", group_id)
    try:
        try_out.send(group=group, by=staff(request), request_key=_key(request), at=timezone.now())
    except try_out.CannotTryOut:
        messages.warning(request, _("No test was sent: see below what is missing."))
    else:
        tasks.send_soon()
        messages.success(request, _("A test is on its way to your phone."))
    return redirect("sms:review", group_id)


def _key(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("request_key", ""))
    except ValueError:
        return uuid4()
