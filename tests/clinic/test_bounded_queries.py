"""No page asks the database more often of a clinic of a thousand than of one of ten, whatever there is more of."""

from collections.abc import Callable, Iterator

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.addresses import FILTERED, NAMES, PAGES, paths
from tests.crowd import Crowd
from tests.factories import NOW

FEW, MANY = 10, 1000
# Of these there is one, or one for each sender.
ONE_ROW = {"SmsSettings", "Heartbeat", "SenderBudget"}


@pytest.fixture
def crowd(manager: User) -> Iterator[Crowd]:
    """By a clock that stands, so that nothing is asked because a while has passed."""
    with time_machine.travel(NOW, tick=False):
        yield Crowd(by=manager, now=NOW)


@pytest.mark.django_db
def test_no_page_asks_more_often_of_a_thousand_than_of_ten(
    crowd: Crowd, log_in: Callable[[User], Client]
) -> None:
    client = log_in(crowd.by)
    crowd.grow(FEW)
    places = list(everywhere(crowd))
    questions(client, places)  # fills the caches that last for as long as the process
    few = questions(client, places)
    crowd.grow(MANY)
    rows = {model.__name__: model.objects.count() for model in ours()}
    assert [name for name, number in rows.items() if number < MANY] == []
    assert {path: more for path, more in questions(client, places).items() if more > few[path]} == {}


def ours() -> list[type]:
    models = [model for name in ("patients", "sms") for model in apps.get_app_config(name).get_models()]
    return [model for model in models if model.__name__ not in ONE_ROW]


def everywhere(crowd: Crowd) -> Iterator[tuple[str, str]]:
    """The name of every address with its path, and once more with each of its filters."""
    values = crowd.values()
    for name in NAMES:
        for path in paths(name, values):
            yield from ((name, path + query) for query in ["", *FILTERED.get(name, [])])


def questions(client: Client, places: list[tuple[str, str]]) -> dict[str, int]:
    """How many queries each page makes, by its path. All pages are there."""
    found, no_pages = {}, {}
    for name, path in places:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(path)
        found[path] = len(asked)
        # Those of django-allauth want one's password once more.
        if answer.status_code != 200 and name in PAGES and not name.startswith("mfa_"):
            no_pages[path] = answer.status_code
    assert no_pages == {}
    return found
