"""A group SMS from the review to its result: mended, tried out, watched, stopped, taken away."""

import re
import time

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.clinic import SERVICE_NUMBERS, Clinic

pytestmark = pytest.mark.browser

# An event that a page hears when its tab is hidden or shown, which no other tab of this browser ever does to it.
HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", {configurable: true, get: () => hidden});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_whoever_mends_a_patient_from_the_review_sees_one_more(staff: Page) -> None:
    write(staff, "Flu vaccines are in (mended).", marketing=True)
    before, everybody = counted(staff)
    staff.locator("summary", has_text="Does not accept marketing").click()
    staff.get_by_role("link", name=re.compile("^See these .*Does not accept marketing")).click()
    staff.get_by_role("link", name=re.compile("^Change the preference")).first.click()
    staff.get_by_label("Agrees to receive promotional SMS marketing").check()
    staff.get_by_label("How did they tell you?").select_option("In person")
    staff.get_by_role("button", name="Save").click()
    expect(staff.get_by_role("heading", name="Review before sending")).to_be_visible()
    assert counted(staff) == (before + 1, everybody)
    expect(staff.get_by_text("1 more than before")).to_be_visible()


def test_will_somebody_get_it_and_leave_them_out(staff: Page) -> None:
    write(staff, "We have moved (left out).", marketing=False)
    before, everybody = counted(staff)
    staff.get_by_role("link", name="See all who get it").click()
    staff.get_by_role("button", name=re.compile("^Leave out")).first.click()
    assert counted(staff) == (before - 1, everybody)
    expect(staff.get_by_text("1 fewer than before")).to_be_visible()
    staff.locator("summary", has_text="Unticked by staff").click()
    staff.get_by_role("link", name=re.compile("^See this patient.*Unticked by staff")).click()
    staff.get_by_role("button", name=re.compile("^Take back in")).click()
    assert counted(staff) == (before, everybody)


def test_a_test_reaches_one_s_own_phone(clinic: Clinic, staff: Page) -> None:
    staff.goto("/patients/new/")
    for label, text in (("First name", "Grace"), ("Last name", "Adeyemi"), ("Mobile number", "0412 997 009")):
        staff.get_by_label(label, exact=True).fill(text)
    staff.get_by_role("button", name="Save").click()
    write(staff, "Hi {first_name}, we have moved (tried out).", marketing=False)
    staff.get_by_text("Test it on my own phone").click()
    staff.get_by_role("link", name="Add your number").click()
    staff.get_by_label("Your mobile number").fill("0412 997 009")
    staff.get_by_role("button", name="Save the number").click()
    expect(staff.get_by_label("Your mobile number")).to_have_value(re.compile("412 997 009"))
    write(staff, "Hi {first_name}, we have moved (tried out).", marketing=False)
    staff.get_by_text("Test it on my own phone").click()
    staff.get_by_role("button", name="Send a test to me").click()
    expect(staff.get_by_text("A test is on its way to your phone.")).to_be_visible()
    assert clinic.until_texted("Hi Grace, we have moved (tried out)", 1) == ["+61412997009"]


def test_a_running_send_is_watched_stopped_and_taken_away(clinic: Clinic, staff: Page) -> None:
    others_a_second(staff, "2")
    everybody = len(clinic.numbers(SERVICE_NUMBERS))
    asked: list[str] = []
    staff.on("request", lambda request: asked.append(request.url) if is_poll(request) else None)
    write(staff, "We are closed today (stopped).", marketing=False)
    staff.get_by_role("button", name=re.compile("^Send to ")).click()
    expect(staff.get_by_role("heading", name="Sending", exact=True)).to_be_visible(timeout=60_000)
    clinic.until_texted("(stopped)", 3)
    rests_while_hidden(staff, asked)
    staff.get_by_role("link", name="Stop for good…").click()
    expect(staff.get_by_role("heading", name="Stop this group SMS for good?")).to_be_visible()
    staff.get_by_role("button", name="Stop for good").click()
    said = staff.get_by_text(re.compile("^Stopped. .* had already gone, .* never will.")).inner_text()
    # What was being sent at that very moment still leaves, and then nothing more does.
    gone, never = (int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", said))
    time.sleep(6)
    assert 3 <= len(clinic.texted("(stopped)")) <= gone
    assert never > 100
    assert gone + never == everybody
    expect(staff.get_by_role("heading", name="Stopped", exact=True)).to_be_visible()
    others_a_second(staff, "")


def test_the_result_leads_to_its_people_and_its_file(clinic: Clinic, staff: Page) -> None:
    ((group,),) = clinic.ask(
        "SELECT id FROM sms_groupmessage WHERE status = 'finished' AND is_marketing LIMIT 1"
    )
    staff.goto("/sms/")
    staff.get_by_role("row", name=re.compile("Marketing Finished")).get_by_role("link").click()
    assert str(group).replace("-", "") in staff.url.replace("-", "")
    staff.get_by_role("link", name=re.compile("^See these .*The phone could not be reached")).click()
    expect(staff.get_by_text("Send it again later if it still matters, or call the patient.")).to_be_visible()
    staff.go_back()
    with staff.expect_download() as download:
        staff.get_by_role("button", name="Download the list").click()
    assert re.fullmatch(r"group-sms-\d{4}-\d\d-\d\d\.csv", download.value.suggested_filename)
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + len(clinic.ask(f"SELECT id FROM sms_message WHERE group_id = '{group}'"))  # noqa: S608


def write(page: Page, text: str, *, marketing: bool) -> None:
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_label("This is a marketing message").set_checked(marketing)
    page.get_by_role("button", name="Review").click()
    expect(page.get_by_role("heading", name="Review before sending")).to_be_visible()


def counted(page: Page) -> tuple[int, int]:
    """How many get it, of how many."""
    said = page.locator(".audience-count").inner_text()
    number, everybody = re.findall(r"\d[\d,]*", said)
    return int(number.replace(",", "")), int(everybody.replace(",", ""))


def others_a_second(page: Page, parts: str) -> None:
    page.goto("/settings/sms/")
    page.get_by_label("Other texts: parts a second").fill(parts)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Other texts: parts a second")).to_have_value(parts)


def is_poll(request: Request) -> bool:
    return "/progress/" in request.url


def rests_while_hidden(page: Page, asked: list[str]) -> None:
    with page.expect_request(is_poll):
        pass
    page.evaluate(HIDE, True)
    page.wait_for_timeout(500)
    before = len(asked)
    page.wait_for_timeout(5000)
    assert len(asked) == before
    with page.expect_request(is_poll, timeout=1500):
        page.evaluate(HIDE, False)
