"""The desk's day with what comes back: answer, record a refusal, choose among several; the log and its file."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from clinic.management.commands.demo import DEMO_TWILIO
from tests.journeys.clinic import TEXTABLE, Clinic

pytestmark = pytest.mark.browser

# Numbers that end in a 9 are delivered at once.
ALONE = f"""
    SELECT phone, id FROM patients_patient WHERE {TEXTABLE} AND phone LIKE '%9'
    AND phone NOT IN (SELECT phone FROM patients_suppressednumber)
    AND phone NOT IN (SELECT phone FROM sms_inboundmessage)
    AND phone IN (SELECT phone FROM patients_patient GROUP BY phone HAVING COUNT(*) = 1) ORDER BY id LIMIT 4
"""  # noqa: S608
SHARED = f"""
    SELECT phone, MAX(id) FROM patients_patient WHERE {TEXTABLE}
    AND phone NOT IN (SELECT phone FROM sms_inboundmessage) GROUP BY phone HAVING COUNT(*) > 1 ORDER BY 2 LIMIT 1
"""  # noqa: S608


@pytest.fixture
def without_javascript(clinic: Clinic, browser: Browser, staff: Page) -> Iterator[Page]:
    state = staff.context.storage_state()
    with browser.new_context(base_url=clinic.url, java_script_enabled=False, storage_state=state) as context:
        yield context.new_page()


def texts_back(clinic: Clinic, phone: str, body: str) -> None:
    clinic.twilio.reply(from_=phone, body=body, to=DEMO_TWILIO["TWILIO_MARKETING_SENDER"])


def row(page: Page, body: str) -> Locator:
    return page.locator(".inbox > li", has_text=body)


def test_a_reply_is_unread_until_it_is_opened_and_done_when_it_is_answered(
    clinic: Clinic, staff: Page
) -> None:
    phone, _ = clinic.ask(ALONE)[0]
    texts_back(clinic, phone, "Is there parking? (reply 1)")
    staff.goto("/sms/inbox/")
    badge = staff.locator(".rail-count")
    unread = int(badge.inner_text().split()[0])
    expect(row(staff, "(reply 1)")).to_have_class("unread")
    row(staff, "(reply 1)").get_by_role("link", name="Answer").click()
    assert unread == 1 or int(badge.inner_text().split()[0]) == unread - 1
    message = staff.get_by_label("Message", exact=True)
    message.fill("Yes, behind the house – “for free” (answer 1)")
    expect(staff.locator("#counter")).to_contain_text("1 part, UCS-2")
    staff.get_by_role("button", name="Swap for plain ones").click()
    expect(message).to_have_value('Yes, behind the house - "for free" (answer 1)')
    staff.get_by_role("button", name="Send to").click()
    expect(staff.locator(".talk").get_by_text("(answer 1)")).to_be_visible()
    assert clinic.until_texted("(answer 1)", 1) == [phone]
    staff.goto("/sms/inbox/")
    expect(row(staff, "(reply 1)")).to_have_count(0)
    staff.get_by_label("Show").select_option("done")
    staff.get_by_role("button", name="Filter").click()
    expect(row(staff, "(reply 1)")).to_contain_text("Done, says")


def test_a_refusal_is_recorded_from_the_inbox_in_two_clicks(clinic: Clinic, staff: Page) -> None:
    phone, patient = clinic.ask(ALONE)[1]
    texts_back(clinic, phone, "please stop texting me (reply 2)")
    staff.goto("/sms/inbox/")
    row(staff, "(reply 2)").get_by_role("link", name="Record refusal").click()
    staff.get_by_role("button", name="Record the refusal").click()
    expect(staff.get_by_text("The refusal is recorded.")).to_be_visible()
    expect(row(staff, "(reply 2)")).to_have_count(0)
    staff.goto(f"/patients/{patient}/")
    expect(staff.get_by_text("Marketing: no")).to_be_visible()
    expect(staff.locator("#consent")).to_contain_text("(reply 2)")


def test_a_reply_from_a_shared_phone_is_given_to_one_of_them_and_answered_without_javascript(
    clinic: Clinic, without_javascript: Page
) -> None:
    page = without_javascript
    ((phone, patient),) = clinic.ask(SHARED)
    texts_back(clinic, phone, "Can I come at three? (reply 3)")
    page.goto("/sms/inbox/")
    row(page, "(reply 3)").get_by_role("link", name="Say who").click()
    expect(page.get_by_role("button", name="Send to")).to_have_count(0)
    page.locator(f"button[name=patient][value='{patient}']").click()
    expect(page.get_by_text("Chosen by")).to_be_visible()
    page.get_by_label("Message", exact=True).fill("Three is fine – see you (answer 3)")
    page.get_by_role("button", name="Check the text").click()
    expect(page.locator("#counter")).to_contain_text("1 part, UCS-2")
    page.get_by_role("button", name="Send to").click()
    expect(page.locator(".talk").get_by_text("(answer 3)")).to_be_visible()
    assert clinic.until_texted("(answer 3)", 1) == [phone]
    page.goto(f"/patients/{patient}/")
    expect(page.locator(".talk").get_by_text("(reply 3)")).to_be_visible()


def test_one_text_is_written_on_the_patients_page(clinic: Clinic, staff: Page) -> None:
    phone, patient = clinic.ask(ALONE)[2]
    staff.goto(f"/patients/{patient}/")
    staff.get_by_label("Message", exact=True).press_sequentially("Your glasses are here (one-off 4)", delay=5)
    expect(staff.locator("#counter")).to_contain_text("1 part, GSM-7")
    assert staff.evaluate("document.activeElement.name") == "body"
    staff.get_by_role("button", name="Send to").click()
    expect(staff.locator(".talk").get_by_text("(one-off 4)")).to_be_visible()
    assert clinic.until_texted("(one-off 4)", 1) == [phone]


def test_the_log_is_filtered_and_taken_away(clinic: Clinic, staff: Page, tmp_path: Path) -> None:
    phone, _ = clinic.ask(ALONE)[3]
    texts_back(clinic, phone, "=2+2 (reply 5)")
    staff.goto("/sms/log/")
    staff.get_by_label("Patient").fill(phone)
    staff.get_by_label("Direction").select_option("received")
    staff.get_by_role("button", name="Filter").click()
    expect(staff.locator("tbody tr")).to_have_count(1)
    assert phone not in staff.url
    with staff.expect_download() as download:
        staff.get_by_role("button", name="Export what is filtered").click()
    download.value.save_as(tmp_path / "log.csv")
    with (tmp_path / "log.csv").open(encoding="utf-8-sig", newline="") as file:
        (line,) = csv.DictReader(file)
    assert (line["Direction"], line["Text"], line["Number"]) == ("received", "'=2+2 (reply 5)", f"'{phone}")
