"""On PostgreSQL any part of a name, a number or a reference is found by an index, among a million patients, too.

SQLite, which has no such index, reads the whole table: it is for small clinics. `pg_trgm` comes with PostgreSQL, and the
owner of a database may switch it on (https://www.postgresql.org/docs/13/pgtrgm.html).
"""

from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

INDEXES = {
    "patient_name_parts": "USING gin (search_name gin_trgm_ops)",
    "patient_phone_parts": "USING gin (phone gin_trgm_ops)",
    "patient_reference_any_case": "(UPPER(reference))",
}


def make(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for name, definition in INDEXES.items():
            editor.execute(f"CREATE INDEX {name} ON patients_patient {definition}")


def drop(apps: object, editor: BaseDatabaseSchemaEditor) -> None:
    if editor.connection.vendor == "postgresql":
        for name in INDEXES:
            editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [("patients", "0010_ledger_allows_one_blanking")]
    operations = [TrigramExtension(), migrations.RunPython(make, drop)]
