"""A text of an erased patient loses its number and words, and keeps what became of it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("patients", "0010_ledger_allows_one_blanking"),
        ("sms", "0011_managers_answer_for_rights"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="message",
            name="message_has_a_number",
        ),
        migrations.RemoveConstraint(
            model_name="message",
            name="message_once_per_number",
        ),
        migrations.AddField(
            model_name="message",
            name="erased_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="message",
            name="left_out_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("erased", "Erased"),
                    ("no_mobile", "No mobile number"),
                    ("invalid_number", "Number cannot get texts"),
                    ("deceased", "Deceased"),
                    ("archived", "Archived"),
                    ("number_blocked", "Number blocked by STOP"),
                    ("not_subscribed", "Does not accept marketing"),
                    ("erased_before", "Number of an erased patient: ask first"),
                    ("reminders_off", "Wants no reminders"),
                    ("shared_number_refused", "Somebody on the same number refuses"),
                    ("deselected", "Unticked by staff"),
                    ("shared_number", "Somebody on the same number gets it"),
                    ("number_changed", "Number changed since the list was made"),
                ],
                db_default="",
                max_length=24,
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "left_out"),
                    models.Q(("phone", ""), _negated=True),
                    ("erased_at__isnull", False),
                    _connector="OR",
                ),
                name="message_has_a_number",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("erased_at", None),
                    models.Q(
                        ("body", ""),
                        ("phone", ""),
                        models.Q(("status__in", ["queued", "sending"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="message_erased_is_bare",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("status", "left_out"), _negated=True),
                    ("erased_at", None),
                    ("group__isnull", False),
                ),
                fields=("group", "phone"),
                name="message_once_per_number",
            ),
        ),
    ]
