"""What a page shows only once somebody does something on it."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

Values = dict[str, list[Any]]
Scene = Callable[[Page, Values], None]

DEAR = "Hi {first_name|}, we’re “closed” today… 😀"
PROMOTION = "Special offer: 20% off all massages"
PATIENTS = (
    "First name,Last name,Mobile number,Date of birth,Accepts SMS marketing,Consent source,Consent date\n"
    "Nadia,Ferrante,0412 555 001,1990-05-17,yes,paper form,2026-03-02\n"
    f"Tobias,{'W' * 60},0412 555 002,1984-11-30,no,,\n"
)
A_WRONG_ROW = "Priya,Raman,12,1971-01-08,yes,,\n"


def write(page: Page, text: str, *, where: str = "/sms/new/") -> None:
    page.goto(where)
    page.get_by_label("Message", exact=True).fill(text)


def a_dear_text(page: Page, values: Values) -> None:
    write(page, DEAR)
    expect(page.locator(".phone mark")).to_have_count(5)


def what_sounds_like_a_promotion(page: Page, values: Values) -> None:
    write(page, PROMOTION)
    page.get_by_role("heading", name="This sounds like a promotion").wait_for()


def a_text_that_is_too_long(page: Page, values: Values) -> None:
    write(page, "W" * 1700)
    expect(page.locator("#counter")).to_contain_text("at most 1600")


def a_dear_text_to_one(page: Page, values: Values) -> None:
    write(page, DEAR, where=f"/sms/patients/{values['pk'][0]}/text/")
    expect(page.locator(".costly mark")).to_have_count(5)


def a_dear_answer(page: Page, values: Values) -> None:
    page.goto(f"/sms/inbox/{values['sms:reply reply_id'][2]}/")
    page.get_by_label("Message", exact=True).fill(DEAR)
    expect(page.locator(".costly mark")).to_have_count(5)


def the_preview_of_an_import(page: Page, values: Values) -> None:
    choose(page, PATIENTS)


def the_preview_of_an_import_with_a_wrong_row(page: Page, values: Values) -> None:
    choose(page, PATIENTS + A_WRONG_ROW)


def choose(page: Page, rows: str) -> None:
    page.goto("/patients/import/")
    file: Any = {"name": "patients.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("heading", name="Check the import").wait_for()


def a_link_for_a_colleague(page: Page, values: Values) -> None:
    page.goto(f"/team/{values['accounts:colleague pk'][1]}/")
    page.get_by_role("button", name="Make a link to copy").click()
    page.get_by_label("Copy this link").wait_for()


def the_warning_at_an_empty_desk(page: Page, values: Values) -> None:
    page.goto("/")
    page.evaluate("document.getElementById('idle').showModal()")
    page.get_by_role("dialog", name="Are you still there?").wait_for()


def the_menu_on_a_phone(page: Page, values: Values) -> None:
    page.goto("/")
    page.set_viewport_size({"width": 320, "height": 900})
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Your account").wait_for()


SCENES: list[Scene] = [
    a_dear_text,
    what_sounds_like_a_promotion,
    a_text_that_is_too_long,
    a_dear_text_to_one,
    a_dear_answer,
    the_preview_of_an_import,
    the_preview_of_an_import_with_a_wrong_row,
    a_link_for_a_colleague,
    the_warning_at_an_empty_desk,
    the_menu_on_a_phone,
]
