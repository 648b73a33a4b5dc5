"""The first page: what needs a person, what is running, what was sent."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from patients.models import Patient
from sms import gateway, reports
from sms.models import GroupMessage, Heartbeat, Message, SendingPause
from sms.status import GroupStatus, Status

LATELY = timedelta(days=30)


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    pause = SendingPause.objects.in_force().first()
    running = GroupMessage.objects.filter(status__in=[GroupStatus.CONFIRMED, GroupStatus.SENDING])
    context = {
        "pause": pause,
        "pause_meaning": gateway.meaning(pause.error_code) if pause else None,
        "sender_is_silent": Heartbeat.is_silent(now=now),
        "unknown": Message.objects.filter(status=Status.UNKNOWN).count(),
        "not_sent": Message.objects.filter(status=Status.NOT_SENT).count(),
        "running": [(group, reports.progress(group)) for group in running[:5]],
        "recent": GroupMessage.objects.exclude(status=GroupStatus.DRAFT).order_by("-confirmed_at")[:5],
        "drafts": GroupMessage.objects.filter(status=GroupStatus.DRAFT)[:3],
        "sent": reports.sent_since(now - LATELY),
        "patients": Patient.objects.active().count(),
        "accepting": Patient.objects.active().filter(accepts_sms_marketing=True).count(),
    }
    return render(request, "sms/overview.html", context)
