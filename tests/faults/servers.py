"""A PostgreSQL cluster and a Redis of the run's own, so that killing them hurts nobody else."""

import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.faults.programs import Program, free_port, listens


def newest(name: str) -> str:
    """The path of one of PostgreSQL's own programs. Exits with a sentence if there is none."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"),
        key=lambda path: float(re.sub(r"[^\d.]", "", path.parts[-3]) or 0),
    )
    path = str(found[-1]) if found else shutil.which(name)
    if path is None:
        sys.exit(
            f"`make faults` starts a PostgreSQL of its own and does not find {name}: install postgresql."
        )
    return path


def postgres(folder: Path, environment: Mapping[str, str]) -> tuple[Program, int]:
    """A cluster that is ready to start, and its port. As root it belongs to the user postgres, who must exist.

    It keeps the moment of each commit, which is how the judge knows what came first. Nothing here outlives the
    machine, so nothing is forced to the disk: a killed server still loses nothing.
    """
    user = "postgres" if os.geteuid() == 0 else None
    if user and not _exists(user):
        sys.exit("PostgreSQL does not run as root: make a user postgres, or run this as somebody else.")
    data, port = folder / "postgres", free_port()
    data.mkdir(mode=0o700)
    if user:
        shutil.chown(data, user)
    command = [newest("initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-sync"]
    command += ["--locale=C.UTF-8"]
    made = subprocess.run(
        command, user=user, cwd="/", env={**environment, "HOME": str(data)}, capture_output=True, text=True
    )
    if made.returncode:
        sys.exit(f"A PostgreSQL cluster could not be made: {made.stderr.strip()}")
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "track_commit_timestamp": "on",
        "fsync": "off",
        "full_page_writes": "off",
        "max_connections": 80,
        "log_min_messages": "fatal",
    }
    server = [newest("postgres"), "-D", str(data), *(f"--{name}={value}" for name, value in options.items())]
    ready = f"-h 127.0.0.1 -p {port} -q"
    asks = [newest("pg_isready"), *ready.split()]
    program = Program(
        "postgres",
        server,
        folder=folder / "logs",
        environment={"PATH": os.environ["PATH"], "HOME": str(data), "LANG": "C.UTF-8"},
        is_ready=lambda _: subprocess.run(asks, check=False).returncode == 0,
        user=user,
    )
    return program, port


def _exists(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


def redis(folder: Path) -> tuple[Program, int]:
    """A Redis that keeps nothing on the disk, and its port."""
    path = shutil.which("redis-server")
    if path is None:
        sys.exit(
            "`make faults` starts a Redis of its own and does not find redis-server: install redis-server."
        )
    port = free_port()
    command = [path, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    program = Program(
        "redis",
        command,
        folder=folder / "logs",
        environment={"PATH": os.environ["PATH"]},
        is_ready=lambda _: listens(port),
    )
    return program, port
