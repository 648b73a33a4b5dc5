"""manage.py demo: what it refuses, what it starts, and one run of the real thing."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from clinic.management.commands import demo
from sms.management.commands.seed_demo import DEMO_LOGINS

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0  # seconds; each wait ends as soon as it may

# The demo as a newcomer gets it, whatever the tests themselves run on.
EMBEDDED = {
    "DATABASE_URL": "",
    "CELERY_BROKER_URL": "",
    "PUBLIC_BASE_URL": "",
    "ALLOWED_HOSTS": "",
    "TWILIO_API_URL": "",
}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", "demo", *arguments]


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {**os.environ, **EMBEDDED, "CLINIC_DATA_DIR": str(folder), **more}


def refusal(*arguments: str, folder: Path, **more: str) -> str:
    """What a demo that does not start says: one sentence, with exit code 1."""
    ended = subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert ended.returncode == 1, ended.stdout
    assert ended.stderr.count("\n") == 1, ended.stderr
    return ended.stderr


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - an address of ours
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def eventually(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return bool(condition())


def descendants(process: int) -> dict[int, str]:
    """Process id -> command line, of the children, their children and so on. Zombies do not count."""
    listed = subprocess.run(
        ["ps", "-ww", "-eo", "pid=,ppid=,stat=,args="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(maxsplit=3) for line in listed.splitlines()]
    found: dict[int, str] = {}
    parents = {process}
    while parents:
        born = {int(row[0]): row[3] for row in rows if int(row[1]) in parents and not row[2].startswith("Z")}
        found |= born
        parents = set(born)
    return found


def is_alive(process: int) -> bool:
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True, check=False
    )
    return bool(shown.stdout.strip()) and not shown.stdout.startswith("Z")


class Demo:
    """A demo that runs, with what it said so far in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder / "data", free_port()
        self.said_to = folder / "said.txt"
        with self.said_to.open("w") as said:
            self.process = subprocess.Popen(
                command(f"--port={self.port}"),
                cwd=ROOT,
                env=environment(self.folder),
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.address = f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return self.said_to.read_text()

    def wait_until_open(self) -> None:
        assert eventually(lambda: "Stop with Ctrl-C" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Demo]:
    started = Demo(tmp_path)
    family: dict[int, str] = {}
    try:
        started.wait_until_open()
        family = descendants(started.process.pid)
        yield started
    finally:
        started.process.kill()
        started.process.wait()
        assert eventually(lambda: not any(map(is_alive, family)))


def test_the_demo_opens_mends_itself_and_leaves_nothing_behind(running: Demo, tmp_path: Path) -> None:
    """One story, as it takes seconds to start: what it says, a killed server, a second demo, kill -9."""
    assert answers(f"{running.address}/accounts/login/"), "it says that it is open when it is"
    assert f"The clinic is open:  {running.address}/" in running.said
    for username, password, role in DEMO_LOGINS:
        assert re.search(rf"{username} +password: {password} +\({role}\)", running.said)
    simulator = re.search(r"Patients' phones: +(http://\S+)/", running.said)
    assert simulator
    assert eventually(lambda: answers(f"{simulator[1]}/"))

    in_use = refusal(f"--port={running.port}", folder=tmp_path / "another")
    assert f"Port {running.port} cannot be used (Address already in use)" in in_use
    assert "--port" in in_use
    assert "A demo is running" in refusal(f"--port={free_port()}", folder=running.folder)

    server = next(pid for pid, args in descendants(running.process.pid).items() if "gunicorn" in args)
    os.kill(server, signal.SIGKILL)
    assert eventually(lambda: "web ended (SIGKILL); starting it again" in running.said)
    assert eventually(lambda: answers(f"{running.address}/healthz"))

    family = descendants(running.process.pid)
    missing = {"gunicorn", "celery -A clinic worker", "clinic beat", "run_twilio_simulator"}
    missing -= {part for part in missing for line in family.values() if part in line}
    assert not missing, family
    running.process.kill()
    assert eventually(lambda: not any(map(is_alive, family)))
    assert not answers(f"{running.address}/healthz")


def test_a_port_that_is_none_is_refused(tmp_path: Path) -> None:
    assert "there is no such port" in refusal("--port=65536", folder=tmp_path)


def test_a_database_that_does_not_answer_is_refused(tmp_path: Path) -> None:
    said = refusal(
        f"--port={free_port()}", folder=tmp_path, DATABASE_URL="postgres://nobody@127.0.0.1:1/clinic"
    )
    assert said.startswith("The database does not answer, see DATABASE_URL: ")


def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite3"
    with sqlite3.connect(file) as other:
        other.execute("CREATE TABLE invoices (id INTEGER)")
    other.close()
    said = refusal(f"--port={free_port()}", folder=tmp_path, DATABASE_URL=f"sqlite:///{file}")
    assert said.startswith("The database holds what the demo did not make")
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("invoices",)]
    other.close()


@pytest.mark.django_db
class TestWhoseDatabaseItIs:
    def test_an_empty_one_is_taken(self) -> None:
        demo.check_database()

    def test_a_real_clinic_is_left_alone(self) -> None:
        User.objects.create_user("rosa", password="a-real-password")
        with pytest.raises(demo.Refusal, match="the demo leaves it alone"):
            demo.check_database()

    def test_a_real_clinic_with_a_user_of_the_same_name_is_left_alone(self) -> None:
        User.objects.create_user(DEMO_LOGINS[0][0], password="a-real-password")
        with pytest.raises(demo.Refusal, match="the demo leaves it alone"):
            demo.check_database()

    def test_the_demo_of_yesterday_goes_on(self) -> None:
        for username, password, _role in DEMO_LOGINS:
            User.objects.create_user(username, password=password)
        User.objects.create_user("made.in.the.demo", password="a-real-password")
        demo.check_database()


def test_what_the_environment_says_stays_and_the_rest_is_filled_in() -> None:
    given = {"TWILIO_ACCOUNT_SID": "ACmine", "TWILIO_AUTH_TOKEN": "", "DEBUG": "True", "HOME": "/root"}
    made = demo.environment_of_children(given, 8010, 8011)
    assert made["TWILIO_ACCOUNT_SID"] == "ACmine"
    assert made["TWILIO_AUTH_TOKEN"] == demo.DEMO_TWILIO["TWILIO_AUTH_TOKEN"]
    assert made["PUBLIC_BASE_URL"] == "http://127.0.0.1:8010"
    assert made["TWILIO_API_URL"] == "http://127.0.0.1:8011"
    assert (made["DEBUG"], made["HOME"]) == ("False", "/root")


@pytest.mark.parametrize(
    ("api_url", "names"),
    [("", ["web", "worker", "beat", "simulator"]), ("http://127.0.0.1:9999", ["web", "worker", "beat"])],
)
def test_a_stand_in_that_runs_already_is_used(
    api_url: str, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_API_URL", api_url)
    made = demo.environment_of_children(os.environ, 8010, 8011)
    assert [program.name for program in demo.programs(8010, "threads", made)] == names


def test_the_simulator_keeps_its_address_unless_somebody_has_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert demo.free_port(port) != port
    assert demo.free_port(port) == port
