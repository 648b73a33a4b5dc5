"""A clinic in the state that the file names, and who walks through it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.every_page.walker import Walker
from tests.journeys.still import Still, open_still


@pytest.fixture(scope="module")
def still(request: pytest.FixtureRequest) -> Iterator[Still]:
    """On SQLite alone: what a page shows does not depend on the database, and other journeys walk on PostgreSQL."""
    with open_still(request.module.STATE, **getattr(request.module, "ENVIRONMENT", {})) as clinic:
        yield clinic


@pytest.fixture
def walker(still: Still, browser: Browser) -> Iterator[Callable[..., Walker]]:
    """Makes walkers, each with a browser of their own. Nothing that they see may be wrong."""
    walkers: list[Walker] = []

    def walker(**options: str) -> Walker:
        walkers.append(Walker(still, browser, **options))
        return walkers[-1]

    yield walker
    found = [each for walker in walkers for each in walker.found]
    for each in walkers:
        each.context.close()
    if found:
        pytest.fail("\n".join(found), pytrace=False)


@pytest.fixture
def stranger(walker: Callable[..., Walker]) -> Walker:
    """Not logged in."""
    return walker()


@pytest.fixture
def manager(walker: Callable[..., Walker]) -> Walker:
    made = walker()
    made.log_in()
    return made
