"""What came before there was such a thing counts as read and done, but for what waits for a decision."""

from django.db import migrations
from django.db.models import F, Q
from django.db.models.functions import Coalesce


def forwards(apps, schema_editor):
    replies = apps.get_model("sms", "InboundMessage").objects
    replies.filter(read_at=None).update(read_at=F("received_at"))
    waiting = Q(kind="may_be_stop", handled_at=None)
    replies.filter(done_at=None).exclude(waiting).update(
        done_at=Coalesce("handled_at", "received_at"), done_by=F("handled_by")
    )


class Migration(migrations.Migration):
    dependencies = [("sms", "0017_replies_are_worked_off")]
    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
