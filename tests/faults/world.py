"""Everything that a clinic consists of, as processes of the run's own, and the moments between two scenarios."""

import logging
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from tests.faults import servers
from tests.faults.bad_database_line import DatabaseLine
from tests.faults.bad_network import Loop, ToTwilio, ToUs
from tests.faults.programs import ROOT, Program, free_port, listens, wait_until
from tests.sms import twilio
from tests.sms.twilio import Twilio

# Everything that waits does so for a fraction of the time that is shipped: see docs/reliability.md. A text whose
# process died is given up after six times the first.
PACE = {
    "TWILIO_READ_TIMEOUT": "2",
    "SMS_TICK_SECONDS": "1",
    # Of 200 texts some are to be waiting still when a fault comes.
    "TWILIO_AT_ONCE": "15",
    "SMS_LOOK_UP_SECONDS": "2,3,5,8",
}
# As much as the callbacks of one run may be late.
DELIVERY_DELAY_MS = 50
TABLES = "sms_%", "patients_%", "django_session"


class World:
    """The servers, the programs, and the proxies between them."""

    def __init__(self, folder: Path, pace: Mapping[str, str]) -> None:
        self.folder, self.logs = folder, folder / "logs"
        self.logs.mkdir()
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.postgres, database_port = servers.postgres(folder, plain)
        self.redis, redis_port = servers.redis(folder)
        loop = Loop()
        self.loop = loop
        ledger, web_port = free_port(), free_port()
        self.twilio = Twilio(f"http://127.0.0.1:{ledger}")
        self.to_twilio = ToTwilio(loop, self.twilio.url)
        self.to_us = ToUs(loop, f"http://127.0.0.1:{web_port}")
        self.line = DatabaseLine(loop, database_port)
        for proxy in (self.to_twilio, self.to_us, self.line):
            proxy.open()
        self.database = f"postgres://postgres@127.0.0.1:{database_port}/clinic"
        self.broker = f"redis://127.0.0.1:{redis_port}/0"
        self.web_url = f"http://127.0.0.1:{web_port}"
        self.environment = plain | self._settings() | dict(pace)
        python = [sys.executable, "-m"]
        account = ["--account-sid", twilio.ACCOUNT, "--auth-token", twilio.TOKEN]
        threads = ["--worker-class=gthread", "--threads=8", "--no-control-socket", "--access-logfile=-"]
        self.simulator = self._program(
            "simulator",
            [*python, "sms.simulator", "--port", str(ledger), *account],
            lambda _: listens(ledger),
        )
        self.web = self._program(
            "web",
            [*python, "gunicorn", "clinic.wsgi:application", f"--bind=127.0.0.1:{web_port}", *threads],
            lambda _: listens(web_port),
        )
        self.worker = self.new_worker("worker")
        self.beat = self.new_beat("beat")
        self.monitor = self._program(
            "redis-passed",
            [shutil.which("redis-cli") or "redis-cli", "-p", str(redis_port), "MONITOR"],
            lambda said: said.startswith("OK"),
        )

    def _settings(self) -> dict[str, str]:
        return {
            "CLINIC_DATA_DIR": str(self.folder / "data"),
            "DEBUG": "False",
            "ALLOWED_HOSTS": "",
            "SECRET_KEY": "for this run only",
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": self.broker,
            "PUBLIC_BASE_URL": self.to_us.url,
            "TWILIO_API_URL": self.to_twilio.url,
            "TWILIO_ACCOUNT_SID": twilio.ACCOUNT,
            "TWILIO_AUTH_TOKEN": twilio.TOKEN,
            "TWILIO_MARKETING_SENDER": twilio.MARKETING,
            "TWILIO_CARE_SENDER": twilio.CARE,
            "PYTHONUNBUFFERED": "1",
        }

    def _program(
        self, name: str, command: list[str], is_ready: Callable[[str], bool], **changed: str
    ) -> Program:
        return Program(
            name, command, folder=self.logs, environment=self.environment | changed, is_ready=is_ready
        )

    def new_worker(self, name: str, **changed: str) -> Program:
        """A worker as docker-compose.yml starts it, its database behind the line that can be cut."""
        behind_the_line = re.sub(r":\d+/", f":{self.line.port}/", self.database) + "?sslmode=disable"
        command = [sys.executable, "-m", "celery", "-A", "clinic", "worker", "--pool", "prefork"]
        command += ["--concurrency", "2", "--loglevel", "INFO", "--hostname", f"{name}@%h"]
        return self._program(
            name, command, lambda said: "ready." in said, **({"DATABASE_URL": behind_the_line} | changed)
        )

    def new_beat(self, name: str) -> Program:
        schedule = str(self.folder / f"{name}-schedule")
        command = [sys.executable, "-m", "celery", "-A", "clinic", "beat", "--schedule", schedule]
        return self._program(name, command, lambda said: "beat: Starting" in said)

    @property
    def everything(self) -> list[Program]:
        return [
            self.postgres,
            self.redis,
            self.monitor,
            self.simulator,
            self.web,
            self.worker,
            self.beat,
        ]

    def ask(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(sql.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def make_database(self) -> None:
        """The tables, by our own migrations, and the witness."""
        self.ask_server("CREATE DATABASE clinic")
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        self.ask((ROOT / "tests/faults/witness.sql").read_text())

    def ask_server(self, sql: str) -> None:
        """To the server, by way of a database that no fault touches."""
        server = self.database.removesuffix("clinic") + "postgres"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.encode())

    def let_write(self, may: bool) -> None:
        """Whether the database takes writes, for whoever connects from now on; whoever was connected is cut off."""
        self.ask_server(f"ALTER DATABASE clinic SET default_transaction_read_only = {'off' if may else 'on'}")
        self.ask_server("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'clinic'")

    def restart_postgres(self, *, away: float) -> None:
        """SIGQUIT is its immediate shutdown: no goodbye to anybody, recovery at the start after `away` seconds."""
        from django.db import connections

        self.postgres.end(signal.SIGQUIT)
        time.sleep(away)
        self.postgres.start()
        connections.close_all()  # Ours are dead as well.

    def keep_alive(self) -> int:
        """Start again what has ended, as Docker does; returns how many programs that were."""
        ended = [program for program in self.everything if program.ended()]
        for program in ended:
            program.start()
        return len(ended)

    def clean(self) -> None:
        """The state in which each run begins: all alive, nothing misbehaving, nobody and nothing left over."""
        with suppress(ProcessLookupError):
            self.redis.tell(signal.SIGCONT)
        self.line.cut = None
        self.to_twilio.calm()
        self.to_us.calm()
        self.keep_alive()
        self.ask_server("ALTER DATABASE clinic RESET ALL")
        self.twilio.reset()
        names = self.ask(
            "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public' "
            "AND (tablename LIKE 'sms_%' OR tablename LIKE 'patients_%')"
        )
        wait_until(lambda: self._emptied(names[0][0]), "the tables to be emptied")
        self._ordinary_settings()
        self.twilio.set(
            callbacks=True,
            magic_endings=False,
            delivery_delay_ms=DELIVERY_DELAY_MS,
            inbound_urls=[f"{self.to_us.url}/webhooks/twilio/inbound/"],
        )
        for program in self.everything:
            os.truncate(program.log, 0)
            program._begins_at = 0

    def _ordinary_settings(self) -> None:
        """As shipped, in a place where promotions may be sent just now."""
        from django.db import connections

        from settings_app.models import SmsSettings

        connections.close_all()
        SmsSettings.objects.all().delete()
        SmsSettings.load()
        SmsSettings.objects.update(time_zone=zone_where_it_is_noon())

    def _emptied(self, names: str) -> bool:
        """The worker looks for work all the time, and PostgreSQL may let it win."""
        try:
            self.ask(f"TRUNCATE {names}, witness.seen RESTART IDENTITY CASCADE")
        except psycopg.errors.DeadlockDetected:
            return False
        return True

    def readable(self) -> dict[str, str]:
        """What others could read: our programs' logs, all that passed through Redis, and addresses asked of us."""
        logs = {
            program.name: program.log.read_text(errors="replace")
            for program in (self.web, self.worker, self.beat, self.monitor)
        }
        for log in self.logs.glob("extra-*.log"):
            logs[log.stem] = log.read_text(errors="replace")
        return logs | {"callback addresses": "\n".join(seen.path for seen in self.to_us.seen)}

    def is_settled(self, *, may_wait: bool = False) -> bool:
        """Whether nothing is left to do or to hear of. Texts that nothing can be learnt of wait for ever."""
        with suppress(psycopg.OperationalError, OSError):
            waiting = "('unknown', 'sending')" if may_wait else "('queued', 'unknown', 'sending')"
            left = self.ask(
                f"SELECT (SELECT count(*) FROM sms_message WHERE status IN {waiting})"
                " + (SELECT count(*) FROM sms_groupmessage WHERE status = 'confirmed')"
            )
            # The simulator gives a callback up after 15 seconds; on a busy machine we may still be writing it down.
            return bool(left[0][0] == 0) and self.twilio.is_quiet() and not self.to_us.under_way
        return False

    def settle(
        self,
        *,
        seconds: float = 120,
        may_wait: bool = False,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> float:
        """Wait until everything is decided; returns how long it took from now. Dead programs are started again."""

        def happened() -> bool:
            self.keep_alive()
            meanwhile()
            return self.is_settled(may_wait=may_wait)

        began = time.monotonic()
        with suppress(TimeoutError):
            wait_until(happened, "everything to be decided", seconds=seconds, every=0.4)
        return time.monotonic() - began


def zone_where_it_is_noon() -> str:
    """The zone, whole hours from UTC, in which it is between twelve and one. Its name has the sign upside down."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


@contextmanager
def made(pace: Mapping[str, str] = PACE) -> Iterator[World]:
    """A whole clinic with its tables; everything ends with the context, the folder too unless KEEP_LOGS is set."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-faults-"))
    folder.chmod(0o711)
    (folder / "data").mkdir()
    world = World(folder, pace)
    os.environ.update(world.environment)
    try:
        for server in (world.postgres, world.redis, world.simulator):
            server.start()
        import django

        django.setup()
        logging.disable(logging.CRITICAL)  # What the programs say is in their own logs.
        world.make_database()
        for program in (world.monitor, world.web, world.worker, world.beat):
            program.start(wait=False)
        for program in (world.monitor, world.web, world.worker, world.beat):
            program.wait_ready()
        yield world
    finally:
        from django.db import connections

        with suppress(Exception):
            connections.close_all()
        for program in reversed(world.everything):
            with suppress(ProcessLookupError):
                program.kill_all()
        if "KEEP_LOGS" not in os.environ:
            shutil.rmtree(folder, ignore_errors=True)
