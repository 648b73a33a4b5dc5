"""The composer as people use it: while typing, by keyboard alone, in two tabs, and with JavaScript off."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.clinic import Clinic

pytestmark = pytest.mark.browser

PROMOTION = "Special offer: 20% off all massages"


@pytest.fixture
def without_javascript(clinic: Clinic, browser: Browser, staff: Page) -> Iterator[Page]:
    state = staff.context.storage_state()
    with browser.new_context(base_url=clinic.url, java_script_enabled=False, storage_state=state) as context:
        yield context.new_page()


def write(page: Page, text: str) -> None:
    """Type, until the answer to these words is there."""
    page.get_by_label("Message", exact=True).fill(text)
    expect(page.locator("#saving")).to_contain_text("Saved at")


def test_the_page_answers_while_one_types_and_saves_what_was_typed(staff: Page) -> None:
    staff.goto("/sms/new/")
    staff.get_by_label("Message", exact=True).press_sequentially("Hi {first_name}, we’re closed", delay=10)
    expect(staff.locator("#counter")).to_contain_text("1 part")
    expect(staff.locator("#saving")).to_contain_text("Saved at")
    expect(staff.locator(".phone mark")).to_have_text("’")
    assert staff.evaluate("document.activeElement.id") == "id_body"
    staff.wait_for_url("**/edit/")
    staff.reload()
    expect(staff.get_by_label("Message", exact=True)).to_have_value("Hi {first_name}, we’re closed")


def test_by_keyboard_alone(staff: Page) -> None:
    staff.goto("/sms/new/")
    staff.get_by_label("Message", exact=True).focus()
    staff.keyboard.type("Hi {first_name}, we’re closed")
    phone = staff.locator(".phone .sms")
    expect(phone).to_contain_text("closed")
    first = phone.inner_text()
    _tab_to(staff, "phone-next")
    staff.keyboard.press("Enter")
    expect(phone).not_to_have_text(first)
    expect(staff.locator("#phone-next")).to_be_focused()
    _tab_to(staff, "swap")
    staff.keyboard.press("Enter")
    message = staff.get_by_label("Message", exact=True)
    expect(message).to_have_value("Hi {first_name}, we're closed")
    expect(message).to_be_focused()
    staff.keyboard.press("Tab")
    staff.keyboard.press("Tab")
    staff.keyboard.press("Enter")
    staff.wait_for_url("**/review/")


def _tab_to(page: Page, element: str) -> None:
    for _ in range(20):
        if page.evaluate("document.activeElement.id") == element:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"{element} was not reached")


def test_two_tabs_do_not_overwrite_each_other(staff: Page) -> None:
    staff.goto("/sms/new/")
    write(staff, "From the first tab")
    staff.wait_for_url("**/edit/")
    other = staff.context.new_page()
    other.goto(staff.url)
    other.get_by_label("Message", exact=True).fill("From the second tab")
    expect(other.locator(".phone .sms")).to_have_text("From the second tab")
    staff.get_by_label("Message", exact=True).fill("From the first tab again")
    expect(staff.get_by_role("heading", name="changed on another page")).to_be_visible()
    other.reload()
    expect(other.get_by_label("Message", exact=True)).to_have_value("From the second tab")
    staff.get_by_role("button", name="Review mine instead").click()
    staff.wait_for_url("**/review/")
    expect(staff.locator(".samples").get_by_text("From the first tab again").first).to_be_visible()


def test_a_promotion_is_asked_for_its_reason_and_keeps_it(staff: Page) -> None:
    staff.goto("/sms/new/")
    why = staff.get_by_label("Why is it not marketing?")
    expect(why).to_be_hidden()
    staff.get_by_label("Message", exact=True).fill(PROMOTION)
    expect(staff.get_by_role("heading", name="This sounds like a promotion")).to_be_visible()
    staff.get_by_role("button", name="Review").click()
    expect(staff.get_by_role("heading", name="There is a problem")).to_be_visible()
    why.fill("All of them asked for it")
    staff.get_by_role("button", name="Review").click()
    staff.wait_for_url("**/review/")
    expect(staff.get_by_text("All of them asked for it")).to_be_visible()


def test_without_javascript_the_same_answers_come_with_a_button(without_javascript: Page) -> None:
    page = without_javascript
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("Hi {first_name}, we’re closed")
    page.get_by_role("button", name="Check the text").click()
    expect(page.locator("#counter")).to_contain_text("1 part")
    expect(page.locator(".phone mark")).to_have_text("’")
    first = page.locator(".phone .sms").inner_text()
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".phone .sms")).not_to_have_text(first)
    page.get_by_role("button", name="Swap for plain ones").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Hi {first_name}, we're closed")
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/review/")
