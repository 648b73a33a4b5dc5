"""The forms of a page as a browser sees them: what each field holds, what it would send, and what is said beside it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from django.urls import resolve

# What people type into. All else is ticked, chosen or hidden.
TYPED = {"text", "search", "tel", "email", "password", "textarea"}
SUMMARY = "error-summary"
_SUMMARIES = {
    SUMMARY,
    "errornote",
}  # the box above a form that says that something is wrong: ours, and the admin's
MEASURED = {"number", "date", "time", "datetime-local"}
_VOID = {"area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# What a browser shows nothing of.
_UNSEEN = {"script", "style", "title"}


@dataclass
class Field:
    """`kind` is the type of an input, "select" or "textarea"; `value` what is in it now, None for what is not sent."""

    name: str
    kind: str
    value: str | None
    longest: int | None
    is_wrong: bool
    described_by: list[str]
    is_editable: bool


@dataclass
class Form:
    """A form that stands on `page` and is sent to `action`."""

    page: str
    action: str
    method: str
    live: str = ""  # what is on its way answered while one types: the id of an element
    fields: dict[str, Field] = field(default_factory=dict)
    button: tuple[str, str] | None = None  # what the first button sends: nothing if it has no name

    @property
    def name(self) -> str:
        """The name of the address that it is sent to, with what is typed into it: the same form on two pages is one."""
        return f"{self.view} ({', '.join(sorted(each.name for each in self.typed()))})"

    @property
    def view(self) -> str:
        return str(resolve(urlsplit(self.action).path).view_name)

    def typed(self) -> list[Field]:
        return [each for each in self.fields.values() if each.is_editable and each.kind in TYPED | MEASURED]

    def sends(self) -> dict[str, str]:
        """What a browser sends if its first button is pressed at once."""
        sent = {name: each.value for name, each in self.fields.items() if each.value is not None}
        return sent | dict([self.button] if self.button and self.button[0] else [])


class Page(HTMLParser):
    """A page of ours, read. `text` is what it says, with the values of its fields; `said` the text of each id."""

    def __init__(self, html: str, path: str) -> None:
        super().__init__()
        self.path, self.forms, self.said = path, list[Form](), dict[str, str]()
        self._ids: list[str] = []
        self._open: list[tuple[str, str | None]] = []
        self._form: Form | None = None
        self._by_id: dict[str, Form] = {}
        self._area: Field | None = None
        self._select: Field | None = None
        self._text: list[str] = []
        self.feed(html)
        self.close()
        self.text = "".join(self._text)

    @property
    def summary(self) -> str:
        """What the box above a form says is wrong."""
        return " ".join(self.said.get(SUMMARY, "").split())

    def form_like(self, wanted: Form) -> Form | None:
        """The same form as it stands here."""
        return next((each for each in self.forms if each.name == wanted.name), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        key = SUMMARY if _SUMMARIES & set(given.get("class", "").split()) else given.get("id")
        if key is not None:
            self.said.setdefault(key, "")
        if tag not in _VOID:
            self._open.append((tag, key))
        if tag == "form":
            self._begin_form(given)
        elif tag in {"input", "textarea", "select", "button"}:
            self._field(tag, given)
        elif tag == "option" and self._select:
            if "selected" in given or self._select.value is None:
                self._select.value = given.get("value", "")
        elif tag == "br":
            self.handle_data("\n")

    def handle_endtag(self, tag: str) -> None:
        while self._open:
            opened, _ = self._open.pop()
            if opened == tag:
                break
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            # The new line after the tag is none of the text.
            if self._area and self._area.value:
                self._area.value = self._area.value.removeprefix("\n")
            self._area = None
        elif tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area.value = (self._area.value or "") + data
        for tag, key in self._open:
            if key is not None:
                self.said[key] += data
            if tag in _UNSEEN:
                return
        self._text.append(data)

    def _begin_form(self, given: dict[str, str]) -> None:
        self._form = Form(
            page=self.path,
            action=urljoin(self.path, given.get("action", "")),
            method=given.get("method", "get").lower(),
            live=given.get("hx-target", "").removeprefix("#"),
        )
        self.forms.append(self._form)
        if "id" in given:
            self._by_id[given["id"]] = self._form

    def _field(self, tag: str, given: dict[str, str]) -> None:
        form = self._by_id.get(given.get("form", "")) or self._form
        name = given.get("name", "")
        kind = (
            given.get("type", "submit" if tag == "button" else "text") if tag in {"input", "button"} else tag
        )
        if form and kind == "submit" and form.button is None:
            form.button = name, given.get("value", "")
        if form is None or not name or kind in {"submit", "button"}:
            return
        value: str | None = given.get("value", "") if tag == "input" else None
        if kind in {"checkbox", "radio"}:
            earlier = form.fields.get(name)
            value = given.get("value", "on") if "checked" in given else earlier and earlier.value
        if tag == "textarea":
            value = ""
        elif value and kind in TYPED | MEASURED:
            self._text.append(f"\n{value}\n")
        found = Field(
            name=name,
            kind=kind,
            value=value,
            longest=int(given["maxlength"]) if given.get("maxlength") else None,
            is_wrong=given.get("aria-invalid") == "true",
            described_by=given.get("aria-describedby", "").split(),
            is_editable="readonly" not in given and "disabled" not in given and "hidden" not in given,
        )
        form.fields[name] = found
        self._area = found if tag == "textarea" else None
        self._select = found if tag == "select" else self._select


def beside(page: Page, wrong: Field) -> Iterator[str]:
    """What is said beside a field to be wrong with it."""
    for key in wrong.described_by:
        if key.endswith("_error"):
            yield " ".join(page.said.get(key, "").split())
