"""Every address of the project, as every role and as nobody: it opens for those it was decided for, and no others."""

from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import resolve, reverse

from clinic.accounts import roles
from patients.models import Patient
from sms.models import InboundMessage, SendingPause
from tests.addresses import ADMIN, EVERYTHING, NAMES
from tests.clinic.accounts.decisions import DECISIONS, STAFF, Who
from tests.factories import NOW, AppointmentFactory, PatientFactory, UserFactory, block
from tests.sms.steps import draft, frozen, queued

pytestmark = pytest.mark.django_db

LEAVING = "/admin/logout/"
ADMIN_PAGES = [(name, arguments) for name, _, arguments in EVERYTHING if name.startswith(ADMIN)]


@pytest.fixture
def things() -> dict[str, Any]:
    """A value for every argument that an address has."""
    appointment = AppointmentFactory.create()
    reply = InboundMessage.objects.create(
        sid="SM1", phone=appointment.patient.phone, sender="MG1", body="Hi", kind="other", received_at=NOW
    )
    return {
        "pk": appointment.patient.pk,
        "patient_id": appointment.patient.pk,
        "appointment_pk": appointment.pk,
        "group_id": draft().pk,
        "message_id": queued(appointment.patient).pk,
        "import_id": uuid4(),
        "text_id": 1,
        "reply_id": reply.pk,
        "token": "0" * 32,
        "uidb64": "MQ",
        "page": "first-send",
    }


def browser(who: Who) -> Client:
    client = Client(raise_request_exception=False)
    if who is Who.SUPERUSER:
        client.force_login(User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)[0])
    elif who is not Who.NOBODY:
        user = User.objects.filter(username=who).first()
        client.force_login(
            user or UserFactory.create(username=str(who), role=str(who), is_staff=who == Who.MANAGER)
        )
    return client


def outcome(response: HttpResponse) -> str:
    if response.status_code == 403 and "/webhooks/" not in response.wsgi_request.path:
        return "refused"
    if response.status_code == 302 and response["Location"].startswith("/accounts/login/?next="):
        return "sent to log in"
    assert response.status_code != 500, response.wsgi_request.path
    return "open"


def expected(who: Who, may: frozenset[Who]) -> str:
    if who in may:
        return "open"
    return "sent to log in" if who is Who.NOBODY else "refused"


def test_every_address_has_a_name_and_a_decision_and_no_decision_is_out_of_date() -> None:
    assert all(name for name, _, _ in EVERYTHING if not name.startswith(ADMIN))
    assert set(NAMES) == set(DECISIONS) - {ADMIN}


@pytest.mark.parametrize("name", NAMES)
def test_an_address_opens_for_whom_it_was_decided_and_nobody_else(name: str, things: dict[str, Any]) -> None:
    arguments = next(arguments for found, _, arguments in EVERYTHING if found == name)
    path = reverse(name, kwargs={argument: things[argument] for argument in arguments})
    decided = {who: expected(who, DECISIONS[name]) for who in Who}
    assert {who: outcome(browser(who).get(path)) for who in Who} == decided
    assert {who: outcome(browser(who).post(path)) for who in Who} == decided, (
        "a button behind a page is a door"
    )


@pytest.mark.parametrize("who", sorted(set(Who) - DECISIONS[ADMIN]))
def test_no_page_of_the_admin_is_a_way_round(who: Who) -> None:
    client = browser(who)
    for name, arguments in ADMIN_PAGES:
        path = address_in_admin(name, arguments)
        if path == LEAVING:
            continue
        for method in (client.get, client.post):
            answer = method(path)
            if answer.status_code == 302 and answer["Location"].startswith("/admin/login/"):
                answer = client.get(answer["Location"])  # the admin's own log-in page leads on to ours
            assert outcome(answer) == expected(who, DECISIONS[ADMIN]), path


def test_a_manager_finds_nothing_in_the_admin_that_raises_them_above_a_manager() -> None:
    client = browser(Who.MANAGER)
    refused = {
        name
        for name, arguments in ADMIN_PAGES
        if address_in_admin(name, arguments) != LEAVING
        and outcome(client.get(address_in_admin(name, arguments))) == "refused"
    }
    above = ("auth_", "mfa_", "account_", "usersessions_", "axes_")
    for name, _ in ADMIN_PAGES:
        if name.removeprefix(ADMIN).startswith(above) and name.endswith(("_changelist", "_add")):
            assert name in refused


def address_in_admin(name: str, arguments: tuple[str, ...]) -> str:
    if name == ADMIN:
        return "/admin/x"  # what no other pattern matches
    values = {"app_label": "patients", "content_type_id": 1, "object_id": 1, "id": 1}
    return reverse(name, kwargs={argument: values[argument] for argument in arguments})


def test_every_permission_that_a_page_asks_for_can_be_said_in_words() -> None:
    asked = {each for _, pattern, _ in EVERYTHING for each in getattr(pattern.callback, "permissions", ())}
    known = {each for deed in roles.DEEDS for each in deed.permissions}
    assert asked <= known


def test_every_row_of_the_table_on_the_team_page_is_true_of_the_groups_as_shipped() -> None:
    held = roles.permissions_of_roles()
    assert held["Practitioner"] < held["Receptionist"] < held["Sender"] < held["Manager"]
    rows = {words: {role for role, may in answers if may} for words, answers in roles.table()}
    assert rows["see patients and their appointments"] == set(roles.ROLES)
    assert rows["write and send group SMS"] == {"Sender", "Manager"}
    assert rows["invite colleagues and choose their roles"] == {"Manager"}


def test_somebody_without_a_role_opens_what_needs_none_and_nothing_else(things: dict[str, Any]) -> None:
    client = Client()
    client.force_login(UserFactory.create())
    for name in ("patients:list", "sms:group_list", "sms:log", "patients:create", "accounts:invite"):
        assert outcome(client.get(reverse(name))) == "refused", name
    for name in sorted(name for name, may in DECISIONS.items() if may == STAFF and "accounts:" in name):
        arguments = next(arguments for found, _, arguments in EVERYTHING if found == name)
        path = reverse(name, kwargs={argument: things[argument] for argument in arguments})
        assert outcome(client.get(path)) == "open", name


class Doors(HTMLParser):
    """The addresses of all links and forms of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"href", "action", "formaction", "hx-get", "hx-post"} and (value or "").startswith(
                "/"
            ):
                self.found.add(urlsplit(value or "").path)


@pytest.fixture
def lived_in(things: dict[str, Any]) -> dict[str, Any]:
    """A clinic in which every page has something to show: replies, people left out, a pause, texts that went."""
    patient = Patient.objects.get(pk=things["pk"])
    block(PatientFactory.create().phone)
    PatientFactory.create(phone="")
    PatientFactory.create(accepts=False, archived=True)
    SendingPause.objects.create(error_code=20003, paused_at=NOW)
    InboundMessage.objects.create(
        sid="SM2", phone=patient.phone, sender="MG1", body="stop this", kind="may_be_stop", received_at=NOW
    )
    queued(patient)
    return things | {"frozen": frozen().pk}


@pytest.mark.parametrize("who", [Who.PRACTITIONER, Who.RECEPTIONIST, Who.SENDER, Who.MANAGER])
def test_no_page_shows_a_link_or_a_button_that_refuses_whoever_presses_it(
    who: Who, lived_in: dict[str, Any]
) -> None:
    client = browser(who)
    refused = set()
    for name, _, arguments in EVERYTHING:
        if name.startswith(ADMIN) or who not in DECISIONS[name] or name == "account_logout":
            continue
        # No page leads to the people of a draft: it has none yet.
        draft_too = [] if name in {"sms:group_people", "sms:progress"} else [lived_in["group_id"]]
        groups = [lived_in["frozen"], *draft_too] if "group_id" in arguments else [None]
        for group in groups:
            values = {
                argument: group if argument == "group_id" else lived_in[argument] for argument in arguments
            }
            path = reverse(name, kwargs=values)
            answer = client.get(path)
            if answer.status_code != 200 or answer.streaming:
                continue
            for door in Doors(answer.content.decode(errors="replace")).found:
                refused |= {(path, door)} if not may_open(who, door) else set()
    assert refused == set()


def may_open(who: Who, path: str) -> bool:
    if path.startswith("/static/"):
        return True
    name = resolve(path).view_name
    return who in DECISIONS[ADMIN if name.startswith(ADMIN) else name]
