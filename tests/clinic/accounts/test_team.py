"""The team page, an invitation from the form to the first log-in, roles, and log-ins switched off."""

import re
from collections.abc import Callable

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from clinic.accounts import team
from clinic.accounts.roles import MANAGER, RECEPTIONIST, SENDER, role_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

ROSA = {
    "first_name": "Rosa",
    "last_name": "Martin",
    "email": "rosa@clinic.example",
    "username": "rosa.martin",
    "role": "Receptionist",
}
PASSWORD = "seven-quiet-ferries"


@pytest.fixture
def _mail_server(settings: Settings) -> None:
    settings.HAS_MAIL_SERVER = True


def link_in(text: str) -> str:
    found = re.search(r"http://127\.0\.0\.1:8000(/accounts/password/set/[^\s\"<]+)", text)
    assert found, text
    return found[1]


def choose_password(path: str) -> Client:
    """As a stranger with a link does it."""
    client = Client()
    address = client.get(path)["Location"]
    page = client.post(address, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert page["Location"] == "/accounts/login/"
    return client


class TestInvite:
    def test_without_a_mail_server_the_manager_copies_a_link(self, manager_client: Client) -> None:
        answer = manager_client.post("/team/invite/", ROSA)
        rosa = User.objects.get(username="rosa.martin")
        assert answer["Location"] == f"/team/{rosa.pk}/"
        page = manager_client.get(answer["Location"]).content.decode()
        choose_password(link_in(page))
        assert mail.outbox == []

    @pytest.mark.usefixtures("_mail_server")
    def test_with_one_the_colleague_gets_the_link_and_logs_in(self, manager_client: Client) -> None:
        manager_client.post("/team/invite/", ROSA)
        (invitation,) = mail.outbox
        assert invitation.to == ["rosa@clinic.example"]
        assert "rosa.martin" in str(invitation.body)
        client = choose_password(link_in(str(invitation.body)))
        answer = client.post("/accounts/login/", {"username": "Rosa.Martin", "password": PASSWORD})
        assert answer["Location"] == "/"
        assert client.get("/patients/").status_code == 200
        assert client.get("/sms/new/").status_code == 403

    def test_a_link_works_once(self, manager_client: Client) -> None:
        manager_client.post("/team/invite/", ROSA)
        rosa = User.objects.get(username="rosa.martin")
        path = link_in(manager_client.get(f"/team/{rosa.pk}/").content.decode())
        choose_password(path)
        assert "does not work any more" in Client().get(path, follow=True).content.decode()

    def test_nobody_logs_in_before_a_password_is_chosen(self, manager_client: Client) -> None:
        manager_client.post("/team/invite/", ROSA)
        client = Client()
        client.post("/accounts/login/", {"username": "rosa.martin", "password": "!"})
        assert "_auth_user_id" not in client.session

    @pytest.mark.parametrize("field", ["username", "email"])
    def test_a_name_or_address_that_differs_in_case_alone_is_taken(
        self, field: str, manager_client: Client
    ) -> None:
        manager_client.post("/team/invite/", ROSA)
        other = ROSA | {"email": "other@clinic.example", "username": "other", field: ROSA[field].upper()}
        page = manager_client.post("/team/invite/", other)
        assert page.status_code == 200
        assert "already" in page.content.decode()
        assert User.objects.filter(first_name="Rosa").count() == 1

    def test_the_address_in_a_link_is_ours_whatever_host_the_request_named(
        self, manager_client: Client, settings: Settings
    ) -> None:
        settings.ALLOWED_HOSTS = ["evil.example"]
        settings.HAS_MAIL_SERVER = True
        manager_client.post("/team/invite/", ROSA, headers={"host": "evil.example"})
        assert "evil" not in str(mail.outbox[0].body)
        link_in(str(mail.outbox[0].body))


class TestRoles:
    def test_a_manager_changes_a_role_and_it_counts_at_once(
        self, manager_client: Client, receptionist: User, reception_client: Client
    ) -> None:
        assert reception_client.get("/sms/new/").status_code == 403
        manager_client.post(f"/team/{receptionist.pk}/", {"do": "role", "role": SENDER})
        assert reception_client.get("/sms/new/").status_code == 200
        assert role_of(User.objects.get(pk=receptionist.pk)) == SENDER

    def test_managers_see_the_admin_and_who_is_none_any_more_does_not(
        self, manager: User, receptionist: User
    ) -> None:
        team.change_role(user_id=receptionist.pk, role=MANAGER, by=manager)
        assert User.objects.get(pk=receptionist.pk).is_staff
        team.change_role(user_id=receptionist.pk, role=RECEPTIONIST, by=manager)
        assert not User.objects.get(pk=receptionist.pk).is_staff

    def test_who_did_it_is_on_record(self, manager: User, receptionist: User) -> None:
        team.change_role(user_id=receptionist.pk, role=SENDER, by=manager)
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_id) == (manager, str(receptionist.pk))
        assert "Sender" in entry.change_message

    @pytest.mark.parametrize("do", ["off", "second-step", "role"])
    def test_nobody_changes_their_own_account_so_one_manager_stays(
        self, do: str, manager: User, manager_client: Client
    ) -> None:
        page = manager_client.post(f"/team/{manager.pk}/", {"do": do, "role": "Practitioner"}, follow=True)
        assert "Ask another manager" in page.content.decode()
        manager.refresh_from_db()
        assert manager.is_active
        assert role_of(manager) == MANAGER

    def test_of_two_managers_who_dismiss_each_other_the_second_is_refused(self, manager: User) -> None:
        other = UserFactory.create(role=MANAGER)
        team.switch_off(user_id=other.pk, by=manager)
        with pytest.raises(team.Refused, match="not a manager any more"):
            team.switch_off(user_id=manager.pk, by=other)

    def test_a_manager_has_no_way_into_the_account_that_runs_the_server(self, manager_client: Client) -> None:
        root = User.objects.create_superuser("root", "root@clinic.example")
        for do in ("off", "role", "link", "mail", "second-step"):
            page = manager_client.post(f"/team/{root.pk}/", {"do": do, "role": "Practitioner"}, follow=True)
            assert "/accounts/password/set/" not in page.content.decode()
        root.refresh_from_db()
        assert root.is_active
        assert root.is_superuser


class TestSwitchedOff:
    def test_they_are_logged_out_at_their_next_click(
        self, manager_client: Client, receptionist: User, reception_client: Client
    ) -> None:
        assert reception_client.get("/patients/").status_code == 200
        manager_client.post(f"/team/{receptionist.pk}/", {"do": "off"})
        assert reception_client.get("/patients/")["Location"].startswith("/accounts/login/")

    def test_the_log_in_says_why_to_whoever_knows_the_password(
        self, manager: User, receptionist: User
    ) -> None:
        receptionist.set_password(PASSWORD)
        receptionist.save(update_fields=["password"])
        team.switch_off(user_id=receptionist.pk, by=manager)
        right = {"username": receptionist.username, "password": PASSWORD}
        assert "switched off" in Client().post("/accounts/login/", right, follow=True).content.decode()
        wrong = right | {"password": "not-that-one"}
        assert "switched off" not in Client().post("/accounts/login/", wrong, follow=True).content.decode()
        team.switch_on(user_id=receptionist.pk, by=manager)
        assert Client().post("/accounts/login/", right)["Location"] == "/"

    def test_no_link_gets_them_back_in(
        self, manager: User, receptionist: User, manager_client: Client
    ) -> None:
        page = manager_client.post(f"/team/{receptionist.pk}/", {"do": "link"})
        team.switch_off(user_id=receptionist.pk, by=manager)
        page = manager_client.post(f"/team/{receptionist.pk}/", {"do": "link"})
        assert "/accounts/password/set/" not in page.content.decode()


class TestWhoSees:
    def test_everybody_sees_names_and_roles_and_managers_alone_what_they_can_do_about_it(
        self, log_in: Callable[[User], Client], manager: User, practitioner: User
    ) -> None:
        practitioner.email = "pavel@clinic.example"
        practitioner.save(update_fields=["email"])
        seen = log_in(practitioner).get("/team/").content.decode()
        assert "maria.manager" in seen
        assert "Invite a colleague" not in seen
        assert f"/team/{manager.pk}/" not in seen
        managed = log_in(manager).get("/team/").content.decode()
        assert "Invite a colleague" in managed
        assert f"/team/{practitioner.pk}/" in managed

    def test_a_refused_page_says_why_and_whom_to_ask(
        self, log_in: Callable[[User], Client], manager: User, receptionist: User
    ) -> None:
        UserFactory.create(first_name="Otto", last_name="Ohnedienst", role=MANAGER, is_active=False)
        manager.first_name, manager.last_name = "Maria", "Manager"
        manager.save(update_fields=["first_name", "last_name"])
        answer = log_in(receptionist).get("/sms/new/")
        assert answer.status_code == 403
        page = " ".join(answer.content.decode().split())
        assert "Your role, Receptionist, may not write and send group SMS." in page
        assert "These roles may: Manager, Sender." in page
        assert "Maria Manager" in page
        assert "Otto" not in page

    def test_somebody_without_a_role_is_told_so(self, log_in: Callable[[User], Client]) -> None:
        page = log_in(UserFactory.create()).get("/patients/").content.decode()
        assert "no role yet" in page

    def test_the_list_takes_no_more_queries_for_more_people(self, manager_client: Client) -> None:
        manager_client.get("/team/")  # the first one of a session writes it
        with CaptureQueriesContext(connection) as few:
            manager_client.get("/team/")
        UserFactory.create_batch(30, role=RECEPTIONIST)
        with CaptureQueriesContext(connection) as many:
            manager_client.get("/team/")
        assert len(many) == len(few)

    def test_a_large_team_comes_page_by_page(self, manager_client: Client) -> None:
        UserFactory.create_batch(60, role=RECEPTIONIST)
        links = [
            manager_client.get(f"/team/?page={page}").content.decode().count('href="/team/')
            for page in (1, 2)
        ]
        assert 50 <= links[0] < 60
        assert 10 < links[1] < 20
