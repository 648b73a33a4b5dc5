"""A group SMS that waits, is taken back, paused, resumed and stopped, in a browser; the ledger says what left."""

import re
import time

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.clinic import SERVICE_NUMBERS, Clinic

pytestmark = pytest.mark.browser


def write(page: Page, text: str, *, marketing: bool = False) -> None:
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("This is a marketing message").set_checked(marketing)
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("heading", name="Review before sending")).to_be_visible()


def send(page: Page) -> None:
    page.get_by_role("button", name=re.compile("^Send")).click()


def settings(page: Page, **values: str) -> None:
    labels = {
        "opens": "Marketing texts not before",
        "closes": "Marketing texts not after",
        "hold": "Minutes to wait before the first text leaves",
    }
    page.goto("/settings/sms/")
    for name, value in values.items():
        page.get_by_label(labels[name]).fill(value)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The settings are saved.")).to_be_visible()


def test_in_the_hold_it_is_stopped_with_nothing_sent_and_sent_after_all(clinic: Clinic, staff: Page) -> None:
    settings(staff, hold="5")
    write(staff, "We are clsoed (hold).")
    send(staff)
    expect(staff.get_by_role("timer")).to_contain_text("The first text leaves in")
    staff.get_by_role("button", name=re.compile("^Stop")).click()
    expect(staff.get_by_text("It is a draft again")).to_be_visible()
    staff.get_by_role("link", name="Change the text").click()
    staff.get_by_label("Message", exact=True).fill("We are closed (hold).")
    staff.get_by_role("button", name="Review").click()
    settings_are_back(staff)
    send(staff)
    expected = clinic.numbers(SERVICE_NUMBERS)
    assert clinic.until_texted("closed (hold)", len(expected)) == expected
    assert clinic.texted("clsoed") == []


def settings_are_back(page: Page) -> None:
    review = page.url
    settings(page, hold="0")
    page.goto(review)


def test_a_night_without_promotions(clinic: Clinic, staff: Page) -> None:
    """Hours that are over whatever the time is now, in the browser's and in the clinic's day."""
    hour = int(staff.evaluate("new Intl.DateTimeFormat('en', {hour: 'numeric', hourCycle: 'h23',"
                              " timeZone: 'Australia/Sydney'}).format()"))  # fmt: skip
    opens, closes = ("00:00", "05:00") if 8 <= hour < 23 else ("12:00", "13:00")
    settings(staff, opens=opens, closes=closes)
    write(staff, "A tenth off (night).", marketing=True)
    expect(staff.get_by_text("Marketing texts leave from")).to_be_visible()
    send(staff)
    expect(staff.get_by_role("heading", name="Waiting for the end of the quiet hours")).to_be_visible()
    time.sleep(6)  # A tick, and more.
    assert clinic.texted("(night)") == []
    staff.get_by_role("button", name="Stop, back to draft").click()
    expect(staff.get_by_text("It is a draft again")).to_be_visible()
    settings(staff, opens="00:00", closes="23:59")


def test_paused_resumed_and_stopped_from_the_keyboard_of_a_small_screen(
    clinic: Clinic, staff: Page, browser: Browser
) -> None:
    clinic.twilio.set(latency_ms=1500)
    state, size = staff.context.storage_state(), {"width": 320, "height": 640}
    with browser.new_context(
        base_url=clinic.url,
        viewport=size,  # type: ignore[arg-type]
        storage_state=state,
        java_script_enabled=False,
    ) as context:
        page = context.new_page()
        write(page, "The lift is broken (pause).")
        send(page)
        expect(page.get_by_role("button", name="Pause")).to_be_visible(timeout=30_000)
        press(page, "Pause")
        expect(page.get_by_role("heading", name="Paused")).to_be_visible()
        time.sleep(8)  # What was claimed before comes to its end.
        gone = len(clinic.texted("(pause)"))
        time.sleep(6)
        assert len(clinic.texted("(pause)")) == gone < len(clinic.numbers(SERVICE_NUMBERS))
        press(page, "Resume")
        expect(page.get_by_role("button", name="Pause")).to_be_visible()
        page.get_by_role("link", name=re.compile("^Stop for good")).click()
        press(page, "Stop for good")
        expect(page.get_by_text(re.compile("had already gone, [0-9,]+ never will"))).to_be_visible()
        time.sleep(8)
        gone = len(clinic.texted("(pause)"))
        time.sleep(6)
        page.reload()
        expect(page.get_by_text(f"{gone:,} had already gone")).to_be_visible()
        assert len(clinic.texted("(pause)")) == gone == len(set(clinic.texted("(pause)")))
    clinic.twilio.set(latency_ms=0)


def press(page: Page, button: str) -> None:
    """With the keyboard."""
    page.get_by_role("button", name=button).focus()
    page.keyboard.press("Enter")
