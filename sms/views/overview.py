"""The first page: what needs a person, what is running, what was sent."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from patients.models import Patient
from settings_app.models import SmsSettings
from sms import forecast, pauses, reports, restored
from sms.models import GroupMessage, Heartbeat, InboundMessage, Message, OddCallback, SendingPause
from sms.status import GroupStatus, Status

TODAY = timedelta(days=1)
SHOWN = 5


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    pause = SendingPause.objects.in_force().first()
    running = GroupMessage.objects.running(now).select_related("confirmed_by")
    settings = SmsSettings.load()
    in_vain = reports.reminders_in_vain(now=now)
    active = Patient.objects.active()
    accepting = active.filter(accepts_sms_marketing=True).count()
    context = {
        "settings": settings,
        "month": reports.this_month(settings, now=now),
        "pause": pause,
        "pause_meaning": pauses.why(pause) if pause else None,
        "held_until_tomorrow": forecast.held_until_tomorrow(now=now),
        "odd_callbacks": OddCallback.lately(now=now),
        "comparing": restored.waits(now=now),
        "sender_is_silent": Heartbeat.is_silent(now=now),
        "unknown": Message.objects.filter(status=Status.UNKNOWN).count(),
        "not_sent": Message.objects.filter(status=Status.NOT_SENT).count(),
        "running": [(group, reports.progress(group)) for group in running[:5]],
        "coming": GroupMessage.objects.coming(now)[:3],
        "recent": GroupMessage.objects.exclude(status=GroupStatus.DRAFT).order_by("-confirmed_at")[:5],
        "drafts": GroupMessage.objects.filter(status=GroupStatus.DRAFT)[:3],
        "failed": reports.failed_since(now - TODAY),
        "in_vain": in_vain[:SHOWN],
        "in_vain_total": in_vain.count(),
        "replies": InboundMessage.objects.filter(received_at__gte=now - TODAY).count(),
        "may_be_stops": InboundMessage.objects.waiting().count(),
        "accepting": accepting,
        "refusing": active.count() - accepting,
    }
    return render(request, "sms/overview.html", context)
