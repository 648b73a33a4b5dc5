"""A forgotten password, and the page behind the link that an invitation or a forgotten password brings."""

from typing import Any

from allauth.core import ratelimit
from axes.utils import reset
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.accounts.forms import ForgotForm
from clinic.accounts.links import mail_link
from clinic.accounts.throttle import typed_name
from settings_app.models import SmsSettings


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether or not anybody has this address."""
    form = ForgotForm(request.POST or None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        if not ratelimit.consume(request, action="reset_password", key=email.casefold()):
            return render(request, "429.html", status=429)
        for user in User.objects.filter(email__iexact=email, is_active=True):
            mail_link(user, clinic=SmsSettings.load().clinic_name)
        return redirect("accounts:forgot_done")
    return render(request, "accounts/forgot.html", {"form": form})


@login_not_required
@require_safe
def forgot_done(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/forgot_done.html", {"has_mail_server": settings.HAS_MAIL_SERVER})


class PasswordSet(PasswordResetConfirmView):
    """Django keeps the token in the session, so the address that other pages see does not hold it."""

    template_name = "accounts/password_set.html"
    success_url = reverse_lazy("account_login")
    title = _("Choose a password")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.user
        return super().get_context_data(**kwargs) | {
            "owner": user,
            "is_invitation": bool(user) and not user.has_usable_password(),
            "clinic": SmsSettings.load().clinic_name,
            "days": settings.LINK_DAYS,
        }

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        answer = super().form_valid(form)
        # Whoever forgot their password has tried a few before.
        reset(username=typed_name(self.request, {"username": self.user.get_username()}))
        messages.success(self.request, _("Your password is set. Log in with it."))
        return answer
