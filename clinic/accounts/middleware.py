"""Between the browser and every page: nobody stays logged in at an empty desk, and senders have a second step."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import ngettext

from clinic.accounts.apps import SEEN_AT
from clinic.accounts.roles import SEND_TO_GROUPS
from settings_app.middleware import settings_of

GetResponse = Callable[[HttpRequest], HttpResponse]

# The session is not written at every click.
SEEN_EVERY = 20.0  # seconds

# What somebody without a second step still needs, to set one up or to leave.
OPEN_WITHOUT_SECOND_STEP = frozenset({"account_logout", "account_reauthenticate", "accounts:here"})


class LoginRequired(LoginRequiredMiddleware):
    """Django's, but after log-in a form leads back to the page it stood on, and a live part moves the whole page."""

    def handle_no_permission(  # type: ignore[override]  # a live part is told by a header, not by a redirect
        self, request: HttpRequest, view_func: Callable[..., Any]
    ) -> HttpResponseBase:
        live = request.headers.get("HX-Request") == "true"
        if not live and request.method in {"GET", "HEAD"}:
            return super().handle_no_permission(request, view_func)
        page = request.headers.get("HX-Current-URL") if live else request.headers.get("Referer")
        target = f"{resolve_url(self.get_login_url(view_func))}?{urlencode({'next': _ours(request, page)})}"
        if live:
            return HttpResponse(status=204, headers={"HX-Redirect": target})
        return redirect(target)


class IdleLogout:
    """Logs out whoever did nothing for as many minutes as the settings say. A page that polls does nothing."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            self.watch(request, now=timezone.now().timestamp())
        return self.get_response(request)

    def watch(self, request: HttpRequest, *, now: float) -> None:
        minutes = settings_of(request).idle_minutes
        seen = request.session.get(SEEN_AT, now)
        if minutes and now - seen > minutes * 60:
            logout(request)
            messages.info(
                request,
                ngettext(
                    "You were logged out because nothing happened for %(minutes)s minute. "
                    "Log in to go on where you were.",
                    "You were logged out because nothing happened for %(minutes)s minutes. "
                    "Log in to go on where you were.",
                    minutes,
                )
                % {"minutes": minutes},
            )
        elif SEEN_AT not in request.session or (now - seen >= SEEN_EVERY and _is_activity(request)):
            request.session[SEEN_AT] = now


class SecondStep:
    """If the clinic says so, whoever can send to groups sets up a second step before anything else."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        if not request.user.is_authenticated or not getattr(view, "login_required", True):
            return None
        if not settings_of(request).two_step_for_senders or not request.user.has_perm(SEND_TO_GROUPS):
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name.startswith("mfa_") or name in OPEN_WITHOUT_SECOND_STEP or has_second_step(request.user):
            return None
        return redirect(f"{reverse('mfa_index')}?required")


def has_second_step(user: Any) -> bool:
    """Recovery codes alone are no second step."""
    return bool(is_mfa_enabled(user, [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]))


def _is_activity(request: HttpRequest) -> bool:
    return not (request.headers.get("HX-Request") == "true" and request.method == "GET")


def _ours(request: HttpRequest, page: str | None) -> str:
    """The path of one of our own pages; the overview if it is none."""
    is_ours = url_has_allowed_host_and_scheme(
        page, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    if not page or not is_ours:
        return reverse("overview")
    parts = urlsplit(page)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
