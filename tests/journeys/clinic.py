"""The demo, whole, as its own processes; and the judges of what it did: its database and the simulator's ledger."""

import os
import quopri
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import redis

from tests.sms.twilio import Twilio

ROOT = Path(__file__).resolve().parents[2]

# Who may get which text, said a second time and in other words: this judges the table in patients/eligibility.py.
TEXTABLE = """
    phone <> '' AND phone_kind IN ('mobile', 'maybe_mobile') AND number_refused_at IS NULL
    AND archived_at IS NULL AND deceased_at IS NULL
    AND phone NOT IN (SELECT phone FROM patients_suppressednumber WHERE lifted_at IS NULL AND covers = 'everything')
"""
SERVICE_NUMBERS = f"SELECT DISTINCT phone FROM patients_patient WHERE {TEXTABLE}"  # noqa: S608
MARKETING_NUMBERS = f"""
    SELECT DISTINCT phone FROM patients_patient WHERE {TEXTABLE} AND accepts_sms_marketing
    AND phone NOT IN (SELECT phone FROM patients_suppressednumber WHERE lifted_at IS NULL)
    AND phone NOT IN (
        SELECT phone FROM patients_patient
        WHERE NOT accepts_sms_marketing AND archived_at IS NULL AND deceased_at IS NULL
    )
"""  # noqa: S608


@dataclass(frozen=True)
class Clinic:
    """A running demo: its address, the simulator, the log-ins it printed, its database and its e-mails."""

    url: str
    twilio: Twilio
    logins: dict[str, str]
    ask: Callable[[str], list[tuple[Any, ...]]]
    mail: Path

    def last_mail(self) -> str:
        """The e-mail that was sent last: without a server each is a file."""
        files = sorted(self.mail.iterdir(), key=lambda file: file.stat().st_mtime)
        return quopri.decodestring(files[-1].read_bytes()).decode()

    def numbers(self, sql: str) -> list[str]:
        """The numbers that `sql` selects, in order."""
        return sorted(number for (number,) in self.ask(sql))

    def texted(self, words: str) -> list[str]:
        """The numbers that got a text with `words` in it, once for each text, in order."""
        return sorted(text["to"] for text in self.twilio.texts() if words in text["body"])

    def until_texted(self, words: str, number: int, *, seconds: float = 120) -> list[str]:
        """Wait until `number` texts have left, and a moment longer for any that should not."""
        wait(lambda: len(self.texted(words)) >= number, f"{number} texts", seconds)
        time.sleep(1)
        return self.texted(words)


def wait(condition: Callable[[], bool], for_what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{for_what}: not within {seconds} seconds"
        time.sleep(0.2)


@contextmanager
def open_clinic(
    folder: Path, *, database: str = "", broker: str = "", pool: str = "threads"
) -> Iterator[Clinic]:
    """Start `manage.py demo` with its data in `folder`, until the context ends. Without addresses: embedded."""
    environment = {
        "PATH": os.environ["PATH"],
        "CLINIC_DATA_DIR": str(folder / "data"),
        "DATABASE_URL": database,
        "CELERY_BROKER_URL": broker,
    }
    command = [sys.executable, "manage.py", "demo", "--port", str(free_port()), "--pool", pool]
    with (folder / "demo.txt").open("w+") as output:
        demo = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait(lambda: "Stop with Ctrl-C" in said(output.name) or demo.poll() is not None, "the demo", 120)
            yield _clinic(said(output.name), _questions(folder, database), folder / "data" / "mail")
        finally:
            demo.terminate()
            demo.wait(timeout=30)


def said(path: str) -> str:
    return Path(path).read_text()


def _clinic(printed: str, ask: Callable[[str], list[tuple[Any, ...]]], mail: Path) -> Clinic:
    addresses = re.findall(r"http://127\.0\.0\.1:\d+", printed)
    assert len(addresses) == 2, printed
    logins = dict(re.findall(r"^ +(\w+) +password: +(\S+)", printed, re.MULTILINE))
    return Clinic(url=addresses[0], twilio=Twilio(addresses[1]), logins=logins, ask=ask, mail=mail)


def _questions(folder: Path, database: str) -> Callable[[str], list[tuple[Any, ...]]]:
    def ask_postgresql(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(database) as connection:
            return connection.execute(sql.encode()).fetchall()

    def ask_sqlite(sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(folder / "data" / "clinic.sqlite3", timeout=20)) as connection:
            return connection.execute(sql).fetchall()

    return ask_postgresql if database else ask_sqlite


@contextmanager
def new_database(server: str, name: str) -> Iterator[str]:
    """An empty PostgreSQL database on the server of the address `server`, and its own address."""
    admin = server.rpartition("/")[0] + "/postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield server.rpartition("/")[0] + "/" + name
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@contextmanager
def empty_redis(server: str, number: int) -> Iterator[str]:
    """An emptied Redis database on the server of the address `server`, and its own address."""
    address = f"{server.rpartition('/')[0]}/{number}"
    with closing(redis.Redis.from_url(address)) as client:
        client.flushdb()
        yield address
        client.flushdb()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
