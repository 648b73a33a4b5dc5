"""A forgotten password: a link by e-mail, the same answer for everybody, and where the e-mail lies without a server."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from pytest_django import Settings

from clinic import env
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

FORGOT = "/accounts/password/forgot/"
NEW = "seven-quiet-ferries"


@pytest.fixture
def rosa() -> User:
    user = UserFactory.create(username="rosa", email="rosa@clinic.example", role="Receptionist")
    user.set_password("the-old-one-of-rosa")
    user.save(update_fields=["password"])
    return user


def link() -> str:
    (message,) = mail.outbox
    found = re.search(r"http://127\.0\.0\.1:8000(\S+)", str(message.body))
    assert found
    return found[1]


def test_the_link_sets_a_new_password_and_logs_every_browser_out(client: Client, rosa: User) -> None:
    other = Client()
    other.force_login(rosa)
    client.post(FORGOT, {"email": "Rosa@Clinic.example"})
    address = client.get(link())["Location"]
    assert "rosa" in client.get(address).content.decode(), "password managers and people want the username"
    client.post(address, {"new_password1": NEW, "new_password2": NEW})
    assert "_auth_user_id" not in client.session, "the second step may still be to come"
    assert client.post("/accounts/login/", {"username": "rosa", "password": NEW})["Location"] == "/"
    assert other.get("/patients/").status_code == 302


def test_the_answer_is_the_same_whether_or_not_anybody_has_the_address(client: Client, rosa: User) -> None:
    known = client.post(FORGOT, {"email": rosa.email}, follow=True)
    unknown = client.post(FORGOT, {"email": "nobody@clinic.example"}, follow=True)
    assert known.content == unknown.content
    assert len(mail.outbox) == 1


def test_whoever_is_switched_off_gets_no_link(client: Client, rosa: User) -> None:
    User.objects.update(is_active=False)
    client.post(FORGOT, {"email": rosa.email})
    assert mail.outbox == []


def test_nobodys_mailbox_is_flooded(client: Client, rosa: User) -> None:
    answers = [client.post(FORGOT, {"email": rosa.email}).status_code for _ in range(5)]
    assert answers == [302, 302, 302, 429, 429]
    assert len(mail.outbox) == 3


def test_a_weak_password_is_refused_with_the_reason(client: Client, rosa: User) -> None:
    client.post(FORGOT, {"email": rosa.email})
    address = client.get(link())["Location"]
    page = client.post(address, {"new_password1": "12345678", "new_password2": "12345678"})
    assert "too common" in page.content.decode()


@pytest.mark.parametrize("has_server", [True, False])
def test_without_a_mail_server_the_page_says_where_the_mail_is(
    client: Client, settings: Settings, has_server: bool
) -> None:
    settings.HAS_MAIL_SERVER = has_server
    page = client.get(f"{FORGOT}done/").content.decode()
    assert ("lies as a file in the folder" in page) is not has_server


def test_a_mail_server_that_does_not_answer_is_no_error_page(
    client: Client, rosa: User, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert client.post(FORGOT, {"email": rosa.email}).status_code == 302


def test_email_url_names_a_server_and_without_one_mail_lies_in_the_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: env.Path
) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://anna:s%40fe@mail.example:587")
    found = env.email(tmp_path)
    assert found["EMAIL_HOST"] == "mail.example"
    assert found["EMAIL_HOST_PASSWORD"] == "s@fe"
    assert found["EMAIL_USE_TLS"] is True
    monkeypatch.setenv("EMAIL_URL", "")
    assert env.email(tmp_path)["EMAIL_FILE_PATH"] == str(tmp_path / "mail")
    assert "filebased" in env.email(tmp_path)["EMAIL_BACKEND"]
    monkeypatch.setenv("EMAIL_URL", "pigeon://roof")
    with pytest.raises(env.ImproperlyConfigured, match="EMAIL_URL"):
        env.email(tmp_path)
