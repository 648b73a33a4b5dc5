"""The whole story, as a manager lives it in the browser, with the simulator's ledger as the judge."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.clinic import MARKETING_NUMBERS, SERVICE_NUMBERS, Clinic

pytestmark = pytest.mark.browser

NORA = "+61412998001"
OMAR = "+61412998002"


def test_the_mission_from_the_first_default_to_the_last_reminder(clinic: Clinic, staff: Page) -> None:
    # New patients reject marketing, as shipped.
    staff.goto("/settings/sms/")
    expect(staff.get_by_role("heading", name="SMS subscriptions")).to_be_visible()
    expect(staff.get_by_label("Reject SMS marketing")).to_be_checked()

    # So a new patient is not subscribed, until their box is ticked.
    nora = new_patient(staff, "Nora", "Quist", "0412 998 001")
    omar = new_patient(staff, "Omar", "Quist", "0412 998 002")
    assert not box_of(staff, nora)
    assert not box_of(staff, omar)
    tick_box(staff, omar, ticked=True)
    assert box_of(staff, omar)

    # A marketing text reaches exactly the subscribed; one that is not marketing all applicable patients.
    subscribed = clinic.numbers(MARKETING_NUMBERS)
    assert OMAR in subscribed
    assert NORA not in subscribed
    send_group(staff, "Flu vaccines are in (story 1).", marketing=True, expected=len(subscribed))
    assert clinic.until_texted("(story 1)", len(subscribed)) == subscribed
    applicable = clinic.numbers(SERVICE_NUMBERS)
    assert {NORA, OMAR} < set(applicable)
    send_group(staff, "We are closed today (story 2).", marketing=False, expected=len(applicable))
    assert clinic.until_texted("(story 2)", len(applicable)) == applicable

    # The default becomes "accept" and is applied to everybody: the next marketing text reaches them.
    accept_for_everybody(staff)
    assert box_of(staff, nora)
    subscribed = clinic.numbers(MARKETING_NUMBERS)
    assert {NORA, OMAR} < set(subscribed)
    send_group(staff, "Winter check-ups (story 3).", marketing=True, expected=len(subscribed))
    assert clinic.until_texted("(story 3)", len(subscribed)) == subscribed

    # One who says no is left out of marketing, and still gets a one-off and a reminder.
    tick_box(staff, nora, ticked=False)
    subscribed = clinic.numbers(MARKETING_NUMBERS)
    assert NORA not in subscribed
    send_group(staff, "Spring offer (story 4).", marketing=True, expected=len(subscribed))
    assert clinic.until_texted("(story 4)", len(subscribed)) == subscribed
    one_off(staff, nora, "Your results are in (story 5).")
    assert clinic.until_texted("(story 5)", 1) == [NORA]
    appointment_tomorrow(staff, nora)
    assert clinic.until_texted("Hi Nora, this is a reminder", 1, seconds=150) == [NORA]


def new_patient(page: Page, first: str, last: str, number: str) -> str:
    """Add a patient as the form comes; returns the address of their page."""
    page.goto("/patients/new/")
    page.get_by_label("First name").fill(first)
    page.get_by_label("Last name").fill(last)
    page.get_by_label("Mobile number").fill(number)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name=f"{first} {last}")).to_be_visible()
    return re.sub(r"[?#].*", "", page.url)


def box_of(page: Page, patient: str) -> bool:
    page.goto(patient + "edit/")
    return page.get_by_label("Agrees to receive promotional SMS marketing").is_checked()


def tick_box(page: Page, patient: str, *, ticked: bool) -> None:
    page.goto(patient + "edit/")
    expect(page.get_by_text("Communication preferences")).to_be_visible()
    page.get_by_label("Agrees to receive promotional SMS marketing").set_checked(ticked)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="May we text them?")).to_be_visible()


def send_group(page: Page, text: str, *, marketing: bool, expected: int) -> None:
    """Compose, review, send, and watch until it is finished."""
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("This is a marketing message").set_checked(marketing)
    page.get_by_role("button", name="Review").click()
    page.get_by_role("button", name=f"Send to {expected:,} patients").click()
    expect(page.get_by_role("heading", name="Finished")).to_be_visible(timeout=120_000)


def accept_for_everybody(page: Page) -> None:
    page.goto("/settings/sms/")
    page.get_by_label("Accept SMS marketing").check()
    page.get_by_label("Apply to all existing patients").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Apply to all existing patients")).to_be_visible()
    field = page.get_by_label(re.compile("type the number"))
    field.fill(re.sub(r"\D", "", page.locator(f"label[for={field.get_attribute('id')}]").inner_text()))
    page.get_by_role("button", name="Set to yes").click()
    expect(page.get_by_role("status")).to_be_visible()


def one_off(page: Page, patient: str, text: str) -> None:
    page.goto(patient)
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name=re.compile("^Send")).click()
    expect(page.locator(".talk").get_by_text(text)).to_be_visible()


def appointment_tomorrow(page: Page, patient: str) -> None:
    """An appointment some hours ahead, well inside the day in which reminders go out."""
    page.goto(patient)
    page.get_by_text("Add an appointment").click()
    then = datetime.now(ZoneInfo("Australia/Sydney")) + timedelta(hours=20)
    page.get_by_label("Date").fill(f"{then:%Y-%m-%d}")
    page.get_by_label("Time", exact=True).fill(f"{then:%H:%M}")
    page.get_by_role("button", name="Add the appointment").click()
    expect(page.get_by_role("heading", name="Appointments")).to_be_visible()
