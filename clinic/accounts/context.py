"""What every page's frame needs to know."""

from typing import Any

from django.http import HttpRequest

from settings_app.middleware import settings_of


def idle_log_out(request: HttpRequest) -> dict[str, Any]:
    """`idle_minutes`: after how long a logged-in browser is logged out; 0 for never, and for strangers."""
    user = getattr(request, "user", None)
    return {"idle_minutes": settings_of(request).idle_minutes if user and user.is_authenticated else 0}
