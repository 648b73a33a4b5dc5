"""UPDATE … FROM a queryset: each row takes its new values from a row of another table, in one join."""

from collections.abc import Mapping
from typing import Any

from django.db import connections, models, router
from django.db.models import F, QuerySet
from django.db.models.expressions import BaseExpression

from clinic.insert_select import column_of


def update_from(
    model: type[models.Model], columns: Mapping[str, BaseExpression | F], rows: QuerySet[Any], *, key: F
) -> int:
    """Update the `model` row whose primary key is `key` of one of `rows`; returns how many.

    `columns` maps a field's name to an expression over `rows`. Each key may come once in `rows`. A subquery for
    each value, which is all that `QuerySet.update` can do, would look up every row once more for each.
    """
    database = router.db_for_write(model)
    connection = connections[database]
    new = {f"new_{name}": expression for name, expression in {"key": key, **columns}.items()}
    select = rows.using(database).order_by().annotate(**new).values_list(*new)
    sql, params = select.query.get_compiler(using=database).as_sql()
    quote = connection.ops.quote_name
    table, pk = quote(model._meta.db_table), quote(column_of(model, "pk"))
    values = ", ".join(f"{quote(column_of(model, name))} = new_rows.new_{name}" for name in columns)
    with connection.cursor() as cursor:
        # Table and columns come from the model, everything else is a parameter.
        statement = [
            "UPDATE",
            table,
            "SET",
            values,
            f"FROM ({sql}) AS new_rows WHERE {table}.{pk} = new_rows.new_key",
        ]
        cursor.execute(" ".join(statement), params)
        return int(cursor.rowcount)
