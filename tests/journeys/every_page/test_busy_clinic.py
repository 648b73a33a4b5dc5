"""What pages show while much goes on behind them."""

import pytest
from playwright.sync_api import Page

from tests.journeys.every_page.walker import Walker
from tests.journeys.still import Still

pytestmark = pytest.mark.browser

STATE = "busy"


def test_what_goes_on_behind_the_pages(still: Still, manager: Walker) -> None:
    running, draft = still.values["group_id"]
    for path in (
        "/",
        "/settings/sms/",
        "/settings/sms/apply/1/",
        f"/sms/{running}/",
        f"/sms/{draft}/review/",
    ):
        manager.open(path)
    manager.see("one change at a time", apply_to_all)


def apply_to_all(page: Page) -> None:
    page.goto("/settings/sms/apply/?to=accept")
    page.get_by_role("heading", name="Set to yes").wait_for()
