"""Group SMS to everybody, and the tables of texts emptied again."""

from datetime import UTC, datetime, timedelta

from django.db import connection

from bench.people import tidy
from sms.models import GroupMessage, Message
from sms.status import GroupStatus

BODY = (
    "Hi {first_name|there}, our clinic is closed this afternoon. To change your appointment, please call us."
)


def draft(*, is_marketing: bool) -> GroupMessage:
    return GroupMessage.objects.create(body=BODY, is_marketing=is_marketing, created_at=datetime.now(UTC))


def confirmed(*, is_marketing: bool) -> GroupMessage:
    """One whose list is to be made."""
    at = datetime.now(UTC)
    group = draft(is_marketing=is_marketing)
    GroupMessage.objects.filter(pk=group.pk).update(
        status=GroupStatus.CONFIRMED, confirmed_at=at, send_by=at + timedelta(days=1)
    )
    group.refresh_from_db()
    return group


def forget_texts() -> None:
    """No text of anybody, in tables as small as new ones."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Message._meta.db_table} CASCADE")
    else:
        Message.objects.all().delete()
    tidy()
