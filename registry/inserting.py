"""Rows of several tables that are stored together."""

from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import AutoField, Field, Model

Group = tuple[type[Model], list[Model]]


def insert_together(*rows: Model) -> None:
    """Insert rows of any tables, all or none. Ids that the database gives are not read back.

    PostgreSQL gets them as one statement: nothing takes an exchange longer than the way there and back.
    """
    groups: list[Group] = [(model, list(group)) for model, group in groupby(rows, key=type)]
    if connection.vendor == "postgresql":
        _at_once(groups)
        return
    with transaction.atomic(savepoint=False):
        for model, group in groups:
            model._base_manager.bulk_create(group)


def _at_once(groups: list[Group]) -> None:
    database = transaction.get_connection()
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection=database)
        for model, group in groups
        for row in group
        for field in _columns(model)
    ]
    with database.cursor() as cursor:
        cursor.execute(_statement(tuple((model, len(group)) for model, group in groups)), values)


@lru_cache(maxsize=256)
def _statement(counts: tuple[tuple[type[Model], int], ...]) -> str:
    """``WITH part_0 AS (INSERT …), part_1 AS (INSERT …) INSERT …``: PostgreSQL carries out every part, and once."""
    *parts, last = [_insert(model, count) for model, count in counts]
    named = [f"part_{number} AS ({part})" for number, part in enumerate(parts)]
    return f"WITH {', '.join(named)} {last}" if named else last


def _insert(model: type[Model], count: int) -> str:
    quoted = connection.ops.quote_name
    columns = [quoted(field.column) for field in _columns(model) if field.column]
    row = f"({', '.join(['%s'] * len(columns))})"
    table = quoted(model._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([row] * count)}"  # noqa: S608


@lru_cache(maxsize=64)
def _columns(model: type[Model]) -> "tuple[Field[Any, Any], ...]":
    stored = (field for field in model._meta.local_concrete_fields if not field.generated)
    return tuple(field for field in stored if not isinstance(field, AutoField))
