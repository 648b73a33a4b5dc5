"""A whole database saved and put back, as whoever runs the clinic does it."""

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from django.db import connection

DUMP = ["--no-owner", "--no-privileges"]


def save(file: Path) -> None:
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(file)) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
        return
    connection.close()
    _run(["pg_dump", *DUMP, "--file", str(file), _address()])


def restore(file: Path) -> None:
    """Everything since is lost."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(file)) as copy:
            connection.ensure_connection()
            copy.backup(connection.connection)
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connection.close()
    _run(["psql", "--quiet", "--set", "ON_ERROR_STOP=1", "--file", str(file), _address()])


def _address() -> str:
    given = connection.settings_dict
    return f"postgresql://{given['USER']}@{given['HOST']}:{given['PORT'] or 5432}/{given['NAME']}"


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)
