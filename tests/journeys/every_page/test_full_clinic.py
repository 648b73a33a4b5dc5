"""Every page of a clinic with plenty of everything, under names that are hard to show."""

import pytest

from clinic import guide
from tests.addresses import PAGES, paths
from tests.journeys.every_page import scenes
from tests.journeys.every_page.walker import Walker
from tests.journeys.still import Still

pytestmark = pytest.mark.browser

STATE = "full"


def test_every_page_of_a_full_clinic(still: Still, manager: Walker) -> None:
    manager.confirm_password()
    values = still.values | {"page": sorted(page.stem for page in guide.FOLDER.glob("*.md"))}
    for name in PAGES:
        for path in paths(name, values):
            manager.open(path)
    assert manager.seen == set(PAGES)


@pytest.mark.parametrize("scene", scenes.SCENES)
def test_what_one_does_on_a_page(still: Still, manager: Walker, scene: scenes.Scene) -> None:
    manager.see(scene.__name__, lambda page: scene(page, still.values))
