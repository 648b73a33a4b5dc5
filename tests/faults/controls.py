"""Controls: the sender is made worse in one place, in a copy of the project, and the proof must notice."""

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.faults.programs import ROOT

LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv", "var", "staticfiles", "__pycache__", ".*_cache", "docs")


@dataclass(frozen=True, slots=True)
class Control:
    """`old` becomes `new` in `file`; then a run of `scenario` must break a promise, and say `says`."""

    name: str
    file: str
    old: str
    new: str
    scenario: str
    says: str
    smoke: bool = False


CONTROLS = [
    Control(
        "the claim is committed after the sending, not before",
        "sms/dispatch.py",
        """            claim = next_batch(now=clock()) if looked_at else None
""",
        """            with transaction.atomic():
                claim = next_batch(now=clock()) if looked_at else None
                if claim and claim.messages:
                    gone = depart(claim, line, begun=begun, now=clock())
                    settle(claim, gone.outcomes.result(), now=clock())
                    claim.messages.clear()
""",
        "SIGKILL a pool child",
        "I1",
        smoke=True,
    ),
    Control(
        "consent is checked only when the list is made",
        "sms/outbox.py",
        "elif text.patient_id in refused:",
        "elif False:",
        "refusals on the page",
        "I2",
    ),
    Control(
        "signatures are not checked",
        "sms/webhooks.py",
        "    signed = gateway.is_signed(",
        "    signed = True or gateway.is_signed(",
        "1,000 forged callbacks",
        "I4",
    ),
    Control(
        "silence is followed by a second request",
        "sms/gateway/twilio.py",
        'return OutcomeUnknown("timeout")',
        "return TryLater(NOT_CONNECTED, None)",
        "accepted, then silence",
        "I1",
    ),
    Control(
        "a number is logged",
        "sms/dispatch.py",
        "            match outcome:\n",
        '            __import__("logging").warning("settled %s", message.phone)\n            match outcome:\n',
        "SIGTERM, a new worker",
        "I7",
    ),
]


def is_noticed(control: Control) -> tuple[bool, str]:
    """Whether the proof fails as it must, and what it said."""
    with tempfile.TemporaryDirectory(prefix="clinic-control-") as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_BEHIND, symlinks=True)
        spoil(tree / control.file, control)
        command = [sys.executable, "-m", "tests.faults", control.scenario, "--runs", "3", "--first-breach"]
        ran = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    figures = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    breaches = [breach for one in figures for breach in one["breaches"]]
    expected = [breach for breach in breaches if breach.startswith(control.says)]
    noticed = ran.returncode == 1 and bool(expected)
    return noticed, (expected or breaches or [ran.stderr[-500:]])[0]


def spoil(file: Path, control: Control) -> None:
    text = file.read_text()
    if text.count(control.old) != 1:
        sys.exit(f"The control “{control.name}” no longer fits {control.file}: bring it up to date.")
    file.write_text(text.replace(control.old, control.new))
