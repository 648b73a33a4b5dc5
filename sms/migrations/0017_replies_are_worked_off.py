"""A reply is read, is somebody's, and is done."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0010_ledger_allows_one_blanking"),
        ("sms", "0016_parts_already_sent"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="inboundmessage",
            name="assigned_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="inboundmessage",
            name="assigned_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="inboundmessage",
            name="done_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="inboundmessage",
            name="done_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="inboundmessage",
            name="patient",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="patients.patient",
            ),
        ),
        migrations.AddField(
            model_name="inboundmessage",
            name="read_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(condition=models.Q(("read_at", None)), fields=["id"], name="inbound_unread"),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(condition=models.Q(("done_at", None)), fields=["id"], name="inbound_open"),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(
                condition=models.Q(("patient__isnull", False)),
                fields=["patient", "-id"],
                name="inbound_patient_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(fields=["received_at", "id"], name="inbound_log"),
        ),
        migrations.AddConstraint(
            model_name="inboundmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("assigned_at", None), ("assigned_by", None), ("patient", None)),
                    models.Q(("assigned_at__isnull", False), ("patient__isnull", False)),
                    _connector="OR",
                ),
                name="inbound_assigned_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="inboundmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(("done_at__isnull", False), ("done_by", None), _connector="OR"),
                name="inbound_done_is_whole",
            ),
        ),
    ]
