"""The link with which somebody chooses a password: an invitation, or a way back in. It works once, for three days."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext as _

log = logging.getLogger(__name__)


def password_link(user: User) -> str:
    """The address is the clinic's own, never the Host header, which the sender of a request can choose."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    token = default_token_generator.make_token(user)
    path = reverse("accounts:password_set", kwargs={"uidb64": uid, "token": token})
    return f"{settings.PUBLIC_BASE_URL}{path}"


def mail_link(user: User, *, clinic: str) -> bool:
    """Send the link to its owner; whether the mail server took it."""
    if not user.email:
        return False
    kind = "password" if user.has_usable_password() else "invitation"
    context = {"user": user, "clinic": clinic, "link": password_link(user), "days": settings.LINK_DAYS}
    subject = _("%(clinic)s: your log-in") if kind == "invitation" else _("%(clinic)s: a new password")
    try:
        send_mail(
            subject % {"clinic": clinic},
            render_to_string(f"accounts/mail/{kind}.txt", context),
            None,
            [user.email],
        )
    except (SMTPException, OSError) as error:
        # What the server said may name the address: the kind of failure must do.
        log.error("A mail with a password link could not be sent", extra={"error": type(error).__name__})
        return False
    return True
