"""Up to when rows have stopped appearing, so that who follows them by id misses none.

Ids are given when a row is inserted, and rows are seen when their transaction commits: of two at once the later id may
be seen first. So the young are held back: those of the last seconds, and those that are younger than the oldest
transaction that still writes, however long it takes (``apply`` may bring a thousand publishers in one).
"""

import datetime

from django.db import connection
from django.utils import timezone

# Between when a row says that it was made and when it is inserted; and by how much the machines' clocks differ.
MARGIN = datetime.timedelta(seconds=5)
# On SQLite a row waits for other writers before it is inserted: the settings' timeout, and the margin.
WAIT = datetime.timedelta(seconds=20) + MARGIN

_OLDEST = (
    "SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
    " AND pid <> pg_backend_pid()"
)


def until(*, of_clock: bool) -> datetime.datetime | None:
    """Before this moment no row will appear any more; None: there is nothing to wait for.

    ``of_clock``: the ids are UUIDs of version 7, which a process makes before it inserts the row. Otherwise the
    database makes them; on SQLite, which has one writer at a time, in the order in which rows are seen.
    """
    if connection.vendor == "postgresql":
        return min(timezone.now(), _oldest() or timezone.now()) - MARGIN
    return timezone.now() - WAIT if of_clock else None


def _oldest() -> datetime.datetime | None:
    """When the oldest transaction began that has written something."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        row = cursor.fetchone()
    return row[0] if row else None
