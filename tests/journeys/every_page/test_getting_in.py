"""The pages before the log-in, and those of its second step."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.addresses import FOR_STRANGERS, WITH_SECOND_STEP, paths
from tests.journeys.every_page.forms import NONSENSE, Forms
from tests.journeys.every_page.walker import Walker
from tests.journeys.second_step import app_shows, plug_in_a_key
from tests.journeys.still import MANAGER, OPENED_AT

pytestmark = pytest.mark.browser

STATE = "empty"
SECOND_STEP = "/accounts/second-step"
FINE = {
    ("accounts:account: phone", ""): "the number is forgotten",
    ("mfa_edit_webauthn: name", NONSENSE): "whoever has it may call it anything",
}
THE_KEY = {"pk": [3]}  # after the app and the recovery codes


def test_what_a_stranger_sees(manager: Walker, stranger: Walker) -> None:
    link = invited(manager.page)
    for path in ("login/", "password/forgot/", "password/forgot/done/", "inactive/"):
        stranger.open(f"/accounts/{path}")
    stranger.see("an invitation", lambda page: page.goto(link))
    forms = Forms(stranger)
    for path in ("/accounts/login/", "/accounts/password/forgot/", stranger.page.url):
        forms.at(path)
    assert stranger.seen >= FOR_STRANGERS


def test_the_pages_of_two_steps(walker: Callable[..., Walker]) -> None:
    careful = walker(host="localhost")  # a key belongs to a host name
    page = careful.page
    plug_in_a_key(page)
    careful.log_in()
    careful.confirm_password()
    careful.open(f"{SECOND_STEP}/?required")
    careful.see("new recovery codes", set_up_an_app)
    codes = page.locator(".secret-codes li").all_inner_texts()
    careful.see("a new key", add_a_key)
    forms = Forms(careful, FINE)
    for name in (
        *WITH_SECOND_STEP - {"mfa_authenticate"},
        "mfa_index",
        "mfa_list_webauthn",
        "accounts:account",
    ):
        for path in paths(name, THE_KEY):
            careful.open(path)
            forms.at(path)
    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Log out").click()
    careful.see("between the steps", first_step)
    forms.at(page.url)
    page.get_by_label("Code").fill(codes[0])
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert careful.seen >= WITH_SECOND_STEP


def invited(page: Page) -> str:
    """The link that a new colleague is given."""
    page.goto("/team/invite/")
    for label, value in (
        ("First name", "Rosa"),
        ("Last name", "W" * 60),
        ("E-mail address", "rosa@clinic.example"),
        ("Username", "rosa"),
    ):
        page.get_by_label(label).fill(value)
    page.get_by_role("button", name="Invite").click()
    return page.get_by_label("Copy this link").input_value()


def set_up_an_app(page: Page) -> None:
    page.goto("/accounts/second-step/totp/activate/")
    secret = page.locator(".secret").inner_text()
    page.get_by_label("Authenticator code").fill(app_shows(secret, at=OPENED_AT.timestamp()))
    page.get_by_role("button", name="Switch it on").click()
    expect(page.get_by_text("10 of 10 are left")).to_be_visible()


def add_a_key(page: Page) -> None:
    page.goto("/accounts/second-step/webauthn/add/")
    page.get_by_label("Name").fill("Front desk " + "W" * 60)
    page.get_by_role("button", name="Add the key").click()
    page.wait_for_url("**/second-step/")


def first_step(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(MANAGER[0])
    page.get_by_label("Password").fill(MANAGER[1])
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Second step").wait_for()
