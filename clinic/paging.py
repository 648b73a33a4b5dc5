"""One page of a list."""

from typing import TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest

T = TypeVar("T", bound=Model)

PER_PAGE = 50


def page_of(request: HttpRequest, rows: QuerySet[T], *, per_page: int = PER_PAGE) -> Page[T]:
    """The page that `?page=` asks for: the first if it is no number, the last if there are not so many."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))
