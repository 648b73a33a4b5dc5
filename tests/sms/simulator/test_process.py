"""The simulator as a process: how it starts, what it says, how it ends, what it loads."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.sms.simulator.running import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    AUTHORIZATION,
    PATH,
    PHONE,
    SENDER,
    SimulatorAtWork,
)

ROOT = Path(__file__).parents[3]
MODULE = [sys.executable, "-m", "sms.simulator"]
COMMAND = [sys.executable, "manage.py", "run_twilio_simulator"]
# Nothing but what the test says: the defaults must not depend on who runs it.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}


def run(*arguments: str, how: list[str] = MODULE) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*how, *arguments], cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False
    )


@contextmanager
def started(
    *arguments: str, how: list[str] = MODULE, env: dict[str, str] | None = None
) -> Iterator[tuple[SimulatorAtWork, subprocess.Popen[str]]]:
    credentials = {"TWILIO_ACCOUNT_SID": ACCOUNT_SID, "TWILIO_AUTH_TOKEN": AUTH_TOKEN}
    with subprocess.Popen(
        [*how, "--port", "0", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT | (credentials if env is None else env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("Twilio simulator on http://127.0.0.1:"), line
            yield SimulatorAtWork(line.split()[-1]), process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_quickly_and_cleanly_whatever_is_under_way(number: signal.Signals) -> None:
    with started("--delivery-delay-ms", "60000") as (simulator, process):
        assert simulator.create(
            To=PHONE, From=SENDER, Body="Secret words", StatusCallback="http://127.0.0.1:9/"
        ).json
        silent = socket.create_connection(("127.0.0.1", int(simulator.origin.rpartition(":")[2])))
        body = urlencode({"To": "+61491575041", "From": SENDER, "Body": "Secret words"})
        silent.sendall(
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {AUTHORIZATION}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        while len(simulator.ledger()) < 2:
            time.sleep(0.01)
        asked = time.monotonic()
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        silent.close()
    assert process.returncode == 0
    assert time.monotonic() - asked < 3
    assert (out, err) == ("", "")  # after the line that says where; no texts, no numbers, no complaints


def test_what_was_created_outlives_a_kill(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    with started("--ledger", str(ledger)) as (simulator, process):
        sid = simulator.create(To=PHONE, From=SENDER, Body="Hello").json["sid"]
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with started("--ledger", str(ledger)) as (simulator, _):
        assert [entry["sid"] for entry in simulator.ledger()] == [sid]


@pytest.mark.parametrize("how", [MODULE, COMMAND], ids=["module", "command"])
def test_a_busy_port_is_one_clear_sentence(how: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("--port", str(port), how=how)
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Port {port} on 127.0.0.1 is in use: stop what listens there, or choose another with --port.\n"
    )
    assert refused.stdout == ""


def test_a_ledger_that_cannot_be_written_is_one_clear_sentence(tmp_path: Path) -> None:
    refused = run("--port", "0", "--ledger", str(tmp_path / "missing" / "ledger.jsonl"))
    assert (refused.returncode, refused.stderr) == (
        1,
        "The ledger cannot be written: No such file or directory.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--port", "70000"], "A port is a number"), (["--host", "no.such.host.invalid"], "Cannot listen")],
)
def test_an_address_that_cannot_be_is_one_clear_sentence(arguments: list[str], words: str) -> None:
    refused = run(*arguments)
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert refused.stderr.startswith(words)


@pytest.mark.parametrize("how", [MODULE, COMMAND], ids=["module", "command"])
def test_an_option_that_makes_no_sense_is_refused(how: list[str]) -> None:
    refused = run("--latency-ms", "-1", how=how)
    assert refused.returncode != 0
    assert "latency_ms must be a number from 0 up." in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_command_takes_every_option() -> None:
    options = ["--latency-ms", "1", "--rate", "50", "--delivery-delay-ms", "2", "--keep", "9"]
    urls = ["--inbound-url", "http://127.0.0.1:9/a", "--inbound-url", "http://127.0.0.1:9/b"]
    with started(*options, *urls, how=COMMAND) as (simulator, _):
        settings = simulator.get("/_simulator/settings").json
        assert simulator.create(To=PHONE, From=SENDER, Body="Hello").status == 201
    assert (settings["latency_ms"], settings["rate"], settings["delivery_delay_ms"]) == (1, 50, 2)
    assert settings["inbound_urls"] == ["http://127.0.0.1:9/a", "http://127.0.0.1:9/b"]


def test_without_credentials_it_has_its_own() -> None:
    with started(env={"TWILIO_AUTH_TOKEN": ""}) as (simulator, _):
        assert simulator.create(To=PHONE, From=SENDER, Body="Hello").status == 401
        path = PATH.replace(ACCOUNT_SID, "AC" + "0" * 32)
        authorization = "Basic QUMwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDpzaW11bGF0b3I="
        assert simulator.request("GET", path, Authorization=authorization).status == 200


def test_it_loads_nothing_of_the_project_nor_django_nor_twilio() -> None:
    script = (
        "import json, sys, sms.simulator.__main__\n"
        "print(json.dumps([name for name in sys.modules if name.partition('.')[0] in "
        "('sms', 'clinic', 'patients', 'settings_app', 'django', 'twilio')]))"
    )
    loaded = json.loads(run("-c", script, how=[sys.executable]).stdout)
    assert [name for name in loaded if name != "sms" and not name.startswith("sms.simulator")] == []
