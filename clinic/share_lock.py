"""SELECT … FOR SHARE: others may lock the same rows likewise, and nobody may change them until the transaction ends."""

from typing import Any

from django.db import connections, router
from django.db.models import QuerySet


def lock_shared(rows: QuerySet[Any]) -> list[Any]:
    """The primary keys of those of `rows` that nobody is about to change; they stay as they are until we commit.

    Rows in which somebody has written, and not committed, are passed over, never waited for. SQLite has one writer at
    a time: within a transaction of ours nobody else writes, so there is nothing to lock.
    """
    database = router.db_for_write(rows.model)
    connection = connections[database]
    keys = rows.using(database).order_by().values_list("pk", flat=True)
    if not connection.features.has_select_for_update_skip_locked:
        return list(keys)
    # Django itself knows FOR UPDATE and FOR NO KEY UPDATE only, which one claim at a time could hold.
    sql, params = keys.query.get_compiler(using=database).as_sql()
    with connection.cursor() as cursor:
        cursor.execute(f"{sql} FOR SHARE SKIP LOCKED", params)
        return [key for (key,) in cursor.fetchall()]
