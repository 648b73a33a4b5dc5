"""The log-in page, wrong passwords, the second step, and the browsers in which one is logged in."""

import re
import time
from collections.abc import Callable

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from clinic.accounts.links import password_link
from settings_app.models import SmsSettings
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
PASSWORD = "seven-quiet-ferries"


def person(username: str = "rosa", role: str = "Receptionist") -> User:
    user = UserFactory.create(username=username, role=role)
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def log_in(client: Client, username: str = "rosa", password: str = PASSWORD, ip: str = "10.0.0.1") -> int:
    form = {"username": username, "password": password}
    return client.post(LOGIN, form, REMOTE_ADDR=ip).status_code


def code(secret: str) -> str:
    """What the app on the phone shows now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def confirm(client: Client) -> None:
    """The password once more, which changes of the second step ask for."""
    client.post("/accounts/confirm/", {"password": PASSWORD})


def set_up_app(client: Client) -> str:
    """Returns the app's secret."""
    confirm(client)
    page = client.get("/accounts/second-step/totp/activate/").content.decode()
    found = re.search(r'<code class="secret">(\w+)</code>', page)
    assert found, page
    answer = client.post("/accounts/second-step/totp/activate/", {"code": code(found[1])})
    assert answer["Location"] == "/accounts/second-step/recovery-codes/"
    return found[1]


class TestThrottle:
    def test_after_five_wrong_passwords_the_right_one_waits_ten_minutes(self, client: Client) -> None:
        person()
        with time_machine.travel("2026-11-24 01:00:00Z", tick=False) as clock:
            assert [log_in(client, password="wrong") for _ in range(5)] == [200, 200, 200, 200, 429]
            page = client.post(LOGIN, {"username": "rosa", "password": PASSWORD}, REMOTE_ADDR="10.0.0.1")
            assert page.status_code == 429
            assert "<strong>10 minutes</strong>" in page.content.decode()
            clock.shift(9 * 60)
            page = client.post(LOGIN, {"username": "rosa", "password": PASSWORD}, REMOTE_ADDR="10.0.0.1")
            assert "<strong>1 minute</strong>" in page.content.decode(), "trying does not make it longer"
            clock.shift(61)
            assert log_in(client) == 302

    def test_a_colleague_at_the_same_address_is_not_locked_out(self, client: Client) -> None:
        person()
        person("tom")
        for _ in range(6):
            log_in(client, password="wrong")
        assert log_in(Client(), "tom") == 302

    def test_nor_is_the_same_person_at_another_address(self, client: Client) -> None:
        person()
        for _ in range(6):
            log_in(client, password="wrong")
        assert log_in(Client(), ip="10.0.0.2") == 302

    def test_each_spelling_of_a_name_has_no_tries_of_its_own(self, client: Client) -> None:
        person()
        tries = [log_in(client, name, "wrong") for name in ("rosa", "Rosa", "ROSA", "rOsa", " rosa")]
        assert tries[-1] == 429

    def test_from_many_addresses_a_name_can_be_tried_twenty_times(self, client: Client) -> None:
        person()
        for at in range(20):
            log_in(client, password="wrong", ip=f"10.0.1.{at}")
        page = client.post(LOGIN, {"username": "rosa", "password": PASSWORD}, REMOTE_ADDR="10.0.2.1")
        assert "Wait ten minutes" in page.content.decode()

    def test_a_new_password_opens_the_door_at_once(self, client: Client) -> None:
        user = person()
        for _ in range(5):
            log_in(client, password="wrong")
        path = password_link(user).removeprefix("http://127.0.0.1:8000")
        address = client.get(path)["Location"]
        client.post(address, {"new_password1": PASSWORD, "new_password2": PASSWORD})
        assert log_in(client) == 302

    def test_behind_a_proxy_the_address_it_saw_counts_and_a_header_alone_is_nothing(
        self, client: Client, settings: Settings
    ) -> None:
        person()
        form = {"username": "rosa", "password": "wrong"}

        def try_from(ip: str) -> int:
            return client.post(
                LOGIN, form, REMOTE_ADDR="172.18.0.1", headers={"x-forwarded-for": ip}
            ).status_code

        assert [try_from(f"1.1.1.{at}") for at in range(5)][-1] == 429, "made-up headers are not believed"
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        assert try_from("9.9.9.9") == 200

    def test_no_name_and_no_address_is_logged(self, client: Client, caplog: pytest.LogCaptureFixture) -> None:
        person("rosalind")
        for _ in range(6):
            log_in(client, "rosalind", "wrong", ip="10.9.8.7")
        assert "rosalind" not in caplog.text
        assert "10.9.8.7" not in caplog.text


class TestSecondStep:
    def test_an_app_is_asked_after_the_password_and_each_code_works_once(self, client: Client) -> None:
        user = person()
        client.force_login(user)
        secret = set_up_app(client)
        browser = Client()
        assert log_in(browser) == 302
        assert browser.get("/patients/").status_code == 302, "the password alone opens nothing"
        step = "/accounts/second-step/authenticate/"
        assert "Second step" in browser.get(step).content.decode()
        assert browser.post(step, {"code": "000000"}).status_code == 200
        now = code(secret)
        assert browser.post(step, {"code": now})["Location"] == "/"
        assert browser.get("/patients/").status_code == 200
        again = Client()
        log_in(again)
        assert again.post(step, {"code": now}).status_code == 200, "a code seen over a shoulder"

    def test_a_recovery_code_works_once_in_place_of_the_app(self, client: Client) -> None:
        client.force_login(person())
        set_up_app(client)
        codes = re.findall(
            r"<li><code>(\d+)</code></li>",
            client.get("/accounts/second-step/recovery-codes/").content.decode(),
        )
        assert len(codes) == 10
        for expected in (302, 200):
            browser = Client()
            log_in(browser)
            answer = browser.post("/accounts/second-step/authenticate/", {"code": codes[0]})
            assert answer.status_code == expected

    def test_setting_it_up_asks_for_the_password_again(self, client: Client) -> None:
        client.force_login(person())
        answer = client.get("/accounts/second-step/totp/activate/")
        assert answer["Location"].startswith("/accounts/confirm/?next=")

    def test_guessing_codes_ends_soon(self, client: Client) -> None:
        client.force_login(person())
        set_up_app(client)
        browser = Client()
        log_in(browser)
        step = "/accounts/second-step/authenticate/"
        pages = [browser.post(step, {"code": f"{at:06}"}).content.decode() for at in range(22)]
        assert "Wait ten minutes" in pages[-1]

    def test_the_admin_has_no_log_in_without_it(self, client: Client) -> None:
        answer = client.get("/admin/login/")
        assert answer["Location"].startswith("/accounts/login/")

    def test_a_manager_removes_it_for_who_lost_everything(
        self, client: Client, manager_client: Client
    ) -> None:
        user = person()
        client.force_login(user)
        set_up_app(client)
        manager_client.post(f"/team/{user.pk}/", {"do": "second-step"})
        assert not Authenticator.objects.filter(user=user).exists()


class TestRequired:
    @pytest.fixture(autouse=True)
    def _the_clinic_wants_it(self, sms_settings: SmsSettings) -> None:
        SmsSettings.objects.update(two_step_for_senders=True)

    def test_whoever_can_send_to_groups_is_led_to_set_it_up_and_then_goes_on(self, client: Client) -> None:
        client.force_login(person(role="Sender"))
        for path in ("/", "/sms/new/", "/accounts/", "/team/"):
            assert client.get(path)["Location"] == "/accounts/second-step/?required", path
        page = client.get("/accounts/second-step/?required").content.decode()
        assert "Your clinic wants a second step from you" in page
        set_up_app(client)
        assert client.get("/sms/new/").status_code == 200

    def test_they_can_leave_instead(self, client: Client) -> None:
        client.force_login(person(role="Sender"))
        assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"

    def test_nothing_is_sent_in_between(self, client: Client) -> None:
        client.force_login(person(role="Sender"))
        assert client.post("/sms/new/", {"body": "Hello"})["Location"] == "/accounts/second-step/?required"

    @pytest.mark.parametrize("role", ["Receptionist", "Practitioner"])
    def test_the_others_are_left_alone(self, role: str, client: Client) -> None:
        client.force_login(person(role=role))
        assert client.get("/patients/").status_code == 200

    def test_webhooks_and_health_are_asked_by_machines(self, client: Client) -> None:
        client.force_login(person(role="Sender"))
        assert client.get("/healthz").status_code == 200

    def test_as_shipped_nobody_is_asked(self, client: Client) -> None:
        SmsSettings.objects.update(two_step_for_senders=False)
        client.force_login(person(role="Sender"))
        assert client.get("/sms/new/").status_code == 200


class TestBrowsers:
    def test_each_is_listed_and_another_can_be_logged_out(self, client: Client) -> None:
        person()
        phone = Client(headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18) Safari/605"})
        log_in(client)
        log_in(phone, ip="10.0.0.9")
        page = client.get("/accounts/").content.decode()
        assert "Safari on iPhone" in page
        assert "10.0.0.9" in page
        (path,) = re.findall(r"/accounts/browsers/\d+/log-out/", page)
        client.post(path)
        assert phone.get("/patients/").status_code == 302
        assert client.get("/patients/").status_code == 200
        assert "Safari on iPhone" not in client.get("/accounts/").content.decode()

    def test_all_others_at_once(self, client: Client) -> None:
        person()
        others = [Client(), Client()]
        for browser in (client, *others):
            log_in(browser)
        client.post("/accounts/browsers/log-out/")
        assert [browser.get("/patients/").status_code for browser in (client, *others)] == [200, 302, 302]

    def test_nobody_logs_out_the_browser_of_another(
        self, client: Client, log_in_as: Callable[[User], Client]
    ) -> None:
        person()
        log_in(client)
        page = client.get("/accounts/")
        theirs = page.context["places"][0].pk
        log_in_as(person("tom")).post(f"/accounts/browsers/{theirs}/log-out/")
        assert client.get("/patients/").status_code == 200

    @pytest.fixture
    def log_in_as(self) -> Callable[[User], Client]:
        def as_user(user: User) -> Client:
            browser = Client()
            browser.force_login(user)
            return browser

        return as_user

    def test_a_browser_that_never_came_through_the_log_in_page_is_listed_too(self, client: Client) -> None:
        client.force_login(person())
        assert "This browser" in client.get("/accounts/").content.decode()


def test_a_stranger_cannot_sign_up(client: Client) -> None:
    assert client.get("/accounts/signup/").status_code == 404


def test_after_log_in_one_is_where_one_wanted_to_be_but_never_elsewhere(client: Client) -> None:
    person()
    form = {"username": "rosa", "password": PASSWORD}
    assert client.post(LOGIN, form | {"next": "/patients/"})["Location"] == "/patients/"
    assert Client().post(LOGIN, form | {"next": "https://evil.example/"})["Location"] == "/"
