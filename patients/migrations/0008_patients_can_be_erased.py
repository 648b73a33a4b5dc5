"""A patient can lose everything personal; the bare row stays, for the ledger and the counts of texts."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0007_imports_behind_the_page"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="patient",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="patient",
            name="erased_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(
                condition=Q(("erased_at__isnull", False)), fields=["erased_at"], name="patient_erased"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("erased_at", None),
                    Q(
                        ("archived_at__isnull", False),
                        ("birth_date", None),
                        ("first_name", ""),
                        ("last_name", ""),
                        ("phone", ""),
                        ("reference", ""),
                        ("search_name", ""),
                    ),
                    _connector="OR",
                ),
                name="patient_erased_is_bare",
            ),
        ),
    ]
