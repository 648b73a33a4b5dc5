"""Long lists are paged by the row that a page begins after: each row once, in order, whatever comes and goes."""

from collections.abc import Callable

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from clinic import paging
from clinic.paging import Stretch, stretch_of
from patients.models import Patient
from tests.factories import PatientFactory

pytestmark = pytest.mark.django_db
Ask = Callable[..., HttpRequest]


@pytest.fixture
def ask(rf: RequestFactory) -> Ask:
    return lambda **query: rf.get("/", query)


@pytest.fixture
def people() -> list[Patient]:
    """Eleven of them, with names that repeat, so that the later fields of the order decide."""
    names = [("Ng", "Bo"), ("Ng", "Al"), ("Ng", "Al"), ("Abe", "Zoe"), ("O'Neil", "Al")]
    for number in range(11):
        last_name, first_name = names[number % 5]
        PatientFactory.create(last_name=last_name, first_name=first_name)
    return list(Patient.objects.all())


def walk(ask: Ask, *, forwards: bool = True, **query: object) -> list[Stretch[Patient]]:
    """The stretches from one that `query` asks for to the last, or to the first."""
    found = [stretch_of(ask(**query), Patient.objects.all(), per_page=4)]
    while (key := found[-1].after if forwards else found[-1].before) is not None:
        asked = {"after" if forwards else "before": key}
        found.append(stretch_of(ask(**asked), Patient.objects.all(), per_page=4))
    return found


def test_every_row_is_shown_once_and_in_order(ask: Ask, people: list[Patient]) -> None:
    shown = walk(ask)
    assert [len(one) for one in shown] == [4, 4, 3]
    assert [patient for one in shown for patient in one] == people
    assert shown[0].before is None
    assert all(one.count == 11 and not one.is_more for one in shown)


def test_the_way_back_shows_the_same(ask: Ask, people: list[Patient]) -> None:
    back = walk(ask, forwards=False, after=people[7].pk)
    assert [list(one) for one in back] == [people[8:], people[4:8], people[:4]]
    assert back[-1].after == people[3].pk


def test_a_page_before_that_would_be_short_is_the_first_page(ask: Ask, people: list[Patient]) -> None:
    [first] = walk(ask, forwards=False, before=people[2].pk)
    assert list(first) == people[:4]


def test_newest_first(ask: Ask, people: list[Patient]) -> None:
    rows = Patient.objects.order_by("-created_at", "-id")
    newest = list(rows)
    assert list(stretch_of(ask(after=newest[1].pk), rows, per_page=2)) == newest[2:4]
    assert list(stretch_of(ask(before=newest[4].pk), rows, per_page=2)) == newest[2:4]


def test_a_row_that_has_left_the_list_keeps_its_place(ask: Ask, people: list[Patient]) -> None:
    rows = Patient.objects.exclude(pk=people[3].pk)
    assert list(stretch_of(ask(after=people[3].pk), rows, per_page=4)) == people[4:8]


@pytest.mark.parametrize("key", ["", "0", "-1", "99999999999999999999", "Maria", "1e3", "\0"])
@pytest.mark.parametrize("asked", ["after", "before"])
def test_a_key_of_nobody_leads_to_the_first_page(
    ask: Ask, people: list[Patient], asked: str, key: str
) -> None:
    assert list(stretch_of(ask(**{asked: key}), Patient.objects.all(), per_page=4)) == people[:4]


def test_after_the_last_row_there_is_the_first_page(ask: Ask, people: list[Patient]) -> None:
    assert list(stretch_of(ask(after=people[-1].pk), Patient.objects.all(), per_page=4)) == people[:4]


def test_nobody_counts_further_than_a_page_can_tell(
    ask: Ask, people: list[Patient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "COUNTED", 10)
    long = stretch_of(ask(), Patient.objects.all(), per_page=4)
    assert (long.count, long.is_more) == (10, True)


def test_an_empty_list(ask: Ask) -> None:
    none = stretch_of(ask(), Patient.objects.all())
    assert (list(none), none.count, none.before, none.after) == ([], 0, None, None)
