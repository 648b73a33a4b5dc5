"""Every page of a clinic in which nothing has happened yet."""

from typing import Any

import pytest

from tests.addresses import ARGUMENTS, PAGES, paths
from tests.journeys.every_page.walker import Walker

pytestmark = pytest.mark.browser

STATE = "empty"
ONLY_ME: dict[str, list[Any]] = {"pk": [1], "page": ["first-send"]}
# Of these there is something from the first day on; of all others with arguments there is nothing.
HERE = {"accounts:colleague", "guide_page"}


def test_every_page_of_a_new_clinic(manager: Walker) -> None:
    manager.confirm_password()
    walked = [name for name in PAGES if not ARGUMENTS[name] or name in HERE]
    for name in walked:
        for path in paths(name, ONLY_ME):
            manager.open(path)
    assert manager.seen == set(walked)


def test_the_first_patient_and_the_first_draft(manager: Walker) -> None:
    """With as little as a patient can have, and a text that nobody would get."""
    page = manager.page
    page.goto("/patients/new/")
    page.get_by_label("Last name").fill("Adams")
    page.get_by_role("button", name="Save").click()
    for path in ("", "edit/", "archive/", "deceased/", "appointments/new/", "everything/", "erase/"):
        manager.open(f"/patients/1/{path}")
    manager.open("/sms/patients/1/text/")
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("We have moved.")
    manager.see("a review without anybody", lambda page: page.get_by_role("button", name="Review").click())
    review = page.url
    for path in (f"{review}people/", f"{review}people/?reason=no_mobile", review.replace("review", "edit")):
        manager.open(path)
