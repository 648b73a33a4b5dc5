"""Getting in, staying in and getting out, as people live it in the browser."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.journeys.clinic import Clinic
from tests.journeys.second_step import app_shows, plug_in_a_key

pytestmark = pytest.mark.browser

NEW = "seven-quiet-ferries"
Open = Callable[..., Page]


@pytest.fixture
def open_page(clinic: Clinic, browser: Browser) -> Iterator[Open]:
    """A browser of one's own each time; nothing may be complained about in any console."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(path: str = "/", *, host: str = "127.0.0.1", **options: object) -> Page:
        context = browser.new_context(base_url=clinic.url.replace("127.0.0.1", host), **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    # A refused page is told so by the browser as well.
    assert [said for said in complaints if "403 (Forbidden)" not in said] == []


def log_in(page: Page, username: str, password: str) -> None:
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def overview(page: Page) -> None:
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def choose_password(page: Page, link: str) -> None:
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_label("New password confirmation").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("Your password is set.")).to_be_visible()


def accessible(page: Page) -> bool:
    return not Axe().run(page).response["violations"]


def test_what_one_typed_nobody_else_finds_after_the_log_out(clinic: Clinic, open_page: Open) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "manager", clinic.logins["manager"])
    page.goto("/patients/new/")
    page.get_by_label("Last name").fill("Private")
    page.context.clear_cookies(name="sessionid")
    page.clock.fast_forward("31:00")
    log_in(page, "receptionist", clinic.logins["receptionist"])
    expect(page.get_by_role("heading", name="New patient")).to_be_visible()
    expect(page.get_by_label("Last name")).to_have_value("")
    assert page.evaluate("sessionStorage.getItem('draft')") is None


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_from_an_invitation_to_the_first_page_and_the_first_refusal(
    clinic: Clinic, open_page: Open, script: bool
) -> None:
    manager = open_page("/team/invite/", java_script_enabled=script)
    log_in(manager, "manager", clinic.logins["manager"])
    name = f"rosa{script:d}"
    manager.get_by_label("First name").fill("Rosa")
    manager.get_by_label("Last name").fill("Martin")
    manager.get_by_label("E-mail address").fill(f"{name}@clinic.example")
    manager.get_by_label("Username").fill(name)
    manager.get_by_label("Receptionist").check()
    manager.get_by_role("button", name="Invite").click()
    link = manager.get_by_label("Copy this link").input_value()

    rosa = open_page(link, java_script_enabled=script)
    expect(rosa.get_by_role("heading", name="Welcome to Harbour Street Medical Centre")).to_be_visible()
    choose_password(rosa, link)
    log_in(rosa, name, NEW)
    overview(rosa)
    rosa.goto("/sms/new/")
    expect(rosa.get_by_text("may not write and send group SMS")).to_be_visible()
    expect(rosa.get_by_text("Grace Adeyemi")).to_be_visible()


def test_a_forgotten_password(clinic: Clinic, open_page: Open) -> None:
    page = open_page()
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill("practitioner@harbourstreet.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text("lies as a file in the folder")).to_be_visible()
    found = re.search(r"http://\S+/accounts/password/set/\S+", clinic.last_mail())
    assert found
    choose_password(page, found[0])
    log_in(page, "practitioner", NEW)
    overview(page)


def test_logging_in_with_an_app_and_then_with_a_recovery_code(clinic: Clinic, open_page: Open) -> None:
    page = open_page()
    log_in(page, "sender", clinic.logins["sender"])
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("link", name="Set it up").click()
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(clinic.logins["sender"])
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert accessible(page)
    secret = page.locator(".secret").inner_text()
    page.get_by_label("Authenticator code").fill(app_shows(secret, at=time.time()))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("10 of 10 are left")).to_be_visible()
    assert accessible(page)
    recovery = page.locator(".secret-codes li").first.inner_text()

    for code in (lambda: app_shows(secret, at=time.time()), lambda: recovery):
        again = open_page("/patients/")
        log_in(again, "sender", clinic.logins["sender"])
        expect(again.get_by_role("heading", name="Second step")).to_be_visible()
        assert accessible(again)
        again.get_by_label("Code").fill(code())
        again.get_by_role("button", name="Log in").click()
        expect(again.get_by_role("heading", name="Patients")).to_be_visible()


def test_logging_in_with_a_security_key(clinic: Clinic, open_page: Open) -> None:
    """With a key that Chromium plays; a key belongs to a host name, so not to 127.0.0.1."""
    page = open_page(host="localhost")
    plug_in_a_key(page)
    log_in(page, "receptionist", clinic.logins["receptionist"])
    overview(page)
    page.goto("/accounts/second-step/webauthn/add/")
    page.get_by_label("Password").fill(clinic.logins["receptionist"])
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("Front desk")
    page.get_by_role("button", name="Add the key").click()
    expect(page.get_by_text("10 of 10 are left")).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    log_in(page, "receptionist", clinic.logins["receptionist"])
    page.get_by_role("button", name="Use a security key").click()
    overview(page)
    page.goto("/accounts/second-step/webauthn/")
    expect(page.get_by_role("rowheader", name="Front desk")).to_be_visible()
    assert accessible(page)


def test_at_an_empty_desk_a_warning_comes_first_and_one_click_keeps_everything(
    clinic: Clinic, open_page: Open
) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "manager", clinic.logins["manager"])
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("We are closed")
    page.clock.fast_forward("28:30")
    warning = page.get_by_role("dialog", name="Are you still there?")
    expect(warning).to_be_visible()
    assert accessible(page)
    warning.get_by_role("button", name="Stay logged in").click()
    expect(warning).to_be_hidden()
    page.clock.fast_forward("27:00")
    expect(warning).to_be_hidden()
    expect(page.get_by_label("Message", exact=True)).to_have_value("We are closed")


@pytest.mark.parametrize("sent", [True, False], ids=["by sending too late", "by the clock"])
def test_whoever_was_logged_out_finds_what_they_had_typed(
    clinic: Clinic, open_page: Open, sent: bool
) -> None:
    page = open_page()
    page.clock.install()
    log_in(page, "manager", clinic.logins["manager"])
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("Closed this afternoon")
    page.get_by_label("This is a marketing message").check()
    page.context.clear_cookies(name="sessionid")  # what the log-out on the server does
    if sent:
        page.get_by_role("button", name="Review").click()
    else:
        page.clock.fast_forward("31:00")
    log_in(page, "manager", clinic.logins["manager"])
    expect(page.get_by_label("Message", exact=True)).to_have_value("Closed this afternoon")
    expect(page.get_by_label("This is a marketing message")).to_be_checked()
    expect(page.get_by_text("What you had typed is back.")).to_be_attached()
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
