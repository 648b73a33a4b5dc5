"""An erasure may take the number and the words out of a row of the ledger, once, and say when. Nothing else.

The rule speaks of the row alone. A trigger that looked at the patient would stop SQLite from ever rebuilding the
table of patients; that only erased patients' rows are blank is what `check_consent_ledger` proves.
"""

from django.db import migrations, models

TABLE = "patients_consentevent"
# What stays as it is, whatever happens.
KEPT = [
    *("id", "patient_id", "from_value", "to_value", "from_source", "source"),
    *("how", "recorded_by_id", "batch_id", "at"),
]
IS_BLANKING = "OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL AND NEW.phone = '' AND NEW.evidence = ''"
BLANKED = "ARRAY['phone', 'evidence', 'erased_at']"

POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND {IS_BLANKING} AND to_jsonb(NEW) - {BLANKED} = to_jsonb(OLD) - {BLANKED} THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'The consent ledger is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
"""
POSTGRESQL_BEFORE = f"""
CREATE OR REPLACE FUNCTION {TABLE}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The consent ledger is append-only.' USING ERRCODE = 'restrict_violation';
END $$;
"""
REFUSE = "BEGIN SELECT RAISE(ABORT, 'The consent ledger is append-only.'); END;"
SAME = " AND ".join(f"NEW.{column} IS OLD.{column}" for column in KEPT)
SQLITE = (
    f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} WHEN NOT ({IS_BLANKING} AND {SAME}) {REFUSE}"
)
SQLITE_BEFORE = f"CREATE TRIGGER {TABLE}_no_update BEFORE UPDATE ON {TABLE} {REFUSE}"


def forwards(apps, schema_editor):
    _replace(schema_editor, POSTGRESQL, SQLITE)


def backwards(apps, schema_editor):
    _replace(schema_editor, POSTGRESQL_BEFORE, SQLITE_BEFORE)


def _replace(schema_editor, postgresql, sqlite):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(postgresql)
        return
    schema_editor.execute(f"DROP TRIGGER {TABLE}_no_update")
    schema_editor.execute(sqlite)


class Migration(migrations.Migration):
    dependencies = [("patients", "0009_numbers_kept_as_digests")]
    operations = [
        migrations.AddField(
            model_name="consentevent",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(forwards, backwards),
    ]
