"""The job that is done most: from the overview to a group SMS that is on its way.

In few interactions, by keyboard alone, and with JavaScript off.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.clinic import MARKETING_NUMBERS, Clinic, wait

pytestmark = pytest.mark.browser

AT_MOST = 8
# Of what has the focus: its name; whether one sees that; whether anything lies over it.
FOCUSED = """() => {
    const focused = document.activeElement;
    const name = focused.labels?.[0]?.innerText || focused.innerText || focused.getAttribute('aria-label') || '';
    const ring = [focused, focused.parentElement].some(each => parseFloat(getComputedStyle(each).outlineWidth) > 0
        && getComputedStyle(each).outlineStyle !== 'none');
    const box = focused.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height / 2, 20)];
    const top = document.elementFromPoint(x, y);
    const clear = top !== null && (focused.contains(top) || top.contains(focused) || top.matches('label'));
    return { name: name.trim().replace(/\\s+/g, ' '), ring, clear, id: focused.id, tag: focused.tagName };
}"""


class Hand:
    """Does what a person does, and counts it: a click, or a text typed in one go, is one interaction."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def click(self, what: Locator) -> None:
        self.done.append(f"click “{what.inner_text().strip()}”")
        what.click()

    def type(self, into: Locator, text: str) -> None:
        """Into what has the focus, or else with a click before."""
        if not into.evaluate("field => field === document.activeElement"):
            self.done.append("click into the field")
            into.click()
        self.done.append(f"type “{text}”")
        into.page.keyboard.type(text)


def test_from_the_overview_to_sent_in_few_interactions(clinic: Clinic, staff: Page) -> None:
    hand = Hand()
    hand.click(staff.get_by_role("link", name="New group SMS"))
    hand.type(staff.get_by_label("Message", exact=True), "We are closed this afternoon (few).")
    hand.click(staff.get_by_role("button", name="Review"))
    hand.click(staff.get_by_role("button", name=re.compile("^Send to")))
    expect(staff.get_by_role("heading", name="The text")).to_be_visible()
    wait(lambda: clinic.texted("(few)") != [], "the first text")
    assert len(hand.done) <= AT_MOST, "\n".join(hand.done)


def test_by_keyboard_alone(clinic: Clinic, staff: Page) -> None:
    staff.goto("/")
    skip = next_stop(staff)
    assert skip["name"] == "Skip to the content"
    assert skip["ring"]
    staff.keyboard.press("Enter")
    assert staff.evaluate("document.activeElement.id") == "main"
    tab_to(staff, "New group SMS")
    staff.keyboard.press("Enter")
    staff.wait_for_url("**/sms/new/")
    tab_to(staff, "Message")
    staff.keyboard.type("Flu vaccines are in (keys).")
    tab_to(staff, "This is a marketing message")
    staff.keyboard.press("Space")
    tab_to(staff, "Review")
    staff.keyboard.press("Enter")
    staff.wait_for_url("**/review/")
    expected = clinic.numbers(MARKETING_NUMBERS)
    tab_to(staff, f"Send to {len(expected):,} patients")
    staff.keyboard.press("Enter")
    expect(staff.get_by_role("heading", name="Finished")).to_be_visible(timeout=120_000)
    tab_to(staff, "Use again")
    assert clinic.until_texted("(keys)", len(expected)) == expected


def next_stop(page: Page) -> dict[str, Any]:
    page.keyboard.press("Tab")
    stop: dict[str, Any] = page.evaluate(FOCUSED)
    return stop


def tab_to(page: Page, name: str) -> None:
    """From one stop to the next, until the one of this name: at each, the focus is seen and nothing covers it."""
    assert page.locator("[tabindex]:not([tabindex='0'], [tabindex='-1'])").count() == 0
    passed = []
    for _ in range(60):
        stop = next_stop(page)
        passed.append(stop["name"] or stop["tag"])
        assert stop["ring"], f"no ring round “{passed[-1]}”"
        assert stop["clear"], f"something lies over “{passed[-1]}”"
        if stop["name"] == name:
            return
    raise AssertionError(f"{name} was not reached, but: {passed}")


def test_the_menu_of_a_small_screen_opens_and_closes_by_keyboard(
    clinic: Clinic, staff: Page, browser: Browser
) -> None:
    size: Any = {"width": 320, "height": 640}
    state: Any = staff.context.storage_state()
    with browser.new_context(base_url=clinic.url, viewport=size, storage_state=state) as context:
        page = context.new_page()
        page.goto("/")
        entry = page.get_by_role("link", name="Patients", exact=True)
        expect(entry).to_be_hidden()
        tab_to(page, "Menu")
        page.keyboard.press("Enter")
        expect(entry).to_be_visible()
        tab_to(page, "Patients")
        page.keyboard.press("Escape")
        expect(entry).to_be_hidden()
        assert page.evaluate(FOCUSED)["name"] == "Menu"


@pytest.fixture
def plain(clinic: Clinic, browser: Browser) -> Iterator[Page]:
    """A browser without JavaScript, at the log-in."""
    with browser.new_context(base_url=clinic.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/")
        yield page


def test_with_javascript_off(clinic: Clinic, plain: Page) -> None:
    plain.get_by_label("Username").fill("sender")
    plain.get_by_label("Password").fill(clinic.logins["sender"])
    plain.get_by_role("button", name="Log in").click()
    plain.get_by_role("link", name="New group SMS").click()
    plain.get_by_label("Message", exact=True).fill("Winter check-ups (plain).")
    plain.get_by_label("This is a marketing message").check()
    plain.get_by_role("button", name="Review").click()
    expected = clinic.numbers(MARKETING_NUMBERS)
    plain.get_by_role("button", name=f"Send to {len(expected):,} patients").click()
    # The page comes anew by itself, so nobody need press anything.
    expect(plain.get_by_role("heading", name="Finished")).to_be_visible(timeout=120_000)
    assert clinic.until_texted("(plain)", len(expected)) == expected
