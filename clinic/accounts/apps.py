from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.utils import timezone

SEEN_AT = "seen_at"  # in the session: when somebody last did something, in seconds since 1970


class AccountsConfig(AppConfig):
    name = "clinic.accounts"
    label = "accounts"

    def ready(self) -> None:
        user_logged_in.connect(begin_to_watch)


def begin_to_watch(sender: Any, request: HttpRequest, **_: Any) -> None:
    """Logging in is activity, and the session is written then anyway: see `middleware.IdleLogout`."""
    request.session[SEEN_AT] = timezone.now().timestamp()
