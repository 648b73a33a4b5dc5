#!/usr/bin/env python3
"""Sets the project up with nothing but Python 3.11 or newer, then runs it.

    python3 bootstrap.py demo [--port N]   a whole clinic to try out, in the browser
    python3 bootstrap.py test [...]        the tests that need nothing else (arguments go to pytest)
    python3 bootstrap.py check             all that CI checks (needs make, PostgreSQL, Redis, Chromium)
    python3 bootstrap.py manage ...        Django's command line
    python3 bootstrap.py setup [--dev]     only the set-up

The packages go into .venv, exactly as requirements.lock names them, each checked against its hash.
Later runs need no network. Only the standard library is used here, and only syntax that Python 3.6 can
read, so that an old Python gets to the sentence below.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this is where an old Python is told so
    sys.exit(
        f"Python 3.11 or newer is needed, and this is {sys.version_info[0]}.{sys.version_info[1]} "
        f"({sys.executable}): run bootstrap.py with a newer one, for example python3.12 bootstrap.py"
    )

import errno
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

try:
    import fcntl
except ImportError:
    sys.exit("Linux or macOS is needed: on Windows, run this inside WSL (wsl --install).")

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.txt"
LOG = VENV / "setup.log"
RUNTIME = ROOT / "requirements.lock"
DEVELOPMENT = ROOT / "requirements-dev.lock"  # Holds every pin of RUNTIME, too.

# What a shell or a .env file may say and the tests must not hear: they are about the embedded default.
EMBEDDED_DEFAULT = {
    "ALLOWED_HOSTS": "",
    "CELERY_BROKER_URL": "",
    "CLINIC_DATA_DIR": str(ROOT / "var" / "test"),
    "DATABASE_URL": "",
    "DEBUG": "False",
    "PUBLIC_BASE_URL": "",
    "SMS_LOOK_UP_SECONDS": "",
    "SMS_TICK_SECONDS": "",
    "TWILIO_ACCOUNT_SID": "",
    "TWILIO_API_URL": "",
    "TWILIO_AT_ONCE": "",
    "TWILIO_AUTH_TOKEN": "",
    "TWILIO_AUTH_TOKEN_PREVIOUS": "",
    "TWILIO_CARE_SENDER": "",
    "TWILIO_MARKETING_SENDER": "",
    "TWILIO_READ_TIMEOUT": "",
}

DISK_FULL = "The disk is full: free about 500 MB, then run the same command again."

# What pip prints when it cannot reach its registry.
UNREACHABLE = re.compile(
    "connection broken|newconnectionerror|failed to establish|name resolution|timed out|"
    "timeouterror|proxyerror|sslerror|network is unreachable"
)


class SetupError(Exception):
    """What stopped the set-up, as one sentence that says what to do about it."""


def main(arguments: Sequence[str]) -> NoReturn:
    command, rest = (arguments[0], list(arguments[1:])) if arguments else ("help", [])
    if command == "demo":
        set_up(RUNTIME)
        run([str(PYTHON), str(ROOT / "manage.py"), "demo", *rest])
    if command == "manage":
        set_up(RUNTIME)
        run([str(PYTHON), str(ROOT / "manage.py"), *rest])
    if command == "test":
        set_up(DEVELOPMENT)
        os.chdir(ROOT)
        run([str(PYTHON), "-m", "pytest", "-n", "auto", "--maxprocesses", "4", *rest], EMBEDDED_DEFAULT)
    if command == "check":
        set_up(DEVELOPMENT)
        if shutil.which("make") is None:
            raise SetupError("This needs the program 'make': install it (Debian, Ubuntu: apt install make).")
        run(["make", "--directory", str(ROOT), "check", *rest])
    if command == "setup" and rest in ([], ["--dev"]):
        set_up(DEVELOPMENT if rest else RUNTIME)
        print(f"Ready: {VENV}")
        sys.exit(0)
    print(__doc__.strip())
    sys.exit(0 if command in {"help", "-h", "--help"} else 2)


def run(command: list[str], settings: "dict[str, str] | None" = None) -> NoReturn:
    """Becomes `command`, with `settings` added to the environment: signals and the exit code are its own."""
    environment = {**clean_environment(), **(settings or {})}
    sys.stdout.flush()
    sys.stderr.flush()
    os.execvpe(command[0], command, environment)  # noqa: S606 - no shell, and the command is ours


def clean_environment() -> "dict[str, str]":
    """The environment without what would make Python look for packages outside .venv."""
    return {name: value for name, value in os.environ.items() if name not in {"PYTHONHOME", "PYTHONPATH"}}


def set_up(lock: Path) -> None:
    """Makes .venv hold what `lock` names; returns at once if it does already.

    Raises SetupError.
    """
    if is_installed(lock):
        return
    with one_at_a_time():
        if not is_installed(lock):
            install(lock)


def is_installed(lock: Path) -> bool:
    """Whether an installation of exactly this lock, by this Python, in this folder, was finished."""
    try:
        return PYTHON.exists() and wanted(lock) <= set(STAMP.read_text(encoding="utf-8").splitlines())
    except OSError:
        return False


def wanted(lock: Path) -> "set[str]":
    """The lines of the stamp of a finished installation of `lock`."""
    lines = {f"python {sys.version_info[0]}.{sys.version_info[1]}", f"folder {ROOT}"}
    for path in {RUNTIME, lock}:
        lines.add(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}")
    return lines


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Waits for another set-up of this folder.

    The lock is on the folder itself. Child processes inherit it: a pip whose parent was killed still has it.
    """
    folder = os.open(ROOT, os.O_RDONLY)
    os.set_inheritable(folder, True)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another set-up is at work in this folder; waiting for it.", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def install(lock: Path) -> None:
    """Makes or brings up to date .venv; the stamp is taken away first and written last."""
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        raise SetupError(
            f"This Python ({sys.executable}) cannot make virtual environments: install what is missing "
            "(Debian, Ubuntu: apt install python3-venv), then run the same command again."
        )
    current = is_made_by_this_python()
    VENV.mkdir(exist_ok=True)
    STAMP.unlink(missing_ok=True)
    packages = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
    print(f"Installing {packages} packages into .venv (the next run starts at once) ...", flush=True)
    if not current:
        base = getattr(sys, "_base_executable", sys.executable)
        follow([base, "-I", "-m", "venv", "--clear", str(VENV)], "the virtual environment could not be made")
    pip = [str(PYTHON), "-I", "-m", "pip", "--no-input", "--disable-pip-version-check", "install"]
    # The lock is whole: pip looks for nothing besides it, or a release of today could stand in the way.
    exact = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--no-user", f"--requirement={lock}"]
    follow([*pip, "--progress-bar=off", *exact], "the packages could not be installed")
    STAMP.write_text("\n".join(sorted(wanted(lock))) + "\n", encoding="utf-8")


def is_made_by_this_python() -> bool:
    """Whether .venv is whole, if out of date. One without a stamp may be half made: it is made anew."""
    try:
        stamp = STAMP.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    same = f"python {sys.version_info[0]}.{sys.version_info[1]}" in stamp and f"folder {ROOT}" in stamp
    return same and PYTHON.exists()


def follow(command: Sequence[str], failure: str) -> None:
    """Runs `command` with its output in the log, and on a terminal a dot for each package.

    Raises SetupError with the likely cause.
    """
    lines: list[str] = []
    dots = sys.stdout.isatty()
    # Places that pip could be told to install to, instead of .venv.
    elsewhere = {"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_DRY_RUN"}
    environment = {name: value for name, value in clean_environment().items() if name not in elsewhere}
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        text=True,
        close_fds=False,
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            if dots and line.startswith("Collecting "):
                print(".", end="", flush=True)
    if dots:
        print()
    if process.returncode:
        output = "".join(lines)
        raise SetupError(cause(output) or f"{failure[0].upper()}{failure[1:]}. {kept(output)}")


def kept(output: str) -> str:
    """Where the whole output of a failed program can be read; the end of it, if it cannot be written."""
    try:
        LOG.write_text(output, encoding="utf-8")
    except OSError:
        return output[-500:].strip()
    return f"Details: {LOG}"


def cause(output: str) -> str:
    """The sentence for what a failed installation printed; empty if it is none of the usual causes."""
    text = output.lower()
    almost_full = (
        shutil.disk_usage(ROOT).free < 20_000_000
    )  # The venv module does not say why pip failed in it.
    if almost_full or "no space left on device" in text or "disk quota exceeded" in text:
        return DISK_FULL
    if "ensurepip is not available" in text:
        return "Python's 'ensurepip' is missing: install it (Debian, Ubuntu: apt install python3-venv)."
    if "do not match the hashes" in text:
        return (
            f"A downloaded package is not the one that the lock names: nothing was installed. {kept(output)}"
        )
    if UNREACHABLE.search(text):
        return (
            "The packages could not be downloaded: check the network (or the proxy that pip uses), "
            f"then run the same command again. {kept(output)}"
        )
    if "no matching distribution" in text:
        return f"A package has no ready-made file for this machine and this Python. {kept(output)}"
    return ""


def explain(error: OSError) -> str:
    """The sentence for a refusal of the operating system."""
    if error.errno in {errno.EROFS, errno.EACCES, errno.EPERM}:
        return f"The folder {ROOT} cannot be written to, so .venv cannot be made: copy the project elsewhere."
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DISK_FULL
    return f"The set-up failed: {error}"


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except SetupError as refusal:
        sys.exit(str(refusal))
    except OSError as error:
        sys.exit(explain(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped: the same command starts again where it can.")
