"""A pool whose connections are taken without asking the server each time whether it is still there.

Django's own check (CONN_HEALTH_CHECKS) is one more way to the database and back for every request.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Error
from psycopg_pool import ConnectionPool

# Firewalls and balancers forget connections that were silent for some minutes, and say so only when one is used.
SILENT_SECONDS = 30.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Gives a connection that was used a moment ago as it is, unless the server has closed it meanwhile."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that lives, from the pool."""
        connection = super().get_new_connection(conn_params)
        while self.pool is not None and not _lives(connection):
            connection.close()
            self.pool.putconn(connection)
            connection = self.pool.getconn()
        connection.taken_at = time.monotonic()
        return connection


def _lives(connection: Any) -> bool:
    silent = time.monotonic() - getattr(connection, "taken_at", 0.0) > SILENT_SECONDS
    return not (silent or _has_news(connection)) or _answers(connection)


def _has_news(connection: Any) -> bool:
    """Whether there is something to read on an idle connection: mostly that the server has closed it."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _answers(connection: Any) -> bool:
    try:
        ConnectionPool.check_connection(connection)
    except Error:
        return False
    return True
