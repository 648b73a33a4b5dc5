"""manage.py demo: a whole clinic on this machine, with a stand-in for Twilio."""

import contextlib
import fcntl
import http.client
import os
import socket
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import OperationalError, connection

from clinic.supervisor import Program, Supervisor
from patients.models import Patient
from sms.management.commands.seed_demo import DEMO_LOGINS

HOST = "127.0.0.1"

# The simulator's account: nothing real answers to it.
DEMO_TWILIO = {
    "TWILIO_ACCOUNT_SID": "AC" + "d0" * 16,
    "TWILIO_AUTH_TOKEN": "the-demo-has-no-secrets",
    "TWILIO_MARKETING_SENDER": "MG" + "a1" * 16,
    "TWILIO_CARE_SENDER": "MG" + "b2" * 16,
}


class Refusal(Exception):
    """Why the demo does not start: one sentence that says what to do about it."""


class Command(BaseCommand):
    help = "Starts a whole clinic to try out: pages, worker, clock and a stand-in for Twilio. Ctrl-C ends it."
    requires_system_checks = []  # The tables that checks may look for are made by this command.

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="where the pages are (default: 8000)")
        parser.add_argument("--simulator-port", type=int, default=0, help="the simulator's (default: any)")
        parser.add_argument(
            "--pool",
            choices=["threads", "prefork"],
            default="threads",
            help="the worker's processes; prefork is for PostgreSQL and Redis (default: threads)",
        )

    def handle(self, *, port: int, simulator_port: int, pool: str, **_: object) -> None:
        try:
            with only_demo_of_this_folder():
                self.start(port=port, simulator_port=simulator_port, pool=pool)
        except Refusal as refusal:
            sys.exit(str(refusal))
        except KeyboardInterrupt:
            sys.exit("Stopped before everything was up.")

    def start(self, *, port: int, simulator_port: int, pool: str) -> None:
        check_port(port, option="--port")
        if simulator_port:
            check_port(simulator_port, option="--simulator-port")
        check_database()
        self.say("Preparing the database ...")
        call_command("migrate", interactive=False, verbosity=0)
        environment = environment_of_children(os.environ, port, simulator_port or free_port(port + 1))
        if not Patient.objects.exists():
            self.say("Inventing a clinic ...")
            # As a child: the clinic's past knows two senders only from the environment that its future has.
            seed = [sys.executable, str(settings.BASE_DIR / "manage.py"), "seed_demo", "--verbosity=0"]
            if subprocess.run(seed, env=environment).returncode:  # noqa: S603 - our own command, no shell
                raise Refusal("The demo's clinic could not be invented: see above.")
        connection.close()
        supervisor = Supervisor([*programs(port, pool, environment)], settings.DATA_DIR / "logs", self.say)
        self.say("Starting ...")
        supervisor.run(is_ready=Answers(port), announce=lambda: self.announce(port, environment))
        self.say("Stopped. Everything is kept: the same command goes on where this one ended.")

    def announce(self, port: int, environment: Mapping[str, str]) -> None:
        logins = "\n".join(
            f"      {name:13} password: {password:18} ({role})" for name, password, role in DEMO_LOGINS
        )
        self.say(
            f"\n  The clinic is open:  http://{HOST}:{port}/\n"
            f"\n  Log in as\n{logins}\n"
            f"\n  Patients' phones:    {environment['TWILIO_API_URL']}/\n"
            f"  Logs:                {settings.DATA_DIR / 'logs'}\n"
            f"\n  Stop with Ctrl-C.\n"
        )

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def programs(port: int, pool: str, environment: Mapping[str, str]) -> Iterator[Program]:
    """What makes up the clinic; the simulator only if no other stand-in was named in the environment."""
    celery = ["-m", "celery", "-A", "clinic"]
    gunicorn = ["-m", "gunicorn", "clinic.wsgi:application", f"--bind={HOST}:{port}", "--no-control-socket"]
    commands = {
        "web": [*gunicorn, "--worker-class=gthread", "--threads=8", "--graceful-timeout=5"],
        "worker": [*celery, "worker", f"--pool={pool}", "--concurrency=4", "--loglevel=INFO"],
        "beat": [*celery, "beat", "--loglevel=INFO"],
    }
    if not os.environ.get("TWILIO_API_URL"):
        own_port = environment["TWILIO_API_URL"].rpartition(":")[2]
        inbound = environment["PUBLIC_BASE_URL"].rstrip("/") + "/webhooks/twilio/inbound/"
        manage = str(settings.BASE_DIR / "manage.py")
        # Its memory is a file, as Twilio's outlives a crash, too.
        ledger = str(settings.DATA_DIR / "simulator.jsonl")
        flags = ["--port", own_port, "--inbound-url", inbound, "--ledger", ledger]
        commands["simulator"] = [manage, "run_twilio_simulator", *flags]
    for name, arguments in commands.items():
        command = [sys.executable, *arguments]
        yield Program(name=name, command=command, environment=environment, folder=settings.BASE_DIR)


def environment_of_children(given: Mapping[str, str], port: int, simulator_port: int) -> dict[str, str]:
    """What is set stays; what is missing, or empty, gets the demo's value. DEBUG is always off."""
    demo = {
        "PUBLIC_BASE_URL": f"http://{HOST}:{port}",
        "TWILIO_API_URL": f"http://{HOST}:{simulator_port}",
        **DEMO_TWILIO,
    }
    missing = {name: value for name, value in demo.items() if not given.get(name)}
    return {**given, **missing, "DEBUG": "False", "PYTHONUNBUFFERED": "1"}


@contextlib.contextmanager
def only_demo_of_this_folder() -> Iterator[None]:
    """Two demos would share a database but not an address. Raises Refusal."""
    try:
        lock = (settings.DATA_DIR / "demo.lock").open("w")
    except OSError as error:
        raise Refusal(f"Nothing can be written to {settings.DATA_DIR} ({error.strerror}).") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refusal(
                f"A demo is running with its data in {settings.DATA_DIR}: stop it first, "
                "or set CLINIC_DATA_DIR to another folder."
            ) from None
        yield


def check_port(port: int, *, option: str) -> None:
    """Raises Refusal if nothing can listen on this port."""
    if why := why_unusable(port):
        raise Refusal(
            f"Port {port} cannot be used ({why}): choose another one with {option}, for example {option} 8010."
        )


def why_unusable(port: int) -> str:
    """Empty if one can listen there; otherwise the operating system's words."""
    if not 1 <= port <= 65535:
        return "there is no such port"
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((HOST, port))
    except OSError as error:
        return error.strerror or str(error)
    return ""


def free_port(preferred: int) -> int:
    """The preferred one if it is free, so that an address stays what it was; or else any."""
    with socket.socket() as probe:
        probe.bind((HOST, 0 if why_unusable(preferred) else preferred))
        port: int = probe.getsockname()[1]
        return port


def check_database() -> None:
    """Raises Refusal if the database does not answer, or holds what the demo did not make."""
    try:
        tables = set(connection.introspection.table_names())
    except OperationalError as error:
        why = str(error).partition("\n")[0]
        raise Refusal(f"The database does not answer, see DATABASE_URL: {why}") from None
    if not tables or is_demo(tables):
        return
    ours = "django_migrations" in tables
    people = ("auth_user" in tables and User.objects.exists()) or (
        "patients_patient" in tables and Patient.objects.exists()
    )
    if people or not ours:
        raise Refusal(
            "The database holds what the demo did not make, so the demo leaves it alone: "
            "set DATABASE_URL to an empty database, or unset it."
        )


def is_demo(tables: set[str]) -> bool:
    """Whether somebody can log in with one of the demo's own passwords: a real clinic has no such user."""
    if "auth_user" not in tables:
        return False
    passwords = {name: password for name, password, _role in DEMO_LOGINS}
    return any(
        user.check_password(passwords[user.username]) for user in User.objects.filter(username__in=passwords)
    )


class Answers:
    """Whether the web application answers. It is asked again and again, so it does not wait long."""

    def __init__(self, port: int) -> None:
        self.port = port

    def __call__(self) -> bool:
        asked = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            asked.request("GET", "/healthz")
            return asked.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            asked.close()
