"""What the machine that watches over this one is told."""

from datetime import datetime

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from sms.models import Heartbeat
from sms.models.heartbeat import SILENT_AFTER
from tests.sms import workers

pytestmark = pytest.mark.django_db


def test_healthz_answers_without_log_in_and_without_the_database(
    client: Client, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok")


def test_readyz_is_well_once_the_sender_has_been_seen(client: Client) -> None:
    assert client.get("/readyz").json() == {"database": True, "broker": True, "sender": False}
    Heartbeat.beat(at=timezone.now())
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"database": True, "broker": True, "sender": True}


def test_readyz_says_that_the_broker_does_not_answer(client: Client, settings: Settings) -> None:
    Heartbeat.beat(at=timezone.now())
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    with workers.broker(settings.CELERY_BROKER_URL):
        answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "broker": False, "sender": True}


def test_a_sender_is_silent_after_a_minute_without_a_tick(now: datetime) -> None:
    assert Heartbeat.is_silent(now=now)
    Heartbeat.beat(at=now)
    assert not Heartbeat.is_silent(now=now + SILENT_AFTER)
    assert Heartbeat.is_silent(now=now + SILENT_AFTER * 1.01)
