"""What every test may use: a database that flushes, people with roles, and the moment it is."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, connections
from django.db.backends.sqlite3.base import DatabaseOperations  # from its own module it imports in a circle
from django.db.models.signals import post_migrate
from django.test import Client
from pytest_django import DjangoDbBlocker

from settings_app.models import SmsSettings
from tests.factories import NOW, UserFactory


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite's test database lies in the run's own folder, so that two runs at once do not meet."""
    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(autouse=True, scope="session")
def _flush_gets_past_the_ledger() -> Iterator[None]:
    """A transactional test ends with a flush, which on SQLite is DELETE, which the ledger's triggers refuse.

    The flush alone takes the triggers away and puts them back, within its transaction. PostgreSQL truncates,
    which row triggers do not see.
    """
    plain = DatabaseOperations.sql_flush

    def sql_flush(self: Any, style: Any, tables: Sequence[str], **options: Any) -> list[str]:
        # Patients first: for each row of the ledger that goes, all that are left are searched, without an index.
        statements = sorted(
            plain(self, style, tables, **options), key=lambda sql: '"patients_patient"' not in sql
        )
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name")
            triggers = cursor.fetchall()
        drops = [f"DROP TRIGGER {self.quote_name(name)};" for name, _ in triggers]
        return [*drops, *statements, *(sql for _, sql in triggers)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True, scope="session")
def _flush_keeps_what_migrations_made() -> Iterator[None]:
    """After a flush the settings row and the roles are back, whichever test comes next."""
    made_by = [
        "sms.migrations.0002_roles",
        "sms.migrations.0011_managers_answer_for_rights",
        "clinic.accounts.migrations.0003_managers_look_after_the_team",
    ]
    roles = [import_module(name) for name in made_by]

    def restore(*, using: str, **_: object) -> None:
        if "sms_message" not in connections[using].introspection.table_names():
            return
        SmsSettings.load()
        for each in roles:
            each.forwards(apps, SimpleNamespace(connection=connections[using]))

    post_migrate.connect(restore, sender=apps.get_app_config("sms"), weak=False)
    yield
    post_migrate.disconnect(restore, sender=apps.get_app_config("sms"))


@pytest.fixture(autouse=True, scope="session")
def _nobody_is_left_in_the_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """PostgreSQL drops no database that somebody is in: a live server's thread may be, after its last callback."""
    yield
    with django_db_blocker.unblock():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )


@pytest.fixture
def now() -> datetime:
    """An ordinary Tuesday, noon in Sydney."""
    return NOW


@pytest.fixture
def sms_settings(db: None) -> SmsSettings:
    return SmsSettings.load()


@pytest.fixture
def manager(db: None) -> User:
    return UserFactory.create(username="maria.manager", role="Manager")


@pytest.fixture
def sender(db: None) -> User:
    return UserFactory.create(username="sam.sender", role="Sender")


@pytest.fixture
def receptionist(db: None) -> User:
    return UserFactory.create(username="rosa.reception", role="Receptionist")


@pytest.fixture
def practitioner(db: None) -> User:
    return UserFactory.create(username="pavel.practitioner", role="Practitioner")


@pytest.fixture
def log_in(db: None) -> Callable[[User], Client]:
    """A browser of one's own for each user."""

    def as_user(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return as_user


@pytest.fixture
def manager_client(log_in: Callable[[User], Client], manager: User) -> Client:
    return log_in(manager)


@pytest.fixture
def reception_client(log_in: Callable[[User], Client], receptionist: User) -> Client:
    return log_in(receptionist)


@pytest.fixture
def practitioner_client(log_in: Callable[[User], Client], practitioner: User) -> Client:
    return log_in(practitioner)
