"""Nobody stays logged in at an empty desk, and nobody loses their place by it."""

from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from settings_app.models import SmsSettings

pytestmark = pytest.mark.django_db

LIVE = {"hx-request": "true", "hx-current-url": "http://testserver/sms/7/?list=awaited"}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel("2026-11-24 01:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def desk(clock: time_machine.Traveller, receptionist: User) -> Client:
    """A receptionist who has just opened a page."""
    client = Client()
    client.force_login(receptionist)
    assert client.get("/patients/").status_code == 200
    return client


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_after_half_an_hour_of_nothing_the_log_in_page_leads_back(
    desk: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(30 * 60 + 1)
    answer = desk.get("/patients/?show=archived")
    assert answer["Location"] == "/accounts/login/?next=/patients/%3Fshow%3Darchived"
    assert not is_logged_in(desk)
    assert "nothing happened for 30 minutes" in desk.get(answer["Location"]).content.decode()


def test_whoever_clicks_now_and_then_stays(desk: Client, clock: time_machine.Traveller) -> None:
    for _ in range(5):
        clock.shift(25 * 60)
        assert desk.get("/patients/").status_code == 200


def test_typing_counts_as_told_by_the_page(desk: Client, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        clock.shift(20 * 60)
        assert desk.post("/accounts/here/").status_code == 204


def test_a_page_that_asks_for_news_by_itself_keeps_nobody_logged_in(
    desk: Client, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        clock.shift(10 * 60)
        desk.get("/patients/", headers=LIVE)
    clock.shift(1)
    answer = desk.get("/patients/", headers=LIVE)
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/accounts/login/?next=%2Fsms%2F7%2F%3Flist%3Dawaited"


def test_a_form_sent_too_late_leads_back_to_the_form(desk: Client, clock: time_machine.Traveller) -> None:
    clock.shift(31 * 60)
    form = "http://testserver/patients/1/"
    answer = desk.post("/sms/patients/1/text/", {"body": "Hi"}, headers={"referer": form})
    assert answer["Location"] == "/accounts/login/?next=%2Fpatients%2F1%2F"
    stranger = Client().post("/sms/resume/", headers={"referer": "https://evil.example/"})
    assert stranger["Location"] == "/accounts/login/?next=%2F"


@pytest.mark.parametrize(("minutes", "stays"), [(0, True), (45, True), (5, False)])
def test_the_clinic_says_how_long(
    minutes: int, stays: bool, desk: Client, clock: time_machine.Traveller
) -> None:
    SmsSettings.objects.update(idle_minutes=minutes)
    clock.shift(40 * 60)
    desk.get("/patients/")
    assert is_logged_in(desk) is stays


def test_the_session_is_not_written_at_every_click(
    desk: Client, clock: time_machine.Traveller, django_assert_num_queries: object
) -> None:
    before = desk.session["seen_at"]
    clock.shift(10)
    desk.get("/patients/")
    assert desk.session["seen_at"] == before
    clock.shift(11)
    desk.get("/patients/")
    assert desk.session["seen_at"] > before
