"""Searches that leave nothing personal in addresses and access logs: posted, kept in the session, found by a key."""

import secrets
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

SEARCHES_KEPT = 20
LONGEST = 100


def posted_search(view: View[P]) -> View[P]:
    """A list whose form posts `q` and its other filters: the answer is the same list, with a key in place of `q`."""

    @wraps(view)
    def searched(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        query = QueryDict(mutable=True)
        for name in request.POST.keys() - {"q", "csrfmiddlewaretoken"}:
            if value := request.POST.get(name):
                query[name] = value
        if text := _tidy(request.POST.get("q", "")):
            query["search"] = _remember(request, text)
        return redirect(f"{request.path}?{query.urlencode()}")

    return searched


def searched_for(request: HttpRequest) -> str:
    """What was searched for, at most `LONGEST` characters; "" for nothing. A `q` that somebody typed into the
    address is taken as well: it was their choice."""
    kept: dict[str, str] = request.session.get("searches", {})
    return kept.get(request.GET.get("search", ""), "") or _tidy(request.GET.get("q", ""))


def _remember(request: HttpRequest, text: str) -> str:
    key = secrets.token_urlsafe(6)
    kept = [*request.session.get("searches", {}).items(), (key, text)]
    request.session["searches"] = dict(kept[-SEARCHES_KEPT:])
    return key


def _tidy(text: str) -> str:
    # PostgreSQL takes no NUL in a text.
    return text.replace("\0", "").strip()[:LONGEST]


def forget_searches(*, at: datetime) -> None:
    """Forget what everybody has searched for, since a name may be among it. Pages of results show everything then."""
    Session.objects.filter(expire_date__lt=at).delete()
    for session in Session.objects.iterator(100):
        kept = session.get_decoded()
        if kept.pop("searches", None):
            Session.objects.filter(pk=session.pk).update(session_data=Session.objects.encode(kept))
