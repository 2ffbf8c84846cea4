"""Very many rows in little time: PostgreSQL makes them of rows that the registry itself has written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

INDEXES = """
    SELECT format('DROP INDEX %%I', class.relname), pg_get_indexdef(index.indexrelid)
    FROM pg_index index JOIN pg_class class ON class.oid = index.indexrelid
    WHERE index.indrelid = %(table)s::regclass
      AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = index.indexrelid AND contype IN ('p', 'u'))
"""
UNIQUE = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype = 'u'
"""


def copy_rows(connection: psycopg.Connection, table: str, replaced: Mapping[str, str], of: str) -> int:
    """Add copies of rows, with the columns of ``replaced`` as those SQL expressions say; how many.

    ``of`` stands after FROM: it gives ``template``, a row of the table, for each row that is added.
    """
    named = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    columns = [column for (column,) in named]
    said = [sql.SQL(replaced[name]) if name in replaced else sql.Identifier("template", name) for name in columns]
    done = connection.execute(
        sql.SQL("INSERT INTO {table} ({columns}) SELECT {said} FROM ").format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            said=sql.SQL(", ").join(said),
        )
        + sql.SQL(of)
    )
    return done.rowcount


@contextmanager
def without_indexes(connection: psycopg.Connection, tables: Sequence[str]) -> Iterator[None]:
    """Take the tables' indexes away, all but the primary keys', and make them again of all rows at once."""
    asked = [(query, table) for table in tables for query in (UNIQUE, INDEXES)]
    kept = [pair for query, table in asked for pair in connection.execute(query, {"table": table})]
    for drop, _create in kept:
        connection.execute(drop)
    try:
        yield
    finally:
        for _drop, create in kept:
            connection.execute(create)
