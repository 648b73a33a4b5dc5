"""The consent ledger refuses UPDATE and DELETE in the database itself, whoever asks and by whatever tool."""

from django.db import migrations

TABLE = "patients_consentevent"

POSTGRESQL = f"""
CREATE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The consent ledger is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER {TABLE}_append_only BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION {TABLE}_refuse();
"""

SQLITE = [
    f"CREATE TRIGGER {TABLE}_no_{deed.lower()} BEFORE {deed} ON {TABLE} "
    "BEGIN SELECT RAISE(ABORT, 'The consent ledger is append-only.'); END;"
    for deed in ("UPDATE", "DELETE")
]


def forwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
        return
    for statement in SQLITE:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP TRIGGER {TABLE}_append_only ON {TABLE}; DROP FUNCTION {TABLE}_refuse();")
        return
    for deed in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER {TABLE}_no_{deed}")


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
