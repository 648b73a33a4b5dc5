"""A block outlives the patient: of a number that nobody has any more, only a keyed hash is kept."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("patients", "0008_patients_can_be_erased")]
    operations = [
        migrations.RemoveConstraint(model_name="suppressednumber", name="suppressed_number_once"),
        migrations.AddField(
            model_name="suppressednumber",
            name="digest",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=80),
        ),
        migrations.AlterField(
            model_name="suppressednumber",
            name="covers",
            field=models.CharField(
                choices=[
                    ("marketing", "Marketing texts"),
                    ("everything", "All texts"),
                    ("promotions", "Promotions, unless staff recorded a yes"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="suppressednumber",
            name="phone",
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AlterField(
            model_name="suppressednumber",
            name="source",
            field=models.CharField(
                choices=[
                    ("sms_stop", "a STOP reply"),
                    ("carrier", "the carrier"),
                    ("erasure", "an erasure"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="suppressednumber",
            index=models.Index(
                condition=Q(("digest", ""), _negated=True), fields=["digest"], name="suppressed_number_digest"
            ),
        ),
        migrations.AddConstraint(
            model_name="suppressednumber",
            constraint=models.UniqueConstraint(
                condition=Q(("lifted_at", None)),
                fields=("phone", "digest", "covers"),
                name="suppressed_number_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="suppressednumber",
            constraint=models.CheckConstraint(
                condition=Q(
                    Q(("phone", ""), Q(("digest", ""), _negated=True)),
                    Q(Q(("phone", ""), _negated=True), ("digest", "")),
                    _connector="OR",
                ),
                name="suppressed_number_or_digest",
            ),
        ),
    ]
