"""A real Celery worker, on whatever the run has: Redis and processes, or folders and threads."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection
from kombu import pools

from clinic.celery import app
from tests.sms import twilio

ROOT = Path(__file__).resolve().parents[2]
ON_REDIS = settings.CELERY_BROKER_URL.startswith("redis")


@contextmanager
def broker(url: str, **options: Any) -> Iterator[None]:
    """Ring at `url` instead of where the settings say. Celery itself prefers its own environment variable."""
    before = {name: app.conf[name] for name in ("broker_url", "broker_transport_options")}
    environment = os.environ.pop("CELERY_BROKER_URL", None)
    try:
        _ring_at(
            {"broker_url": url, "broker_transport_options": {**before["broker_transport_options"], **options}}
        )
        yield
    finally:
        if environment is not None:
            os.environ["CELERY_BROKER_URL"] = environment
        _ring_at(before)


def _ring_at(conf: dict[str, Any]) -> None:
    pools.reset()
    app._pool = app.amqp._producer_pool = None
    app.conf.update(conf)


@contextmanager
def own_broker(folder: Path) -> Iterator[dict[str, str]]:
    """A broker of this test's own; yields the environment in which a worker hears it."""
    if ON_REDIS:
        with broker(redis_url()):
            app.control.purge()
            yield {"CELERY_BROKER_URL": redis_url()}
        return
    messages, control = folder / "broker" / "messages", folder / "broker" / "control"
    for each in (messages, control):
        each.mkdir(parents=True)
    with broker(
        "filesystem://",
        data_folder_in=str(messages),
        data_folder_out=str(messages),
        control_folder=str(control),
    ):
        yield {"CELERY_BROKER_URL": "filesystem://"}


def redis_url() -> str:
    """Processes of pytest-xdist run at the same time: each has a database number of its own, from 10."""
    process = os.environ.get("PYTEST_XDIST_WORKER", "")
    origin, _, number = settings.CELERY_BROKER_URL.rpartition("/")
    return f"{origin}/{10 + int(process.removeprefix('gw')) % 6 if process else number}"


@contextmanager
def worker(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that works on the test's database, as soon as it is ready."""
    pool = (
        ["--pool", "prefork", "--concurrency", "2"]
        if ON_REDIS
        else ["--pool", "threads", "--concurrency", "2"]
    )
    command = [sys.executable, "-m", "celery", "-A", "clinic", "worker", *pool]
    command += ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    log = folder / "worker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=surroundings(folder) | environment, stdout=output, stderr=output
        )
    try:
        wait_until(
            lambda: "ready." in log.read_text(), what=lambda: f"a worker that is ready:\n{log.read_text()}"
        )
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(happened: Any, *, seconds: float = 60, what: Any = lambda: "it") -> None:
    """Look every 50 ms; fail with `what` was waited for."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"Waited in vain for {what()}"
        time.sleep(0.05)


def surroundings(folder: Path) -> dict[str, str]:
    """The environment of a process that works on the test's database."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    return kept | {
        "CLINIC_DATA_DIR": str(folder),
        "SECRET_KEY": "for tests only",
        "DATABASE_URL": _database_url(),
        "PUBLIC_BASE_URL": settings.PUBLIC_BASE_URL,
        "TWILIO_API_URL": settings.TWILIO_API_URL,
        "TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
        "TWILIO_AUTH_TOKEN": twilio.TOKEN,
        "TWILIO_MARKETING_SENDER": twilio.MARKETING,
        "TWILIO_CARE_SENDER": twilio.CARE,
    }


def _database_url() -> str:
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    password = f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    where = f"{database['HOST']}:{database['PORT'] or 5432}"
    return f"postgres://{database['USER']}{password}@{where}/{database['NAME']}"
