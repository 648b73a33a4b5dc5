"""Wrong passwords are counted for a name and an address together: one person's typing locks nobody else out."""

from datetime import datetime
from typing import Any

from allauth.core.internal.httpkit import get_client_ip
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone


def client_ip(request: HttpRequest) -> str:
    """Behind TRUSTED_PROXIES proxies the address that the outermost of them saw, else the other end's own."""
    return get_client_ip(request) or ""


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """As the log-in compares it: were case to count, each spelling would have tries of its own."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(name).strip().casefold()


def locked_until(*, username: str, ip: str) -> datetime | None:
    """When the last failure that counts is forgotten; None if there is none."""
    attempts = AccessAttempt.objects.filter(username=username, ip_address=ip or None)
    last = attempts.order_by("-attempt_time").values_list("attempt_time", flat=True).first()
    return last + settings.AXES_COOLOFF_TIME if last else None


def locked_out(request: HttpRequest, credentials: dict[str, Any] | None = None) -> HttpResponse:
    """The answer to one wrong password too many, with the time at which to try again."""
    until = locked_until(username=typed_name(request, credentials), ip=client_ip(request))
    left = (until or timezone.now() + settings.AXES_COOLOFF_TIME) - timezone.now()
    minutes = max(1, -(-int(left.total_seconds()) // 60))
    answer = render(request, "accounts/locked_out.html", {"until": until, "minutes": minutes}, status=429)
    answer["Retry-After"] = str(max(1, int(left.total_seconds())))
    return answer
