"""The pages in another language, read from right to left: Arabic, in which each of our sentences comes out marked."""

import re
from collections.abc import Iterator
from gettext import NullTranslations
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import trans_real
from pytest_django import Settings

from settings_app.models import SmsSettings
from sms import audience
from sms.inbound import Reply, receive
from sms.reminders import reminder_text
from tests.clinic.accounts.decisions import Who
from tests.clinic.accounts.test_every_url import EVERYTHING, browser, things
from tests.factories import AppointmentFactory, PatientFactory
from tests.sms.steps import draft

__all__ = ["things"]

pytestmark = pytest.mark.django_db

# Elements that hold our words, with or without data among them.
OURS = {"h2", "h3", "label", "legend", "button", "summary", "dt"}
# The first ends the session, the second makes a secret; the guide is a document, written in English.
LEFT_ASIDE = {"account_logout", "mfa_activate_totp", "guide_page", "styleguide"}
FORMAT = re.compile(r"(?:[a-zA-Z](?![a-zA-Z])|[ ,:.])+")  # of a date: letters that stand alone


class Marked(NullTranslations):
    """Translates everything: into itself, with marks around it."""

    def gettext(self, message: str) -> str:
        words = message.rpartition("\x04")[2]
        return words if FORMAT.fullmatch(words) else f"⟦{words}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def in_arabic(settings: Settings) -> Iterator[None]:
    """What Django itself says comes out in Arabic, what we say marked."""
    settings.LANGUAGE_CODE = "ar"
    trans_real.translation("ar").add_fallback(Marked())
    yield
    trans_real._translations.pop("ar")


class Unmarked(HTMLParser):
    """Texts of the elements in OURS, and of what is spoken, that nobody translated."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, list[str]]] = []
        self.found: list[str] = []
        self.direction = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.direction = f"{given['lang']} {given['dir']}"
        if tag in OURS or (tag == "th" and given.get("scope") == "col"):
            self.open.append((tag, []))
        self.found += [
            given[name] or "" for name in ("aria-label", "placeholder", "data-label") if name in given
        ]

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1][1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1][0] == tag:
            self.found.append("".join(self.open.pop()[1]))

    @property
    def unmarked(self) -> list[str]:
        return [
            text.strip()
            for text in self.found
            if re.search("[A-Za-z]", text) and not re.search("[⟦ء-ي]", text)
        ]


def unmarked(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return []
    page = Unmarked()
    page.feed(answer.content.decode())
    assert page.direction in {"ar rtl", ""}, path  # a fragment has no <html>
    return page.unmarked


def test_every_page_comes_out_in_the_language_of_the_clinic(in_arabic: None, things: dict[str, Any]) -> None:
    client = browser(Who.MANAGER)
    found = {}
    for name, _, arguments in EVERYTHING:
        if not name.startswith("admin:") and name not in LEFT_ASIDE:
            path = reverse(name, kwargs={argument: things[argument] for argument in arguments})
            if texts := unmarked(client, path):
                found[name] = texts
    assert "\n".join(f"{name}: {texts}" for name, texts in found.items()) == ""


def test_the_test_sees_what_is_not_translated(in_arabic: None) -> None:
    page = Unmarked()
    page.feed(
        '<html lang="ar" dir="rtl"><h2>⟦Yes⟧ Anna</h2><h2>No</h2><th scope="col" data-label="Name">12</th>'
    )
    assert page.unmarked == ["No", "Name"]


def test_what_patients_receive_is_not_translated(in_arabic: None) -> None:
    settings = SmsSettings.load()
    patient = PatientFactory.create(first_name="Anna")
    appointment = AppointmentFactory.create(patient=patient)
    assert "⟦" not in reminder_text(appointment, settings)
    assert "⟦" not in str(audience.whole(draft("Hi {first_name|there}", marketing=True), settings))
    reply = Reply(sid="SM1", phone=patient.phone, sender="MG1", body="HELP", read_as="")
    answer = receive(reply, at=appointment.starts_at)
    assert answer
    assert "⟦" not in answer
