"""SELECT … FROM (SELECT …): what is computed for each row is computed once, however often a query names it."""

from collections.abc import Mapping
from copy import copy
from typing import Any, TypeVar

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Field, Model, QuerySet
from django.db.models.expressions import BaseExpression, Col
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler
from django.db.models.sql.datastructures import BaseTable

T = TypeVar("T", bound=Model)


def computed_once(rows: QuerySet[T], **columns: BaseExpression | F) -> QuerySet[T]:
    """`rows` with the values of `columns`, which can be filtered by and computed with as if they were stored.

    An annotation is written out anew wherever another one names it, and each time the database works it out again.
    What `rows` is annotated with already is computed once as well.
    """
    inner = rows.order_by().annotate(**columns).query
    outer = rows.model._base_manager.using(rows.db).all()
    if rows.query.order_by or not rows.query.default_ordering:
        outer = outer.order_by(*rows.query.order_by)
    alias = outer.query.get_initial_alias()
    outer.query.alias_map[alias] = _Rows(inner, alias)
    stored = {
        name: Col(alias, _stored(rows.model, name, value.output_field))
        for name, value in inner.annotation_select.items()
    }
    return outer.annotate(**stored)  # type: ignore[no-any-return]


def _stored(model: type[Model], name: str, field: Field[Any, Any]) -> Field[Any, Any]:
    field = copy(field)
    field.name = field.attname = field.column = name
    field.model = model
    return field


class _Rows(BaseTable):
    """Stands where a query has its table, under the same name."""

    def __init__(self, rows: Query, alias: str) -> None:
        super().__init__(rows.get_meta().db_table, alias)
        self.rows, self.alias = rows, alias

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        sql, params = self.rows.get_compiler(connection=connection).as_sql()
        # Both databases would else write the expressions out again themselves, to save a level.
        everything = connection.ops.no_limit_value()
        fence = "OFFSET 0" if everything is None else f"LIMIT {everything} OFFSET 0"
        return f"({sql} {fence}) {compiler.quote_name_unless_alias(self.alias)}", tuple(params)

    def relabeled_clone(self, change_map: Mapping[Any, str]) -> "_Rows":
        return type(self)(self.rows, change_map.get(self.alias, self.alias))

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.alias, id(self.rows))
