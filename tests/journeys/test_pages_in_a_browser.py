"""Every page of a lived-in clinic, in both themes and widths: accessible, silent, and never scrolling sideways."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.looking import look_around, look_at

pytestmark = pytest.mark.browser

GROUP = "SELECT id FROM sms_groupmessage WHERE status = 'finished' LIMIT 1"
REPLY = "SELECT id FROM sms_inboundmessage WHERE kind IN ('may_be_stop', 'other') AND handled_as = '' LIMIT 1"
PROMOTION = "SELECT id FROM sms_message WHERE purpose = 'marketing' AND consent_event_id IS NOT NULL LIMIT 1"
LEFT_OUT = "SELECT id FROM sms_message WHERE status = 'left_out' LIMIT 1"
PATIENTS = (
    "First name,Last name,Mobile number,Date of birth,Accepts SMS marketing,Consent source,Consent date\n"
    "Nadia,Ferrante,0412 555 001,1990-05-17,yes,paper form,2026-03-02\n"
    "Tobias,Lindqvist,0412 555 002,1984-11-30,no,,\n"
    "Priya,Raman,12,1971-01-08,yes,,\n"
)
BLOCKED = """
    SELECT patients_patient.id FROM patients_patient
    JOIN patients_suppressednumber USING (phone) WHERE lifted_at IS NULL LIMIT 1
"""


def paths(clinic: Clinic) -> list[str]:
    """The addresses of all pages that show something."""
    ((group,),) = clinic.ask(GROUP)
    group = str(group)
    ((blocked,),) = clinic.ask(BLOCKED)
    ((reply,),), ((promotion,),), ((left_out,),) = map(clinic.ask, (REPLY, PROMOTION, LEFT_OUT))
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
        f"/sms/{group}/people/?code=30003",
        f"/sms/{group}/people/?opted_out=1",
        "/sms/log/",
        "/sms/inbox/",
        f"/sms/inbox/{reply}/refusal/",
        f"/sms/message/{promotion}/why/",
        f"/sms/message/{left_out}/why/",
        "/patients/import/",
        "/patients/export/",
        "/patients/1/everything/",
        f"/patients/{blocked}/erase/",
        f"/sms/patients/{blocked}/text/",
        "/settings/sms/",
        "/settings/sms/apply/?to=accept",
        "/accounts/password/",
        "/accounts/",
        "/accounts/second-step/?required",
        "/team/",
        "/team/invite/",
        "/team/2/",
        "/guide/",
        "/guide/first-send/",
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
        coming = scheduled(page)
        pages = [*paths(clinic), review(page), coming, f"{coming}stop/"]
        complaints += [complaint for path in pages for complaint in look_at(page, path)]
        preview_an_import(page)
        complaints += look_around(page, "the preview of an import")
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


def scheduled(page: Page) -> str:
    """A group SMS that begins tomorrow; returns its address."""
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("We are closed on Friday.")
    page.get_by_role("button", name="Review").click()
    page.get_by_text("Choose a time for it instead").click()
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_role("button", name="Stop, back to draft")).to_be_visible()
    return page.url


def preview_an_import(page: Page) -> None:
    """New patients, and a row that must be corrected."""
    page.goto("/patients/import/")
    file: Any = {"name": "patients.csv", "mimeType": "text/csv", "buffer": PATIENTS.encode()}
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="Check the import").wait_for()
