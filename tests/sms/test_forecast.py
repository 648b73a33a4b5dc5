"""When it will be finished, as far as limits and what waits ahead can tell; and what staff read of it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from patients.eligibility import Purpose
from settings_app.models import SmsSettings
from sms import forecast, outbox
from tests.factories import NOW, PatientFactory
from tests.sms import steps
from tests.sms.pages.test_compose_and_review import words

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 24, 13, tzinfo=UTC)  # In Sydney; NOW is noon there.


def limit(**limits: int | None) -> None:
    SmsSettings.load()
    SmsSettings.objects.update(**limits)


def before(parts: int, purpose: Purpose = Purpose.MARKETING) -> forecast.Forecast:
    found = forecast.before_sending(purpose=purpose, parts=parts, now=NOW)
    assert found
    return found


def test_without_a_limit_nothing_can_be_said(account: None) -> None:
    limit(care_rate=1)
    assert forecast.before_sending(purpose=Purpose.MARKETING, parts=1000, now=NOW) is None


def test_a_rate_says_when(account: None) -> None:
    limit(marketing_rate=2)
    assert before(7200).finished_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("parts", "finished_at"),
    [
        (100, NOW + timedelta(seconds=100)),
        (101, MIDNIGHT + timedelta(seconds=1)),
        (200, MIDNIGHT + timedelta(seconds=100)),
        (201, MIDNIGHT + timedelta(days=1, seconds=1)),
    ],
)
def test_what_exceeds_a_day_is_finished_on_a_later_one(
    account: None, parts: int, finished_at: datetime
) -> None:
    limit(marketing_rate=1, marketing_daily_cap=100)
    assert before(parts).finished_at == finished_at


def test_what_has_left_today_counts_against_the_day(account: None) -> None:
    limit(marketing_daily_cap=50)
    PatientFactory.create_batch(50, accepts=True)
    steps.frozen(marketing=True)
    outbox.claim(purpose=Purpose.MARKETING, limit=50, now=NOW)
    found = before(50)
    assert (found.left_today, found.waits, found.finished_at) == (0, True, MIDNIGHT)


def test_what_waits_ahead_at_the_same_sender_is_counted(one_sender: str) -> None:
    limit(care_rate=1)
    PatientFactory.create_batch(10, accepts=True)
    steps.frozen("a" * 200, marketing=True)
    steps.frozen("Closed on Friday")
    assert (before(60).ahead, before(60).finished_at) == (20, NOW + timedelta(seconds=90))
    service = before(60, Purpose.SERVICE)
    assert (service.ahead, service.finished_at) == (10, NOW + timedelta(seconds=70))


def test_the_other_senders_texts_are_not_ahead(account: None) -> None:
    limit(marketing_rate=1)
    PatientFactory.create_batch(10, accepts=True)
    steps.frozen("Closed on Friday")
    assert before(60).ahead == 0


@time_machine.travel(NOW, tick=False)
def test_the_pages_say_it_before_and_while_sending(account: None, manager_client: Client) -> None:
    limit(marketing_rate=1, marketing_daily_cap=50)
    PatientFactory.create_batch(50, accepts=True)
    draft = steps.draft("Hello " * 40, marketing=True)
    review = words(manager_client.get(f"/sms/{draft.pk}/review/").content)
    assert "It will be finished about Wednesday 25 November, 00:00" in review
    assert "at 1 part a second and 50 parts a day" in review
    assert "Not all of it can leave in time" not in review

    group = steps.frozen(marketing=True)
    page = words(manager_client.get(f"/sms/{group.pk}/").content)
    assert "It will be finished about Tuesday 24 November, 12:00" in page
    outbox.claim(purpose=Purpose.MARKETING, limit=2, now=NOW)
    outbox.pause(code=20003, now=NOW)
    assert "It will be finished" not in words(manager_client.get(f"/sms/{group.pk}/").content)


@time_machine.travel(NOW, tick=False)
def test_what_cannot_leave_in_time_is_said_before_it_is_sent(account: None, manager_client: Client) -> None:
    limit(marketing_daily_cap=60)
    PatientFactory.create_batch(120, accepts=True)
    draft = steps.draft(marketing=True)

    def review() -> str:
        return words(manager_client.get(f"/sms/{draft.pk}/review/").content)

    assert "Not all of it can leave in time" not in review()
    limit(marketing_daily_cap=50)
    assert "in time. What has not left by Wednesday 25 November, 12:00 is not sent." in review()


@time_machine.travel(NOW, tick=False)
def test_the_overview_says_that_texts_wait_for_tomorrow(account: None, manager_client: Client) -> None:
    limit(marketing_daily_cap=50)
    PatientFactory.create_batch(53, accepts=True)
    steps.frozen(marketing=True)
    assert "until tomorrow" not in words(manager_client.get("/").content)
    outbox.claim(purpose=Purpose.MARKETING, limit=50, now=NOW)
    assert "3 texts wait until tomorrow" in words(manager_client.get("/").content)
