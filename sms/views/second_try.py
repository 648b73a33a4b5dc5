"""Send a group SMS to those of its list who provably did not get it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from clinic.lib.typed import whole_number
from clinic.staff import permission_required, staff
from clinic.words import grouped
from sms import second_try, tasks
from sms.models import GroupMessage


@permission_required("sms.send_groupmessage", raise_exception=True)
@require_POST
def send_again(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """`number` is how many the page showed: never more are sent."""
    get_object_or_404(GroupMessage, pk=group_id)
    shown = request.POST.get("number", "")
    queued = second_try.for_group(
        group_id=group_id,
        at_most=whole_number(shown),
        at=timezone.now(),
        by_id=staff(request).pk,
    )
    if queued:
        tasks.send_soon()
        said = ngettext(
            "It goes once more to %(number)s patient.", "It goes once more to %(number)s patients.", queued
        )
        messages.success(request, said % {"number": grouped(queued)})
    else:
        messages.warning(
            request, _("Nothing was sent: these texts have moved on since. See how they stand now.")
        )
    return redirect("sms:group_detail", group_id)
