"""Where a large batch has come to, and an index by which no more of it is read than a slice."""

import django.db.models.deletion
from django.db import migrations, models


def drop_index_of_batch(apps, schema_editor):
    """The new index begins with the batch as well. By hand: SQLite would make the ledger anew, and lose its triggers."""
    event = apps.get_model("patients", "ConsentEvent")
    for name in schema_editor._constraint_names(event, ["batch_id"], index=True, foreign_key=False):
        schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_index_of_batch(apps, schema_editor):
    event = apps.get_model("patients", "ConsentEvent")
    field = event._meta.get_field("batch")
    schema_editor.execute(schema_editor._create_index_sql(event, fields=[field]))


class Migration(migrations.Migration):
    dependencies = [("patients", "0003_imports")]

    operations = [
        migrations.AddField("preferencebatch", "running", models.BooleanField(default=False)),
        migrations.AddField(
            "preferencebatch",
            "expected",
            models.PositiveIntegerField(default=0, help_text="How many would change when it began."),
        ),
        migrations.AddField(
            "preferencebatch",
            "last_event",
            models.BigIntegerField(
                default=0,
                help_text="The ledger's newest row when it began: who has a newer one is left alone.",
            ),
        ),
        migrations.AddField(
            "preferencebatch",
            "last_patient",
            models.BigIntegerField(default=0, help_text="The newest patient when it began."),
        ),
        migrations.AddField(
            "preferencebatch",
            "done_up_to",
            models.BigIntegerField(default=0, help_text="The patient with whom the last slice ended."),
        ),
        migrations.AddConstraint(
            "preferencebatch",
            models.UniqueConstraint(
                condition=models.Q(("running", True)),
                fields=("running",),
                name="preference_batch_one_at_a_time",
            ),
        ),
        migrations.AddIndex(
            "consentevent", models.Index(fields=["batch", "patient"], name="consent_event_batch")
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_index_of_batch, make_index_of_batch)],
            state_operations=[
                migrations.AlterField(
                    "consentevent",
                    "batch",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="patients.preferencebatch",
                    ),
                )
            ],
        ),
    ]
