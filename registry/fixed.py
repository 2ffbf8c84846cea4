"""Queries of the busiest path. To write one as SQL takes Django longer than PostgreSQL takes to answer it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.db import transaction
from django.db.models import Expression, Model, QuerySet

M = TypeVar("M", bound=Model)


class Given(Expression):
    """Stands in a query for a value that is told when it is asked: the first one, the second one, …"""

    def __init__(self, place: int) -> None:
        super().__init__()
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """A parameter that is recognised among the constants of the query."""
        return "%s", [self]


@dataclass(frozen=True)
class Written(Generic[M]):
    """A query as SQL, and what becomes of its columns: first those of the model, then annotations."""

    model: type[M]
    sql: str
    parameters: tuple[Any, ...]
    fields: list[str]
    annotations: list[str]
    convert: Callable[[Any], Any]


class FixedQuery(Generic[M]):
    """A query whose SQL is the same each time: Django writes it once, then only values change.

    ``write`` makes it of as many ``Given`` as it has ``values``; it reads one table. Calling it with the values
    reads the rows anew, as any query does.
    """

    def __init__(self, values: int, write: Callable[..., QuerySet[M]]) -> None:
        self.values = values
        self.write = write

    def __call__(self, *values: Any) -> list[M]:
        """The rows for these values."""
        query, connection = self._written, transaction.get_connection()
        told = [values[each.place] if isinstance(each, Given) else each for each in query.parameters]
        with connection.cursor() as cursor:
            cursor.execute(query.sql, told)
            return [_instance(query, connection.alias, row) for row in query.convert(cursor.fetchall())]

    @cached_property
    def _written(self) -> Written[M]:
        query = self.write(*map(Given, range(self.values)))
        compiler = query.query.get_compiler(query.db)
        sql, parameters = compiler.as_sql()
        columns = [column for column, _, _ in compiler.select]
        of_model = columns[: len(columns) - len(compiler.annotation_col_map)]
        converters = compiler.get_converters(columns)
        return Written(
            query.model,
            sql,
            tuple(parameters),
            fields=[column.target.attname for column in of_model],
            annotations=list(compiler.annotation_col_map),
            convert=lambda rows: compiler.apply_converters(rows, converters),
        )


def _instance(query: Written[M], database: str, row: Any) -> M:
    count = len(query.fields)
    instance = query.model.from_db(database, query.fields, row[:count])
    for name, value in zip(query.annotations, row[count:], strict=True):
        setattr(instance, name, value)
    return instance
