"""Starting and stopping within this process: the same functions as behind the two command lines."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sms.simulator.__main__ import main
from sms.simulator.options import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN


class StopsWhatSpeaks:
    """Standard output that answers the first line with SIGTERM, and keeps it."""

    def __init__(self) -> None:
        self.said = ""

    def write(self, text: str) -> None:
        self.said += text
        os.kill(os.getpid(), signal.SIGTERM)

    def flush(self) -> None:
        pass


@pytest.fixture
def busy_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


def start(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simulator", *arguments])
    return main()


def test_it_serves_until_it_is_told_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    out = StopsWhatSpeaks()
    monkeypatch.setattr(sys, "stdout", out)
    assert start(monkeypatch, "--port", "0") == 0
    assert out.said.startswith("Twilio simulator on http://127.0.0.1:")


def test_it_serves_the_newer_protocol_too(monkeypatch: pytest.MonkeyPatch) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    out = StopsWhatSpeaks()
    monkeypatch.setattr(sys, "stdout", out)
    assert start(monkeypatch, "--port", "0", "--host", "::1") == 0
    assert out.said.startswith("Twilio simulator on http://[::1]:")


def test_a_busy_port_is_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, busy_port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(monkeypatch, "--port", busy_port) == 1
    assert f"Port {busy_port} on 127.0.0.1 is in use" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("port", "words"), [("70000", "A port is a number"), ("0", "The ledger cannot be written")]
)
def test_what_cannot_be_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], port: str, words: str
) -> None:
    assert start(monkeypatch, "--port", port, "--ledger", "/no/such/folder/ledger.jsonl") == 1
    assert capsys.readouterr().err.startswith(words)


def test_a_ledger_of_something_else_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"event": "created"}\n')
    assert start(monkeypatch, "--port", "0", "--ledger", str(other)) == 1
    assert capsys.readouterr().err.startswith("The ledger holds lines that are not this simulator's")
    assert other.read_text() == '{"event": "created"}\n'


def test_a_host_that_is_not_there_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(monkeypatch, "--host", "192.0.2.1") == 1
    assert capsys.readouterr().err.startswith("Cannot listen on port 8100 of 192.0.2.1: ")


def test_an_option_that_makes_no_sense_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, "--rate", "-1")
    assert ended.value.code == 2
    assert "rate must be a number from 0 up." in capsys.readouterr().err


def test_the_management_command_is_the_same_thing(busy_port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("run_twilio_simulator", "--port", busy_port)
    assert ended.value.code == 1
    with pytest.raises(CommandError, match="delivery_delay_ms must be"):
        call_command("run_twilio_simulator", "--delivery-delay-ms", "-1")
    monkeypatch.setattr(sys, "stdout", StopsWhatSpeaks())
    call_command("run_twilio_simulator", "--port", "0")


def test_the_help_shows_no_token(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "a-real-token")
    with pytest.raises(SystemExit):
        start(monkeypatch, "--help")
    assert "a-real-token" not in capsys.readouterr().out


def test_the_defaults_are_worth_nothing_elsewhere() -> None:
    assert (DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN) == ("AC00000000000000000000000000000000", "simulator")
