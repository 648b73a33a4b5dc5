"""Who is at the keyboard."""

from django.contrib.auth.models import User
from django.http import HttpRequest


def staff(request: HttpRequest) -> User:
    """The member of staff behind a request that has passed log-in."""
    assert isinstance(request.user, User)
    return request.user
