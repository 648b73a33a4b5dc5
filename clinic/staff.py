"""Who is at the keyboard, and what they may open."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase

View = Callable[..., HttpResponseBase]


class NotAllowed(PermissionDenied):
    """A page that somebody may not open. `missing`: "app.codename" of what it takes and they lack."""

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__("A permission is missing.")
        self.missing = tuple(missing)


def staff(request: HttpRequest) -> User:
    """The member of staff behind a request that has passed log-in."""
    assert isinstance(request.user, User)
    return request.user


def permission_required(
    permission: str | Iterable[str], *, raise_exception: bool = True
) -> Callable[[View], View]:
    """Django's decorator, but the refusal knows what was missing, so that the page can say it.

    Whoever is not logged in never comes here: the middleware sends them to the log-in page first.
    """
    assert raise_exception
    wanted = (permission,) if isinstance(permission, str) else tuple(permission)

    def decorator(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            missing = [each for each in wanted if not request.user.has_perm(each)]
            if missing:
                raise NotAllowed(missing)
            return view(request, *args, **kwargs)

        guarded.permissions = wanted  # type: ignore[attr-defined]  # for the test that walks all views
        return guarded

    return decorator
