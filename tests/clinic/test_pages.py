"""The shell of all pages, the fields of all forms, and the pages that say no."""

from collections.abc import Callable
from gzip import decompress
from html.parser import HTMLParser

import pytest
from django import forms
from django.contrib.auth.models import User
from django.template.loader import render_to_string
from django.test import Client

from settings_app.forms import Explained
from settings_app.models import SmsSettings


class Elements(HTMLParser):
    """Each start tag of a page, with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def attrs(self, tag: str, **wanted: str) -> dict[str, str | None]:
        """Of the first `tag` that has the wanted attributes."""
        return next(a for t, a in self.found if t == tag and wanted.items() <= a.items())

    def ids(self) -> set[str | None]:
        return {attrs["id"] for _, attrs in self.found if "id" in attrs}


class SampleForm(forms.Form):
    name = forms.CharField(label="Last name", help_text="As on the card.")
    note = forms.CharField(label="Note", required=False)
    agrees = forms.BooleanField(label="Agrees", required=False, help_text="They said so.")
    choice = forms.ChoiceField(
        label="New patients",
        widget=forms.RadioSelect,
        choices=[("yes", Explained("Accept", help="Until they say no.")), ("no", "Reject")],
    )


def field(name: str, data: dict[str, str] | None = None) -> tuple[str, Elements]:
    html = SampleForm(data)[name].as_field_group()
    return html, Elements(html)


def test_a_label_belongs_to_its_input_and_the_help_describes_it() -> None:
    _, page = field("name")
    shown = page.attrs("input", name="name")
    assert page.attrs("label")["for"] == shown["id"]
    assert shown["aria-describedby"] in page.ids()
    assert "aria-invalid" not in shown


def test_an_error_marks_its_input_and_describes_it() -> None:
    html, page = field("name", {"name": ""})
    shown = page.attrs("input", name="name")
    assert shown["aria-invalid"] == "true"
    assert set((shown["aria-describedby"] or "").split()) <= page.ids()
    assert "This field is required." in html


def test_only_optional_fields_say_so_and_outside_their_label() -> None:
    html, _ = field("note")
    assert ">Note</label>" in html
    assert "optional</span>" in html
    assert "optional</span>" not in field("name")[0]


def test_the_label_of_a_tick_box_follows_it() -> None:
    html, _ = field("agrees")
    assert html.index("<input") < html.index(">Agrees</label>") < html.index("They said so.")


def test_choices_stand_in_one_named_group_each_with_its_own_explanation() -> None:
    html, page = field("choice", {"choice": "no"})
    assert "<legend>New patients</legend>" in html
    assert page.attrs("input", value="yes")["aria-describedby"] in page.ids()
    assert "aria-describedby" not in page.attrs("input", value="no")
    assert "checked" in page.attrs("input", value="no")
    assert "checked" not in page.attrs("input", value="yes")


def test_the_error_summary_links_to_what_is_wrong() -> None:
    form = SampleForm({"name": "", "choice": ""})
    whole = Elements("".join(bound.as_field_group() for bound in form))
    summary = Elements(render_to_string("partials/_error_summary.html", {"form": form}))
    targets = {(attrs["href"] or "")[1:] for tag, attrs in summary.found if tag == "a"}
    assert targets == {"id_name", "id_choice"}
    assert targets <= whole.ids()


def test_what_a_person_typed_is_shown_as_typed() -> None:
    html, _ = field("note", {"note": '"><script>alert(1)</script>'})
    assert "<script>" not in html


@pytest.mark.parametrize("name", ["400.html", "500.html", "403_csrf.html"])
def test_error_pages_need_no_request_and_show_a_way_on(name: str) -> None:
    page = Elements(render_to_string(name))
    assert page.attrs("a", **{"class": "button button-wide"})["href"] == "/"


def test_the_menu_shows_each_role_what_it_may_open(
    log_in: Callable[[User], Client], manager: User, receptionist: User, practitioner: User
) -> None:
    def entries(user: User) -> list[str]:
        html = log_in(user).get("/nowhere/").content.decode()
        return [word for word in ("Patients", "Inbox", "Settings", "Administration") if f"{word}</a>" in html]

    assert entries(manager) == ["Patients", "Inbox", "Settings"]
    assert entries(receptionist) == ["Patients", "Inbox"]
    assert entries(practitioner) == ["Patients"]


def test_logging_out_is_a_form_that_posts(reception_client: Client) -> None:
    page = Elements(reception_client.get("/nowhere/").content.decode())
    assert page.attrs("form", action="/accounts/logout/")["method"] == "post"


def test_a_stranger_at_a_missing_page_sees_no_menu(client: Client) -> None:
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "site-menu" not in answer.content.decode()


def test_pages_without_live_parts_load_one_script_which_watches_over_an_empty_desk(
    reception_client: Client,
) -> None:
    page = Elements(reception_client.get("/nowhere/").content.decode())
    assert [attrs["src"] for tag, attrs in page.found if tag == "script"] == ["/static/idle.js"]


def test_where_nobody_is_logged_out_by_the_clock_pages_load_no_script(reception_client: Client) -> None:
    SmsSettings.objects.update(idle_minutes=0)
    assert "<script" not in reception_client.get("/nowhere/").content.decode()


def test_pages_are_sent_compressed(reception_client: Client) -> None:
    plain = reception_client.get("/patients/")
    small = reception_client.get("/patients/", headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in plain
    assert small["Content-Encoding"] == "gzip"
    assert len(small.content) < len(plain.content) / 2
    assert b"</html>" in decompress(small.content)
