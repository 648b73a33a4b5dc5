"""The texts of this month and the last have parts too: the overview would else begin at nothing."""

from collections import defaultdict
from datetime import timedelta

from django.db import migrations
from django.utils import timezone

from clinic.lib.sms_text import segments

LATELY = timedelta(days=62)
AT_ONCE = 2000


def forwards(apps, schema_editor):
    texts = apps.get_model("sms", "Message").objects.using(schema_editor.connection.alias)
    uncounted = (
        texts.filter(parts=None, claimed_at__gt=timezone.now() - LATELY).exclude(body="").order_by("pk")
    )
    last = 0
    while rows := list(uncounted.filter(pk__gt=last).values_list("pk", "body")[:AT_ONCE]):
        by_parts = defaultdict(list)
        for pk, body in rows:
            by_parts[len(segments(body))].append(pk)
        for parts, pks in by_parts.items():
            texts.filter(pk__in=pks).update(parts=parts)
        last = rows[-1][0]


class Migration(migrations.Migration):
    dependencies = [("sms", "0015_parts_of_a_text")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
