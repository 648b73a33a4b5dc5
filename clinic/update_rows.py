"""Many rows given values of their own by one UPDATE, guarded by what they must still say."""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connections, models, router

Rows = Sequence[tuple[Any, ...]]


def update_rows(
    model: type[models.Model],
    fields: Sequence[str],
    rows: Rows,
    *,
    same: Mapping[str, Any],
    where: Mapping[str, Sequence[Any]],
) -> set[Any]:
    """Update the `model` rows of which `rows` have the primary key and the values of `fields`; returns those keys.

    All get the values of `same` besides. Left alone is whatever does not have, in each field of `where`, one of the
    values there. `bulk_update` does the same with a CASE of as many branches as there are rows, for each field.
    """
    if not rows:
        return set()
    database = router.db_for_write(model)
    connection = connections[database]
    named = [_field(model, name) for name in ("pk", *fields)]
    prepared = [
        [field.get_db_prep_save(value, connection) for value in values]
        for field, values in zip(named, zip(*rows, strict=True), strict=True)
    ]
    sql = _statement(
        model, database, tuple(fields), tuple(same), tuple((n, len(v)) for n, v in where.items())
    )
    constants = [_field(model, name).get_db_prep_save(value, connection) for name, value in same.items()]
    guards = [
        _field(model, name).get_db_prep_value(value, connection)
        for name, values in where.items()
        for value in values
    ]
    given: list[Any] = prepared
    if connection.vendor != "postgresql":
        given = [json.dumps(list(zip(*prepared, strict=True)))]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*constants, *given, *guards])
        return {key for (key,) in cursor.fetchall()}


@cache
def _statement(
    model: type[models.Model],
    database: str,
    fields: tuple[str, ...],
    same: tuple[str, ...],
    where: tuple[tuple[str, int], ...],
) -> str:
    """Table and columns come from the model, everything else is a parameter."""
    connection = connections[database]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)

    def column(name: str) -> str:
        return str(quote(_field(model, name).column))

    values = [f"{column(name)} = %s" for name in same]
    values += [f"{column(name)} = given.value_{place}" for place, name in enumerate(fields, 1)]
    guards = [f"{table}.{column(name)} IN ({', '.join(['%s'] * number)})" for name, number in where]
    guards.append(f"{table}.{column('pk')} = given.value_0")
    names = [f"value_{place}" for place in range(len(fields) + 1)]
    if connection.vendor == "postgresql":
        arrays = [f"%s::{_kind(model, name, connection)}[]" for name in ("pk", *fields)]
        given = f"unnest({', '.join(arrays)}) AS given({', '.join(names)})"
    else:
        picked = [f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(names)]
        given = " ".join(["(SELECT", ", ".join(picked), "FROM json_each(%s)) AS given"])
    parts = ["UPDATE", table, "SET", ", ".join(values), "FROM", given, "WHERE", " AND ".join(guards)]
    return " ".join([*parts, "RETURNING", f"{table}.{column('pk')}"])


def _field(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    field = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _kind(model: type[models.Model], name: str, connection: Any) -> str:
    """The column's type without its length: a cast to that would cut off in silence what is too long."""
    field: Any = _field(model, name)
    kind = field.rel_db_type(connection) if name == "pk" else field.db_type(connection)
    return re.sub(r"\(.*\)", "", kind)
