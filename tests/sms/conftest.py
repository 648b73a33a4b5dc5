"""A simulator for the run, an account with two senders, and the means to do things at once."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import pytest
from django.db import connection, connections
from pytest_django import Settings

from settings_app.models import SmsSettings
from tests.sms import twilio as simulator
from tests.sms.twilio import Twilio

T = TypeVar("T")


@pytest.fixture(autouse=True)
def _needs_services(request: pytest.FixtureRequest) -> None:
    """Tests marked `services` need PostgreSQL and Redis."""
    if request.node.get_closest_marker("services") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL and Redis: set DATABASE_URL and CELERY_BROKER_URL")


@pytest.fixture(scope="session")
def _simulator() -> Iterator[Twilio]:
    with simulator.running() as running:
        yield running


@pytest.fixture
def twilio(_simulator: Twilio, account: None, settings: Settings) -> Twilio:
    """An empty simulator, where our account's texts go. It calls nobody back until told to."""
    settings.TWILIO_API_URL = _simulator.url
    _simulator.reset()
    return _simulator


@pytest.fixture
def account(settings: Settings) -> None:
    """An account with one sender for marketing and one for all other texts; nobody listens at its address."""
    settings.TWILIO_ACCOUNT_SID = simulator.ACCOUNT
    settings.TWILIO_AUTH_TOKEN = simulator.TOKEN
    settings.TWILIO_AUTH_TOKEN_PREVIOUS = ""
    settings.TWILIO_MARKETING_SENDER = simulator.MARKETING
    settings.TWILIO_CARE_SENDER = simulator.CARE
    settings.TWILIO_API_URL = "http://127.0.0.1:1"


@pytest.fixture
def one_sender(account: None, settings: Settings) -> str:
    """The same account with one sender for everything."""
    settings.TWILIO_MARKETING_SENDER = settings.TWILIO_CARE_SENDER = simulator.CARE
    return simulator.CARE


@pytest.fixture
def around_the_clock(db: None) -> None:
    """No quiet hours, for tests that run by the real clock: at night as well."""
    SmsSettings.objects.update(marketing_not_before="00:00", marketing_not_after="23:59")


@pytest.fixture
def at_once() -> Callable[[list[Callable[[], T]]], list[T]]:
    """Do all deeds at the same moment, each in a thread with a database connection of its own."""

    def run(deeds: list[Callable[[], T]]) -> list[T]:
        ready = threading.Barrier(len(deeds))

        def one(deed: Callable[[], T]) -> T:
            try:
                connection.ensure_connection()
                ready.wait(timeout=20)
                return deed()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(len(deeds)) as pool:
            return list(pool.map(one, deeds))

    return run
