"""One page of a list: by number where the list stays short, by the row that it begins after where it may be long."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest

T = TypeVar("T", bound=Model)

PER_PAGE = 50
# Nobody reads further, and a database counts no further for a number on a page.
COUNTED = 10_000


def page_of(request: HttpRequest, rows: QuerySet[T], *, per_page: int = PER_PAGE) -> Page[T]:
    """The page that `?page=` asks for: the first if it is no number, the last if there are not so many."""
    return Paginator(rows, per_page).get_page(request.GET.get("page"))


@dataclass(frozen=True, slots=True)
class Stretch(Generic[T]):
    """Some rows of a list of any length.

    `count` is of the whole list; with `is_more` there are more than that. `before` and `after` are the keys of the
    rows that the previous page ends before and the next one begins after; None where there is no such page.
    """

    rows: Sequence[T]
    count: int
    is_more: bool
    before: Any
    after: Any

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def stretch_of(request: HttpRequest, rows: QuerySet[T], *, per_page: int = PER_PAGE) -> Stretch[T]:
    """What `?after=` or `?before=` asks for: the primary key of a row, so that the address says nothing of anybody.

    As quick on the last page as on the first. `rows` are ordered by fields of their own that are never null, the
    last of them unique. A row that is gone, or no key at all, leads to the first page.
    """
    order = [str(name) for name in rows.query.order_by or rows.model._meta.ordering or ["pk"]]
    counted = rows.order_by().values("pk")[: COUNTED + 1].count()
    found, back, has_come_far = _asked_for(request, rows, order, per_page)
    has_more = len(found) > per_page
    shown = found[:per_page][::-1] if back else found[:per_page]
    return Stretch(
        rows=shown,
        count=min(counted, COUNTED),
        is_more=counted > COUNTED,
        before=shown[0].pk if shown and (has_more if back else has_come_far) else None,
        after=shown[-1].pk if shown and (back or has_more) else None,
    )


def _asked_for(
    request: HttpRequest, rows: QuerySet[T], order: list[str], per_page: int
) -> tuple[list[T], bool, bool]:
    """At most one row more than a page holds; whether they are in reverse; whether a page lies before them."""
    if (row := _row(request.GET.get("before"), rows, order)) is not None:
        found = list(rows.filter(_beyond(_reverse(order), row)).order_by(*_reverse(order))[: per_page + 1])
        if len(found) >= per_page:
            return found, True, True
    elif (row := _row(request.GET.get("after"), rows, order)) is not None:
        found = list(rows.filter(_beyond(order, row))[: per_page + 1])
        if found:
            return found, False, True
    return list(rows[: per_page + 1]), False, False


def _row(key: str | None, rows: QuerySet[T], order: list[str]) -> list[Any] | None:
    """What the row with this key is sorted by. It need not be one of `rows` any more."""
    try:
        model = rows.model
        pk = model._meta.pk.to_python(key) if key else None
    except ValidationError:
        return None
    fields = [name.removeprefix("-") for name in order]
    found = model._base_manager.filter(pk=pk).values_list(*fields).first() if pk is not None else None
    return list(found) if found else None


def _reverse(order: list[str]) -> list[str]:
    return [name.removeprefix("-") if name.startswith("-") else f"-{name}" for name in order]


def _beyond(order: list[str], row: list[Any]) -> Q:
    """Everything that comes after `row`. The bound on the first field alone is what an index starts from."""
    beyond = Q()
    for name, value in reversed(list(zip(order, row, strict=True))):
        field, step = name.removeprefix("-"), "lt" if name.startswith("-") else "gt"
        nearer = Q(**{f"{field}__{step}": value})
        beyond = nearer | Q(**{field: value}) & beyond if beyond else nearer
    first, step = order[0].removeprefix("-"), "lte" if order[0].startswith("-") else "gte"
    return Q(**{f"{first}__{step}": row[0]}) & beyond
