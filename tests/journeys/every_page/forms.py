"""Every form of a page, sent with nothing in it and with nonsense."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import resolve
from playwright.sync_api import Page

from tests.journeys.every_page.walker import Walker

# What a person fills in. A button cannot be filled in wrongly, and a search finds what it finds.
_FORMS = """() => {
    const filled = "input:not([type=hidden], [type=submit], [type=button], [readonly], [hidden]), select, textarea";
    return [...document.querySelectorAll("main form[method=post]:not([role=search])")].map((form, at) => ({
        at, action: form.action, fields: [...form.elements].filter(each => each.matches(filled)).map(each => each.name),
    })).filter(form => form.fields.length);
}"""
_SEND = """([at, nonsense]) => {
    const form = document.querySelectorAll("main form[method=post]:not([role=search])")[at];
    form.noValidate = true;
    for (const field of form.elements) {
        if (["hidden", "submit", "button"].includes(field.type) || field.readOnly || field.hidden) continue;
        if (["checkbox", "radio"].includes(field.type)) {
            field.checked = Boolean(nonsense);
            if (nonsense && field.type === "radio") field.value = nonsense;
        } else if (field.type === "file") {
            const files = new DataTransfer();
            if (nonsense) files.items.add(new File([nonsense], "nonsense.csv"));
            field.files = files.files;
        } else if (field.tagName === "SELECT") {
            field.replaceChildren(new Option(nonsense, nonsense, true, true));
        } else {
            field.value = {date: "0001-01-01", "datetime-local": "0001-01-01T00:00", number: "1e9", time: "",
                           password: "x"}[nonsense && field.type] ?? nonsense;
        }
    }
    const buttons = [...form.elements].filter(each => each.type === "submit");
    form.requestSubmit(buttons.find(each => !each.name) ?? buttons[0]);
}"""
REFUSED = (
    ".error-summary, [aria-invalid=true], .messages .banner-bad, .messages .banner-warn, main [role=alert]"
)
NONSENSE = ("W" * 90 + " <b>{oops ") * 30


@dataclass(frozen=True)
class Form:
    """The one at place `at` of its page; `name` says where it goes, and what is filled in."""

    at: int
    name: str

    def send(self, page: Page, typed: str) -> None:
        """With `typed` in every field, however it is guarded in the browser."""
        with page.expect_navigation():
            page.evaluate(_SEND, [self.at, typed])


class Forms:
    """Sends each form that it comes to for the first time, empty and with nonsense. It must say what is wrong with it.

    `fine` are those of which nothing can be wrong: the name of the form, what is typed, and why.
    """

    def __init__(self, walker: Walker, fine: dict[tuple[str, str], str] | None = None) -> None:
        self.walker, self.fine, self.known = walker, fine or {}, set[str]()

    def at(self, path: str) -> None:
        page = self.walker.page
        page.goto(path)
        for form in [each for each in _forms_of(page) if each.name not in self.known]:
            self.known.add(form.name)
            self._send(form, path, "", "empty")
            self._send(form, path, NONSENSE, "with nonsense")

    def _send(self, form: Form, path: str, typed: str, how: str) -> None:
        def go(page: Page) -> None:
            page.goto(path)
            form.send(page, typed)

        name = f"{form.name} sent {how}"
        self.walker.see(name, go)
        says_so = self.walker.page.locator(REFUSED).locator("visible=true").count() > 0
        if says_so == ((form.name, typed) in self.fine):
            self.walker.found.append(f"{name}: {'is refused' if says_so else 'does not say what is wrong'}")


def _forms_of(page: Page) -> list[Form]:
    found = []
    for form in page.evaluate(_FORMS):
        where = resolve(urlsplit(form["action"]).path).view_name
        found.append(Form(form["at"], f"{where}: {', '.join(sorted(set(form['fields'])))}"))
    return found
