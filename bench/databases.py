"""A database of the bench's own, made before and dropped after."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

ROOT = Path(__file__).resolve().parents[1]
SERVER = os.environ.get("BENCH_DATABASE_SERVER", "postgres://postgres@127.0.0.1:5432")


@contextmanager
def own_database() -> Iterator[str]:
    """Yields the kind of database, with its address in the environment and all tables made."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLINIC_DATA_DIR"] = folder
        name = f"clinic_bench_{os.getpid()}"
        try:
            server = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            print("No PostgreSQL here: SQLite is measured instead.", file=sys.stderr)
            os.environ["DATABASE_URL"] = f"sqlite:///{folder}/bench.sqlite3"
            _migrate()
            yield "sqlite"
            return
        try:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            os.environ["DATABASE_URL"] = f"{SERVER}/{name}"
            _migrate()
            yield "postgresql"
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            server.close()


def manage(*arguments: str) -> tuple[float, str]:
    """Run a command of ours in a process of its own; returns its peak memory in MB and what it said."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    said = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{arguments[0]} ended with {process.returncode}")
    to_mb = 1 / 1024**2 if sys.platform == "darwin" else 1 / 1024
    return used.ru_maxrss * to_mb, said


def _migrate() -> None:
    manage("migrate", "--verbosity", "0")
