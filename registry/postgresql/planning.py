"""Statements that PostgreSQL plans for the values that they ask for."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def for_their_values() -> Iterator[None]:
    """Plan each statement anew meanwhile; nothing changes on another database.

    The plan that a connection keeps for a statement (DATABASES) must do for any value. In millions of records one value
    may be in every other row and the next nowhere: a plan that hopes to meet it soon would read the whole table.
    """
    if connection.vendor != "postgresql":
        yield
        return
    connection.ensure_connection()
    database = connection.connection
    threshold, database.prepare_threshold = database.prepare_threshold, None
    try:
        yield
    finally:
        database.prepare_threshold = threshold
