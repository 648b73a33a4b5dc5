"""A pytest session that stays ready: each mutant is tried in a fork of it.

First all tests run once as they are, and the lines that each of them reaches are noted. A mutant then meets the
tests that reach its lines, the quickest first, on a database of its own.
"""

import gc
import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import coverage
import pytest

from tests.mutants.fates import SURVIVED, Fates, in_a_fork
from tests.mutants.source import Functions, Mutant, functions_of, memories_of

# So many of the quickest tests are asked; 0 or unset: all.
MOST = int(os.environ.get("MOST_TESTS", "0")) or None
# Tests with this fixture are not asked: a first pass without "twilio", the simulator, is several times faster.
WITHOUT = os.environ.get("WITHOUT_FIXTURE", "")


class Ready:
    """The plugin."""

    def __init__(self, mutants: list[Mutant], fates: Fates) -> None:
        self.mutants, self.fates = mutants, fates
        self.paths = {mutant.path for mutant in mutants}
        self.failed: list[str] = []
        self.skipped: set[str] = set()
        self.reached: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.functions: Functions = {}
        self.memories: list[Callable[[], None]] = []
        self.kills: Counter[tuple[str, str]] = Counter()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = [item for item in items if WITHOUT not in getattr(item, "fixturenames", ())]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)
        if report.skipped:
            self.skipped.add(report.nodeid)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self.memories = memories_of(self.paths)
        noted = coverage.Coverage(data_file=None, config_file=False, include=list(self.paths))
        noted.start()
        for item, following in zip(session.items, [*session.items[1:], session.items[0]], strict=True):
            noted.switch_context(item.nodeid)
            self._forget()
            begun = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            self.seconds[item.nodeid] = time.monotonic() - begun
        noted.stop()
        for path in self.paths:
            for line, tests in noted.get_data().contexts_by_lineno(path).items():
                for test in tests:
                    self.reached[test].add((path, line))
        if self.failed:
            pytest.exit(f"Without any mutant there fail: {self.failed}", returncode=1)
        from django.db import connection

        connection.close()
        self.functions = functions_of(self.paths)
        gc.freeze()  # Else a fork copies all memory as soon as it collects.
        some = session.items[:: max(1, len(session.items) // 20)]
        fate, by = in_a_fork(lambda: self._killer(None, some, session), seconds=3600)
        if fate != SURVIVED:
            pytest.exit(f"In a fork there fails what passes without: {by}", returncode=1)
        for mutant in self.mutants:
            self._try(mutant, session)
        return True

    def _try(self, mutant: Mutant, session: pytest.Session) -> None:
        lines = {(mutant.path, line) for line in range(mutant.first, mutant.last + 1)}
        where = " ".join([mutant.file, *mutant.functions()])
        if (
            where == mutant.file
        ):  # Lines that run on import belong to no test: all that know the file are asked.
            lines = {place for places in self.reached.values() for place in places if place[0] == mutant.path}
        asked = [
            item
            for item in session.items
            if self.reached[item.nodeid] & lines and item.nodeid not in self.skipped
        ]
        # Who killed a neighbour is the likeliest to kill; the nearest neighbours are those of the same function.
        asked.sort(
            key=lambda item: (
                -self.kills[where, item.nodeid],
                -self.kills[mutant.file, item.nodeid],
                self.seconds[item.nodeid],
            )
        )
        asked = asked[:MOST]
        if WITHOUT and not asked:
            return
        limit = 60 + 8 * sum(self.seconds[item.nodeid] for item in asked)
        begun = time.monotonic()
        fate, by = in_a_fork(lambda: self._killer(mutant, asked, session), seconds=limit)
        self.kills[mutant.file, by] += 1
        self.kills[where, by] += 1
        self.fates.tell(mutant, fate, by=by, asked=len(asked), seconds=time.monotonic() - begun)

    def _killer(self, mutant: Mutant | None, asked: list[pytest.Item], session: pytest.Session) -> str:
        """The first of the tests that fails with it, in a process that can do nothing else afterwards."""
        if not asked:
            return ""
        has_database = any(item.get_closest_marker("django_db") for item in session.items)
        with _own_database() if has_database else nullcontext():
            if mutant:
                mutant.put_in_place(self.functions)
                self._forget()
            if has_database:
                _renew_triggers(session)
            session._setupstate.teardown_exact(asked[0])
            # After the last one there follows some other: what lasts for the session is not this process's to end.
            last = session.items[0] if asked[-1:] != session.items[:1] else session.items[-1]
            for item, following in zip(asked, [*asked[1:], last], strict=True):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                if self.failed:
                    return self.failed[0]
        return ""

    def _forget(self) -> None:
        for forget in self.memories:
            forget()


@contextmanager
def _own_database() -> Iterator[None]:
    """A copy, so that a mutant that ends halfway leaves nothing to the next one."""
    from django.db import connection

    name = connection.settings_dict["NAME"]
    own = f"{name}_{os.getpid()}"
    if connection.vendor == "sqlite":
        shutil.copy(name, own)
    else:
        _at_server(f'CREATE DATABASE "{own}" TEMPLATE "{name}"')
    connection.settings_dict["NAME"] = own
    try:
        yield
    finally:
        connection.close()
        if connection.vendor == "sqlite":
            Path(own).unlink()
        else:
            _at_server(f'DROP DATABASE "{own}" WITH (FORCE)')


def _at_server(statement: str) -> None:
    import psycopg
    from django.db import connection

    known = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    where = {
        name: connection.settings_dict[key] for name, key in known.items() if connection.settings_dict[key]
    }
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as server:
        server.execute(statement)


def _renew_triggers(session: pytest.Session) -> None:
    """The database's own table of steps comes from the code, and so from a mutant of it."""
    from pytest_django.plugin import blocking_manager_key

    from sms import legal_steps

    with session.config.stash[blocking_manager_key].unblock():
        legal_steps.install(using="default")
