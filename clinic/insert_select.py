"""INSERT … SELECT from a queryset: many rows made inside the database, none of them passing through Python."""

from collections.abc import Mapping
from typing import Any

from django.db import connections, models, router
from django.db.models import F, QuerySet
from django.db.models.expressions import BaseExpression


def insert_select(
    model: type[models.Model], columns: Mapping[str, BaseExpression | F], rows: QuerySet[Any]
) -> int:
    """Insert one `model` row for each of `rows`; returns how many.

    `columns` maps a field's name to an expression over `rows`. Fields that are not named take the database's own
    default, so each of those must be nullable or have a `db_default`.
    """
    database = router.db_for_write(model)
    connection = connections[database]
    aliases = {f"insert_{name}": expression for name, expression in columns.items()}
    select = rows.using(database).annotate(**aliases).values_list(*aliases)
    sql, params = select.query.get_compiler(using=database).as_sql()
    quote = connection.ops.quote_name
    targets = ", ".join(quote(column_of(model, name)) for name in columns)
    with connection.cursor() as cursor:
        # Table and columns come from the model, everything else is a parameter.
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({targets}) {sql}", params)
        return int(cursor.rowcount)


def column_of(model: type[models.Model], name: str) -> str:
    """The database's name for a field; "pk" is the primary key."""
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return str(field.column)
