"""What the communications log is read by."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sms", "0018_old_replies_are_done")]

    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["created_at", "id"], name="message_log"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("purpose__in", ["one_off", "reminder"])),
                fields=["purpose", "created_at", "id"],
                name="message_log_to_one",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(
                    ("status__in", ["cancelled", "expired", "failed", "not_sent", "undelivered", "unknown"])
                ),
                fields=["status", "created_at", "id"],
                name="message_log_rare",
            ),
        ),
    ]
