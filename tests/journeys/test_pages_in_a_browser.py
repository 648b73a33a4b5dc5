"""Every page of a lived-in clinic, in both themes and widths: accessible, silent, and never scrolling sideways."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.journeys.clinic import Clinic

pytestmark = pytest.mark.browser

GROUP = "SELECT id FROM sms_groupmessage WHERE status = 'finished' LIMIT 1"
BLOCKED = """
    SELECT patients_patient.id FROM patients_patient
    JOIN patients_suppressednumber USING (phone) WHERE lifted_at IS NULL LIMIT 1
"""


def paths(clinic: Clinic) -> list[str]:
    """The addresses of all pages that show something."""
    ((group,),) = clinic.ask(GROUP)
    group = str(group)
    ((blocked,),) = clinic.ask(BLOCKED)
    group = group if "-" in group else "-".join(re.findall(r"^(.{8})(.{4})(.{4})(.{4})(.{12})$", group)[0])
    return [
        "/",
        "/patients/",
        "/patients/?q=zzzz",
        "/patients/new/",
        "/patients/1/",
        f"/patients/{blocked}/",
        "/patients/1/edit/",
        "/patients/1/archive/",
        "/patients/1/deceased/",
        "/sms/",
        "/sms/new/",
        "/sms/saved/",
        "/sms/saved/new/",
        f"/sms/{group}/",
        f"/sms/{group}/people/?status=left_out",
        "/sms/log/",
        "/sms/inbox/",
        f"/sms/patients/{blocked}/text/",
        "/settings/sms/",
        "/settings/sms/apply/?to=accept",
        "/accounts/password/",
        "/nowhere/",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_pages_are_accessible_and_fit(
    clinic: Clinic, staff: Page, browser: Browser, scheme: Any, width: int
) -> None:
    size: Any = {"width": width, "height": 900}
    state = staff.context.storage_state()
    with browser.new_context(
        base_url=clinic.url, color_scheme=scheme, viewport=size, storage_state=state
    ) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(f"{page.url} {line.text}"))
        pages = [*paths(clinic), review(page)]
        complaints += [complaint for path in pages for complaint in look_at(page, path)]
    # A page that is not there is told so by the browser as well.
    assert [said for said in complaints if "404 (Not Found)" not in said] == []


def review(page: Page) -> str:
    """A group SMS that waits for its review; returns the review's address."""
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("Hi {first_name}, we have moved.")
    page.get_by_label("This is a marketing message").check()
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/review/")
    return page.url


def look_at(page: Page, path: str) -> list[str]:
    page.goto(path)
    found = [f"{path}: {rule['id']}" for rule in Axe().run(page).response["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"{path}: scrolls sideways")
    return found
