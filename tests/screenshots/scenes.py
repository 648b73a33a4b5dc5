"""What is photographed: where to go, and what to do there."""

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

PROMOTION = "Hi {first_name|there}, flu vaccines are here. Call (02) 5550 0123 to book yours."


@dataclass(frozen=True)
class Scene:
    """A picture: its name, how one comes to what it shows, and the width of the window."""

    name: str
    go: Callable[[Page], object]
    width: int = 1280


def at(path: str, open_: str = "") -> Callable[[Page], object]:
    """Go to `path`; there open the disclosure that says `open_`, if any."""

    def go(page: Page) -> None:
        page.goto(path)
        if open_:
            page.get_by_text(open_, exact=True).click()

    return go


def write(page: Page, text: str = PROMOTION) -> None:
    page.goto("/sms/new/")
    if text == PROMOTION:
        page.get_by_label("This is a marketing message").check()
    page.get_by_label("Message", exact=True).fill(text)
    page.locator(".phone .sms").wait_for()
    page.wait_for_load_state("networkidle")  # the last answer to what was typed


def review(page: Page) -> None:
    write(page)
    page.get_by_role("button", name="Review").click()
    page.wait_for_url("**/review/")


def reasons(page: Page) -> None:
    review(page)
    page.locator(".reason > summary").nth(1).click()
    page.locator(".reasons").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('.reasons').scrollIntoView({block: 'start'}); scrollBy(0, -90)")


def finished(page: Page) -> None:
    page.goto("/sms/")
    page.get_by_role("row").filter(has_text="Finished").get_by_role("link").first.click()
    page.wait_for_load_state()


def blocked(page: Page) -> None:
    """The page of a patient whose number is blocked by STOP: the first who answered so."""
    page.goto("/sms/inbox/?kind=stop")
    page.locator(".rows .row-main a").first.click()
    page.wait_for_load_state()


def refusal(page: Page) -> None:
    page.goto("/sms/inbox/?kind=waiting")
    page.get_by_role("link", name="Record refusal").first.click()
    page.wait_for_load_state()


def reply(page: Page) -> None:
    page.goto("/sms/inbox/?kind=all")
    page.get_by_role("link", name="Answer").first.click()
    page.get_by_role("heading", level=1).wait_for()


def apply_to_all(page: Page) -> None:
    page.goto("/settings/sms/apply/?to=accept&scope=never_chosen")


GUIDE = [
    Scene("overview", at("/")),
    Scene("compose", write),
    Scene("review", review),
    Scene("review-narrow", review, width=320),
    Scene("reasons", reasons),
    Scene("result", finished),
    Scene("patient", blocked),
    Scene("inbox", at("/sms/inbox/")),
    Scene("refusal", refusal),
    Scene("apply", apply_to_all),
    Scene("team", at("/team/")),
]

GALLERY = [
    Scene("overview", at("/", "Help with this page")),
    Scene("patients", at("/patients/")),
    Scene("patients-none", at("/patients/?q=zzzz")),
    Scene("patient-new", at("/patients/new/")),
    Scene("patient", at("/patients/1/")),
    Scene("patient-blocked", blocked),
    Scene("patient-edit", at("/patients/1/edit/")),
    Scene("patient-archive", at("/patients/1/archive/")),
    Scene("patient-deceased", at("/patients/1/deceased/")),
    Scene("patient-everything", at("/patients/1/everything/")),
    Scene("patient-erase", at("/patients/1/erase/")),
    Scene("patient-text", at("/sms/patients/1/text/")),
    Scene("import", at("/patients/import/")),
    Scene("export", at("/patients/export/")),
    Scene("groups", at("/sms/")),
    Scene("compose-empty", at("/sms/new/")),
    Scene("compose", write),
    Scene(
        "compose-sounds-like-a-promotion", lambda page: write(page, f"{PROMOTION} Only this week: 20% off!")
    ),
    Scene("review", review),
    Scene("review-reasons", reasons),
    Scene("group", finished),
    Scene("saved", at("/sms/saved/")),
    Scene("saved-new", at("/sms/saved/new/")),
    Scene("log", at("/sms/log/")),
    Scene("log-none", at("/sms/log/?status=expired")),
    Scene("inbox", at("/sms/inbox/")),
    Scene("reply", reply),
    Scene("refusal", refusal),
    Scene("why", at("/sms/message/1/why/")),
    Scene("settings", at("/settings/sms/")),
    Scene("apply", apply_to_all),
    Scene("team", at("/team/")),
    Scene("team-invite", at("/team/invite/")),
    Scene("team-colleague", at("/team/2/")),
    Scene("account", at("/accounts/")),
    Scene("second-step", at("/accounts/second-step/")),
    Scene("second-step-app", at("/accounts/second-step/totp/activate/")),
    Scene("password", at("/accounts/password/")),
    Scene("guide", at("/guide/")),
    Scene("guide-page", at("/guide/first-send/")),
    Scene("not-found", at("/nowhere/")),
]
