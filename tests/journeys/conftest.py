"""A running clinic on each kind of ground, and a browser to walk through it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.clinic import Clinic, empty_redis, new_database, open_clinic

CHROMIUM = Path("/usr/bin/chromium")

# Two files may run at once, each in a Redis database of its own.
REDIS_DATABASES = {
    "test_the_mission": 6,
    "test_confirm_once": 7,
    "test_times_in_a_browser": 13,
    "test_accounts": 15,
    "test_composer": 14,
    "test_the_main_job": 12,
    "test_group_sms_in_a_browser": 10,
    "test_replies_in_a_browser": 5,
}

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session", autouse=True)
def _chromium() -> None:
    if not CHROMIUM.exists() and not os.environ.get("CI"):
        pytest.skip("needs Chromium: apt-get install chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for one file: Playwright keeps an event loop running, which other files' tests would trip over."""
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=arguments)
        yield chromium
        chromium.close()


@pytest.fixture(
    scope="module",
    params=["embedded", pytest.param("services", marks=pytest.mark.services)],
)
def clinic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    """The demo, on SQLite with the broker in folders, and on PostgreSQL and Redis with a prefork worker."""
    folder = tmp_path_factory.mktemp("clinic")
    if request.param == "embedded":
        with open_clinic(folder) as running:
            yield running
        return
    database, broker = os.environ.get("DATABASE_URL", ""), os.environ.get("CELERY_BROKER_URL", "")
    if not database.startswith("postgres") or not broker.startswith("redis"):
        pytest.skip("needs PostgreSQL and Redis: set DATABASE_URL and CELERY_BROKER_URL")
    name = request.module.__name__.rpartition(".")[2]
    number = REDIS_DATABASES[name]
    with (
        new_database(database, name) as own_database,
        empty_redis(broker, number) as own_broker,
        open_clinic(folder, database=own_database, broker=own_broker, pool="prefork") as running,
    ):
        yield running


@pytest.fixture
def staff(clinic: Clinic, browser: Browser) -> Iterator[Page]:
    """The manager, logged in, on the overview. The browser's console must stay silent."""
    with browser.new_context(base_url=clinic.url) as context:
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
        page.goto("/")
        page.get_by_label("Username").fill("manager")
        page.get_by_label("Password").fill(clinic.logins["manager"])
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        yield page
        assert complaints == []
