"""A queryset that is compiled once, and run again and again with other values.

To say in SQL what a queryset of ours means takes Django a millisecond or more, which is longer than the database needs
to answer. Where the same question is asked a thousand times a minute that is most of the work.
"""

import json
from collections.abc import Callable
from typing import Any

from django.db import connections, models, router
from django.db.models import QuerySet
from django.db.models.expressions import Combinable, Expression, Func


class Mark(Expression):
    """Stands in a queryset where a value of `field`'s kind will be: with `many`, a list of them for `IsOneOf`."""

    def __init__(self, name: str, field: "models.Field[Any, Any]", *, many: bool = False) -> None:
        super().__init__(output_field=field)
        self.name = name
        self.many = many

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]

    def prepared(self, values: dict[str, Any], connection: Any) -> Any:
        """The value of this mark as the database's driver wants it."""
        prepare, value = self.output_field.get_db_prep_value, values[self.name]
        if not self.many:
            return prepare(value, connection)
        each = [prepare(one, connection) for one in value]
        return each if connection.vendor == "postgresql" else json.dumps(each)


class IsOneOf(Func):
    """Whether `expression` is one of the values of the mark `of`, however many there are."""

    template = "%(expressions)s = ANY(%%s)"
    output_field = models.BooleanField()

    def __init__(self, expression: Combinable | str, of: Mark) -> None:
        super().__init__(expression)
        self.of = of

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        sql, params = super().as_sql(compiler, connection, **extra)
        return sql, [*params, self.of]

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "%(expressions)s IN (SELECT value FROM json_each(%%s))"
        return self.as_sql(compiler, connection, template=template, **extra)


class Compiled:
    """`build` makes a `values_list` queryset with marks in it; it is asked once, when the first rows are wanted.

    `lock` is what to lock the found rows with, such as "FOR SHARE SKIP LOCKED", where the database can: SQLite has one
    writer at a time, so within a transaction of ours nobody else writes.
    """

    def __init__(self, build: Callable[[], "QuerySet[Any, tuple[Any, ...]]"], *, lock: str = "") -> None:
        self._build = build
        self._lock = lock
        self._sql = ""

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows, with `values` in the places of the marks."""
        if not self._sql:
            self._compile()
        connection = connections[self._database]
        given = [p.prepared(values, connection) if isinstance(p, Mark) else p for p in self._params]
        with connection.cursor() as cursor:
            cursor.execute(self._sql, given)
            found = cursor.fetchall()
        if not self._converters:
            return list(found)
        return [tuple(row) for row in self._compiler.apply_converters(found, self._converters)]

    def _compile(self) -> None:
        queryset = self._build()
        self._database = router.db_for_write(queryset.model)
        connection = connections[self._database]
        self._compiler = queryset.query.get_compiler(using=self._database)
        sql, self._params = self._compiler.as_sql()
        columns = [column for column, _, _ in self._compiler.select[: self._compiler.col_count]]
        self._converters = self._compiler.get_converters(columns)
        can_lock = connection.features.has_select_for_update_skip_locked
        self._sql = f"{sql} {self._lock}" if self._lock and can_lock else sql
