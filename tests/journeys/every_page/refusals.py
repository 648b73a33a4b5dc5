"""How one comes to the pages that say no."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.journeys.still import Still


@dataclass(frozen=True)
class Refusal:
    """`go` leads there, and the page answers with `status`; whoever sees it is logged in as `who`, if anybody."""

    go: Callable[[Page], object]
    status: int = 200
    who: str = "manager"

    @property
    def name(self) -> str:
        return self.go.__name__


def log_in(page: Page, name: str, password: str) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def a_wrong_password(page: Page) -> None:
    log_in(page, "manager", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("go together")


def too_many_wrong_passwords(page: Page) -> None:
    for _ in range(5):
        log_in(page, "nobody", "wrong")
    page.get_by_role("heading", name="Too many").wait_for()


def too_many_forgotten_passwords(page: Page) -> None:
    for _ in range(4):
        page.goto("/accounts/password/forgot/")
        page.get_by_label("E-mail address").fill("nobody@clinic.example")
        page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Too many tries").wait_for()


def a_form_of_another_session(page: Page) -> None:
    page.goto("/accounts/password/forgot/")
    page.context.clear_cookies(name="csrftoken")
    page.get_by_label("E-mail address").fill("nobody@clinic.example")
    page.get_by_role("button", name="Send the link").click()
    page.get_by_role("heading", name="Please try again").wait_for()


def a_link_that_has_expired(page: Page) -> None:
    page.goto("/accounts/password/set/MQ/d4x9rk-00000000000000000000000000000000/")
    page.get_by_role("heading", name="This link does not work any more").wait_for()


def nothing_at_this_address(page: Page) -> None:
    page.goto("/nowhere/")


def nobody_with_this_number(page: Page) -> None:
    page.goto("/patients/999999/")


def not_for_this_role(page: Page) -> None:
    page.goto("/sms/new/")


def not_for_anybody_without_a_role(page: Page) -> None:
    page.goto("/patients/")


def what_no_form_of_ours_sends(page: Page) -> None:
    page.goto("/patients/new/")
    page.evaluate("""() => {
        const form = document.querySelector("main form[method=post]");
        for (let at = 0; at < 1100; at++) form.append(Object.assign(document.createElement("input"), {name: `x${at}`}));
        form.noValidate = true;
        form.requestSubmit();
    }""")
    page.get_by_role("heading", name="We could not read that request").wait_for()


def somebody_who_may_be_here_already(page: Page) -> None:
    for _ in range(2):
        page.goto("/patients/new/")
        page.get_by_label("Last name").fill("W" * 60)
        page.get_by_label("Mobile number").fill("0412 777 001")
        page.get_by_role("button", name="Save").click()
        page.wait_for_load_state()


def a_draft_that_was_changed_on_another_page(page: Page) -> None:
    _change_elsewhere(page, _saved(page))
    page.get_by_label("Message", exact=True).fill("Mine")
    page.get_by_role("button", name="Review mine instead").wait_for()


def a_review_of_what_has_changed_since(page: Page) -> None:
    draft = _saved(page)
    page.goto(draft.replace("/edit/", "/review/"))
    _change_elsewhere(page, draft)
    page.get_by_role("button", name="Send to").click()
    page.wait_for_load_state()
    page.locator(".messages .banner-warn").wait_for()


def a_draft_that_has_been_confirmed(page: Page) -> None:
    draft = _saved(page)
    page.goto(draft.replace("/edit/", "/review/"))
    page.get_by_role("button", name="Send to").click()
    page.wait_for_url(lambda url: not url.endswith("review/"))
    page.goto(draft)
    page.locator(".messages .banner-warn").wait_for()


def a_file_that_is_gone(page: Page) -> None:
    page.goto("/patients/import/")
    rows = b"Last name,Mobile number\nFerrante,0412 555 001\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "patients.csv", "mimeType": "text/csv", "buffer": rows}
    )
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="Check the import").wait_for()
    page.evaluate("""() => {
        const form = document.getElementById("columns"), given_up = new FormData(form);
        given_up.set("step", "cancel");
        return fetch(form.action, {method: "POST", body: given_up});
    }""")
    page.get_by_role("button", name="Preview again").click()
    page.locator(".messages .banner-bad").wait_for()


def _change_elsewhere(page: Page, draft: str) -> None:
    theirs = page.context.new_page()
    theirs.goto(draft)
    with theirs.expect_response(lambda answer: answer.request.method == "POST"):
        theirs.get_by_label("Message", exact=True).fill("Theirs " + "W" * 150)
    theirs.close()


def _saved(page: Page) -> str:
    """The address of a draft that has just been saved."""
    page.goto("/sms/new/")
    page.get_by_label("Message", exact=True).fill("We have moved to Harbour Street.")
    page.wait_for_url("**/edit/")
    return page.url


REFUSALS = [
    Refusal(a_wrong_password, who=""),
    Refusal(too_many_wrong_passwords, 429, who=""),
    Refusal(too_many_forgotten_passwords, 429, who=""),
    Refusal(a_form_of_another_session, 403, who=""),
    Refusal(a_link_that_has_expired, who=""),
    Refusal(nothing_at_this_address, 404, who=""),
    Refusal(nothing_at_this_address, 404),
    Refusal(nobody_with_this_number, 404),
    Refusal(not_for_this_role, 403, who="practitioner"),
    Refusal(not_for_anybody_without_a_role, 403, who="newcomer"),
    Refusal(what_no_form_of_ours_sends, 400),
    Refusal(somebody_who_may_be_here_already),
    Refusal(a_draft_that_was_changed_on_another_page),
    Refusal(a_review_of_what_has_changed_since),
    Refusal(a_draft_that_has_been_confirmed),
    Refusal(a_file_that_is_gone),
]


@contextmanager
def without_a_table(clinic: Still, table: str) -> Iterator[None]:
    """The database as a half-done migration might leave it: the fault is ours."""
    with closing(sqlite3.connect(clinic.folder / "clinic.sqlite3", timeout=20)) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
        yield
        database.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")
