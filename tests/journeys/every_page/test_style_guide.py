"""The page for those who change the pages: each part of them once, in a clinic that is being developed."""

import pytest

from tests.journeys.every_page.walker import Walker

pytestmark = pytest.mark.browser

STATE, ENVIRONMENT = "empty", {"DEBUG": "True"}


def test_the_style_guide(manager: Walker) -> None:
    manager.open("/styleguide/")
