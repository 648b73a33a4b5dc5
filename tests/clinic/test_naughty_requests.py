"""What no form sends, but anybody can: odd addresses, odd headers, odd callbacks, odd command lines. Nothing breaks."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from settings_app.models import SmsSettings
from sms.models import InboundMessage, Message
from tests import naughty
from tests.addresses import ARGUMENTS, NAMES, PAGES, paths
from tests.crowd import Crowd
from tests.factories import NOW
from tests.sms.twilio import TOKEN
from tests.web_forms import Page

pytestmark = pytest.mark.django_db

# One of each kind: it is the same few lines that read all of them.
KINDS = [
    *("nul", "controls", "line ends", "not characters", "markup", "joined emoji", "ten thousand digits"),
    *("arabic digits", "power of two", "below zero", "the first day", "the last day", "no number", "json"),
]
NUMBERED = {"pk", "patient_id", "appointment_pk", "message_id", "text_id", "reply_id"}
NO_HEADERS = {"nul", "controls", "line ends"}  # no server lets them through in one
LONGEST = 2000  # characters of an address or of a header: more, no server lets through to us
TEXTS = {what: (naughty.DAYS | naughty.NUMBERS | naughty.TEXTS)[what][:LONGEST] for what in KINDS}


@pytest.fixture
def crowd(manager: User, settings: Settings, tmp_path: Path) -> Iterator[Crowd]:
    settings.DATA_DIR = tmp_path
    with time_machine.travel(NOW, tick=False):
        crowd = Crowd(by=manager, now=NOW)
        crowd.grow(10)
        yield crowd


def test_nothing_in_an_address_breaks_a_page(
    crowd: Crowd, manager_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each parameter that a page asks for, and each field of a list's filters, holds every text once."""
    wrong = []
    for name in PAGES:
        path = paths(name, crowd.values())[0]
        for parameter in asked_for(manager_client, path, monkeypatch):
            for what, text in TEXTS.items():
                if said := broken(manager_client, path, {parameter: text}):
                    wrong.append(f"{path}?{parameter} ({what}): {said}")
    assert wrong == [], "\n".join(wrong)


def asked_for(client: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    found: set[str] = set()
    with monkeypatch.context() as patch:
        for deed in ("get", "__contains__"):
            plain = getattr(QueryDict, deed)

            def noting(self: QueryDict, key: str, *rest: Any, plain: Any = plain) -> Any:
                found.add(key)
                return plain(self, key, *rest)

            patch.setattr(QueryDict, deed, noting)
        answer = client.get(path)
    if answer.status_code == 200:
        forms = Page(answer.content.decode(), path).forms
        found |= {name for form in forms if "q" in form.fields for name in form.fields}
    return found - {"csrfmiddlewaretoken"}


def broken(client: Client, path: str, query: dict[str, str]) -> str:
    try:
        answer: Any = client.get(path, query, follow=True)
    except Exception as error:  # noqa: BLE001  # staff would see a page that is broken
        return f"{type(error).__name__}: {error}"[:200]
    return "" if answer.status_code in {200, 404} else f"answered with {answer.status_code}"


@pytest.mark.parametrize("number", [0, 2**31, 2**63, 10**40])
def test_a_number_that_nothing_has_is_not_found(number: int, crowd: Crowd, manager_client: Client) -> None:
    values: dict[str, list[Any]] = {key: [number] for key in NUMBERED}
    values = {key: values.get(key.rpartition(" ")[2], each) for key, each in crowd.values().items()}
    asks = (manager_client.get, manager_client.post)
    wrong = []
    for name in NAMES:
        if NUMBERED & set(ARGUMENTS[name]):
            path = paths(name, values)[0]
            wrong += [path for ask in asks if ask(path).status_code not in {404, 405}]
    # Whoever logs out a browser, or deletes a text, that is not there has nothing left to do; what guards the account
    # wants the password first.
    assert [path for path in wrong if not re.search("/browsers/|/delete/|/second-step/", path)] == []


@pytest.mark.parametrize(
    "header",
    [
        *(
            "Accept-Language",
            "Accept",
            "Referer",
            "User-Agent",
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "Cookie",
        ),
        *("HX-Request", "HX-Target", "HX-Current-URL", "X-Twilio-Signature", "Content-Type", "X-CSRFToken"),
    ],
)
def test_no_header_breaks_anything(header: str, settings: Settings, manager_client: Client) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    stranger = Client()
    login = {"username": "maria.manager", "password": "wrong"}
    wrong = []
    for what in TEXTS.keys() - NO_HEADERS:
        sent = {header: TEXTS[what].encode().decode("latin-1")}
        answers = [
            manager_client.get("/accounts/", headers=sent),
            manager_client.post("/sms/new/", {"body": "Hello"}, headers=sent),
            stranger.post("/patients/", headers=sent),
            stranger.post("/accounts/login/", login, headers=sent),
            stranger.post("/webhooks/twilio/inbound/", {"Body": "Hello"}, headers=sent),
        ]
        codes = [answer.status_code for answer in answers]
        if not set(codes) <= {200, 204, 302, 400, 403, 429}:
            wrong.append((what, codes))
    assert wrong == []


class TestTwilio:
    """Its calls are signed, so they are believed; what they hold need not be what its documents say."""

    STATUS = ("MessageSid", "MessageStatus", "ErrorCode", "AccountSid")
    INBOUND = ("MessageSid", "From", "To", "Body", "OptOutType", "MessagingServiceSid", "NumMedia")

    @pytest.fixture(autouse=True)
    def _account(self, settings: Settings) -> None:
        settings.TWILIO_AUTH_TOKEN, settings.PUBLIC_BASE_URL = TOKEN, "https://sms.clinic.example"
        settings.SECURE_SSL_REDIRECT = False

    def post(self, path: str, **sent: str) -> Any:
        signature = RequestValidator(TOKEN).compute_signature(f"https://sms.clinic.example{path}", sent)
        return Client().post(path, sent, headers={"X-Twilio-Signature": signature})

    def reply(self, sid: str, body: str, **more: str) -> Any:
        sent = {"MessageSid": sid, "From": "+61412000001", "To": "+61491570006", "Body": body}
        return self.post("/webhooks/twilio/inbound/", **sent | more)

    def test_no_field_breaks_anything(self, crowd: Crowd) -> None:
        token = Message.objects.filter(group=crowd.running)[0].token
        path = reverse("sms:twilio_status", args=[token.hex])
        news = {"MessageSid": "SMnews", "MessageStatus": "delivered", "ErrorCode": "30003"}
        for what, text in naughty.TEXTS.items():
            for name in self.STATUS:
                assert self.post(path, **news | {name: text}).status_code in {204, 400}, (name, what)
            for name in self.INBOUND:
                answer = self.reply(f"SM {what} {name}"[:34], "Hello", **{name: text})
                assert answer.status_code in {200, 400}, (name, what)
                assert answer.status_code == 400 or parsed(answer).tag == "Response"

    def test_a_reply_is_shown_as_it_was_written(self, crowd: Crowd, manager_client: Client) -> None:
        wrong = []
        for what, text in naughty.TEXTS.items():
            assert self.reply(f"SM {what}", text).status_code == 200
            wanted = lines(text.replace("\0", "").strip())
            pages = ["/sms/inbox/?kind=all", f"/sms/inbox/{InboundMessage.objects.latest('pk').pk}/"]
            texts = [Page(manager_client.get(path).content.decode(), path).text for path in pages]
            wrong += [what for told in texts if wanted not in lines(told)]
        assert wrong == []

    def test_whoever_asks_for_help_is_told_the_clinics_name(self, sms_settings: SmsSettings) -> None:
        for what, name in naughty.NAMES.items():
            SmsSettings.objects.update(clinic_name=name[:60])
            said = parsed(self.reply(f"SM {what}", "HELP")).findtext("Message")
            assert said == f"This is {name[:60]}. Reply STOP to get no more texts."


def parsed(answer: Any) -> ElementTree.Element:
    return ElementTree.fromstring(answer.content)  # noqa: S314  # our own


def lines(text: str) -> str:
    """As a browser ends lines."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("text", [text for text in naughty.TEXTS.values() if "\0" not in text])
def test_a_command_says_in_a_sentence_what_it_cannot_do(text: str, db: None) -> None:
    """No command line holds a NUL."""
    commands = [["import_patients"], ["import_patients", "--dry-run"], ["apply_sms_default", "--undo"]]
    if not text.isdecimal():
        commands += [["seed_demo", "--dry-run", "--patients"], ["run_twilio_simulator", "--port"]]
    for command in commands:
        with pytest.raises((CommandError, SystemExit)):
            call_command(*command, text, stdout=io.StringIO(), stderr=io.StringIO())


def test_the_text_of_bytes_that_are_none_is_kept_as_what_a_browser_would_make_of_it(
    manager_client: Client,
) -> None:
    body = b"last_name=" + naughty.LONE_SURROGATE
    answer = manager_client.post("/patients/new/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 302
    page = manager_client.get(answer["Location"]).content.decode()
    assert re.search("a\ufffd+b", page)
