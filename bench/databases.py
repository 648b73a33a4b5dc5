"""Databases of the bench's own, made before and dropped after: each holds a clinic with so many patients."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from bench import processes

SERVER = os.environ.get("BENCH_DATABASE_SERVER", "postgres://postgres@127.0.0.1:5432")


class PostgreSQL:
    """Databases `clinic_bench_PID_NAME` on one server."""

    kind = "postgresql"

    def __init__(self, server: psycopg.Connection) -> None:
        self._server, self.made = server, list[str]()

    def url(self, name: str) -> str:
        return f"{SERVER}/{_full(name)}"

    def create(self, name: str, like: str | None) -> None:
        copied = sql.SQL("TEMPLATE {}").format(self._named(like)) if like else sql.SQL("")
        self._server.execute(sql.SQL("CREATE DATABASE {} {}").format(self._named(name), copied))
        self.made.append(name)

    def drop(self, name: str) -> None:
        self._server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(self._named(name)))
        self.made.remove(name)

    @staticmethod
    def _named(name: str) -> sql.Identifier:
        return sql.Identifier(_full(name))


def _full(name: str) -> str:
    return f"clinic_bench_{os.getpid()}_{name}"


class SQLite:
    """A file for each."""

    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder, self.made = folder, list[str]()

    def url(self, name: str) -> str:
        return f"sqlite:///{self._file(name)}"

    def create(self, name: str, like: str | None) -> None:
        if like:
            shutil.copyfile(self._file(like), self._file(name))
        self.made.append(name)

    def drop(self, name: str) -> None:
        self._file(name).unlink(missing_ok=True)
        self.made.remove(name)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.sqlite3"


class Clinics:
    """`with clinics.of(1000):` Django, and the processes that are started, work on a clinic of that size."""

    def __init__(self, databases: PostgreSQL | SQLite) -> None:
        self._databases, self.kind = databases, databases.kind

    @contextmanager
    def of(self, number: int, *, accepting: bool = False) -> Iterator[None]:
        """Untouched by whoever had one before: it is a copy of what `people.seed` made once."""
        name = f"{number}_{accepting}".lower()
        if f"{name}_seeded" not in self._databases.made:
            with self._at(f"{name}_seeded", like="empty"):
                from bench import people  # models: Django has not been set up when we are imported

                people.seed(number, accepting=accepting)
        with self._at(name, like=f"{name}_seeded"):
            yield
        self._databases.drop(name)

    def prepare(self) -> None:
        """All tables, in a database that is copied ever after."""
        self._databases.create("empty", None)
        os.environ["DATABASE_URL"] = self._databases.url("empty")
        processes.manage("migrate", "--verbosity", "0")

    def drop(self) -> None:
        for name in list(self._databases.made):
            self._databases.drop(name)

    @contextmanager
    def _at(self, name: str, *, like: str) -> Iterator[None]:
        before = os.environ["DATABASE_URL"]
        self._databases.create(name, like)
        self._turn_to(self._databases.url(name))
        try:
            yield
        finally:
            self._turn_to(before)

    def _turn_to(self, url: str) -> None:
        from clinic.env import env

        os.environ["DATABASE_URL"] = url
        connection.close()
        connection.settings_dict["NAME"] = env.db_url_config(url)["NAME"]


@contextmanager
def own_databases() -> Iterator[Clinics]:
    """PostgreSQL if it answers, else SQLite; Django can be set up once they are there."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLINIC_DATA_DIR"] = folder
        try:
            server = psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            print("No PostgreSQL here: SQLite is measured instead.", file=sys.stderr)
            clinics = Clinics(SQLite(Path(folder)))
            clinics.prepare()
            yield clinics
            return
        with server:
            clinics = Clinics(PostgreSQL(server))
            try:
                clinics.prepare()
                yield clinics
            finally:
                clinics.drop()
