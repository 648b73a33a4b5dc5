"""The database refuses a step of a text that `sms.status` does not know, whoever asks and by whatever tool.

A trigger, made from that table after each `migrate`: it is always the table's, and a migration for which SQLite
rebuilds `sms_message`, which drops its triggers, cannot lose it.
"""

from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from sms.status import Status, may_follow

TABLE = "sms_message"
NAME = "message_only_legal_steps"


def install(*, using: str, **_: Any) -> None:
    """Make the trigger anew if it is not there, or not the one of this version."""
    connection = connections[using]
    if TABLE not in connection.introspection.table_names():
        return  # Migrated back to before there was one.
    postgresql = connection.vendor == "postgresql"
    wanted = _postgresql() if postgresql else _sqlite()
    if _installed(connection) == wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {NAME}" + (f" ON {TABLE}" if postgresql else ""))
        cursor.execute(wanted)
        if postgresql:
            cursor.execute(f"COMMENT ON TRIGGER {NAME} ON {TABLE} IS %s", [wanted])


def _installed(connection: BaseDatabaseWrapper) -> str | None:
    """PostgreSQL writes a trigger down in its own words, so ours are kept beside it as a comment."""
    if connection.vendor == "postgresql":
        query = "SELECT obj_description(oid) FROM pg_trigger WHERE tgname = %s"
    else:
        query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s"
    with connection.cursor() as cursor:
        cursor.execute(query, [NAME])
        found = cursor.fetchone()
    return found[0] if found else None


def _is_illegal() -> str:
    # Every value is a word of our own: nothing here comes from outside.
    steps = ", ".join(f"'{old}>{new}'" for old in Status for new in sorted(may_follow(old)))
    return f"OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN ({steps})"


def _sqlite() -> str:
    return (
        f"CREATE TRIGGER {NAME} BEFORE UPDATE OF status ON {TABLE} WHEN {_is_illegal()} "
        "BEGIN SELECT RAISE(ABORT, 'No text goes this way.'); END"
    )


def _postgresql() -> str:
    return f"""
CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'No text goes this way: % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER {NAME} BEFORE UPDATE OF status ON {TABLE}
    FOR EACH ROW WHEN ({_is_illegal()}) EXECUTE FUNCTION {NAME}();
"""
