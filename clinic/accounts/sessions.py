"""The browsers in which somebody is logged in."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import gettext as _

from clinic.accounts.apps import SEEN_AT

_BROWSERS = (("Edg", "Edge"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """One browser: what it says it is, the address it came from, when it was last used."""

    pk: int
    browser: str
    ip: str
    since: datetime
    seen_at: datetime | None
    is_this: bool


def places(request: HttpRequest, user: User) -> list[Place]:
    """This browser first, then the others, the newest first. What has ended in between is forgotten."""
    UserSession.objects.create_from_request(request)
    found = [_place(each, request) for each in UserSession.objects.purge_and_list(user)]
    return sorted(found, key=lambda place: (not place.is_this, -place.since.timestamp()))


def end(*, user: User, pk: int) -> bool:
    """Log one of the user's own browsers out; False if it was not there any more."""
    session = UserSession.objects.filter(user=user, pk=pk).first()
    if session is None:
        return False
    session.end()
    return True


def end_others(*, user: User, key: str) -> int:
    """Log all browsers of the user out but the one with this session key; how many."""
    others = list(UserSession.objects.filter(user=user).exclude(session_key=key))
    for session in others:
        session.end()
    return len(others)


def browser_name(agent: str) -> str:
    """What a user agent calls itself, as staff would say it: "Chrome on Windows"."""
    browser = next((name for word, name in _BROWSERS if word in agent), _("A browser"))
    system = next((name for word, name in _SYSTEMS if re.search(rf"\b{word}", agent)), "")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


def _place(session: UserSession, request: HttpRequest) -> Place:
    store = import_module(settings.SESSION_ENGINE).SessionStore(session.session_key)
    seen = store.get(SEEN_AT)
    return Place(
        pk=session.pk,
        browser=browser_name(session.user_agent),
        ip=session.ip,
        since=session.created_at,
        seen_at=datetime.fromtimestamp(seen, UTC) if seen else None,
        is_this=session.session_key == request.session.session_key,
    )
