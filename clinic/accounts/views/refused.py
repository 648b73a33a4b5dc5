"""403: why, and whom to ask."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from clinic.accounts import roles, team
from clinic.staff import NotAllowed, staff


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Names the managers to staff; a stranger never comes here."""
    context: dict[str, Any] = {}
    if request.user.is_authenticated:
        missing = exception.missing if isinstance(exception, NotAllowed) else ()
        context = {
            "role": roles.name_of(roles.role_of(staff(request))),
            "deeds": roles.deeds_that_need(missing),
            "roles": roles.roles_with(missing),
            "managers": team.managers().exclude(pk=staff(request).pk)[:5],
        }
    return render(request, "403.html", context, status=403)
