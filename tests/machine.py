"""What this machine has, for tests that cannot do without.

``make test`` skips what is missing, with one line; ``make test-all`` sets REQUIRE_ALL=1, and there it fails.
"""

import os
import socket
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

CHROMIUM = Path("/usr/bin/chromium")
REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"
# Either run of ``make test-all`` may leave to the other what costs much and differs little by the database: what uses
# none, pages in a browser, the server's own ways and requests that end before they reach a table are tried on SQLite;
# tables of who may do what, and the slow clients, on PostgreSQL. ``.ci/run`` asks for that.
ONCE = os.environ.get("ONCE") == "1"
DATABASE = frozenset({"db", "transactional_db", "django_db_setup", "live_server"})
ON_SQLITE = (
    "tests/attacks/",
    "tests/live/test_bucket.py",
    "tests/registry/previews/",
    "tests/registry/s3/",
    "tests/test_fuzz.py",
    "tests/test_serving.py",
    "tests/tokens/test_limits.py",
)
ON_POSTGRESQL = (
    "tests/live/test_keys.py",
    "tests/live/test_token_page.py",
    "tests/publishers/test_keys.py",
    "tests/registry/serving/",
    "tests/test_admin_crowd.py",
    "tests/test_who_may",
    "tests/tokens/admin/test_records_stay.py",
    "tests/tokens/api/",
)


def needs(thing: str) -> pytest.MarkDecorator:
    """Mark a test, a class or a module (``pytestmark``) that needs "chromium", "postgresql" or "redis"."""
    return pytest.mark.needs(thing)


needs_chromium = needs("chromium")
needs_postgresql = needs("postgresql")
needs_redis = needs("redis")


def missing(thing: str) -> str:
    """Why ``thing`` cannot be had, as a sentence; empty when it is there."""
    return {"chromium": _no_chromium, "postgresql": _no_postgresql, "redis": _no_redis}[thing]()


def runs_on_postgresql() -> bool:
    """Whether the suite's own database is PostgreSQL."""
    return os.environ["DATABASE_URL"].startswith("postgres")


def belongs_to_the_other_run(item: Any) -> bool:
    """Whether ``make test-all`` runs this test in its other half, so that this one may leave it out."""
    things = [mark.args[0] for mark in item.iter_markers("needs")]
    if "postgresql" in things:
        return REQUIRE_ALL and not runs_on_postgresql()
    if "chromium" in things or item.nodeid.startswith(ON_SQLITE) or not _uses_the_database(item):
        return ONCE and runs_on_postgresql()
    return ONCE and not runs_on_postgresql() and item.nodeid.startswith(ON_POSTGRESQL)


def _uses_the_database(item: Any) -> bool:
    return item.get_closest_marker("django_db") is not None or not DATABASE.isdisjoint(item.fixturenames)


def _no_chromium() -> str:
    return "" if CHROMIUM.exists() else f"no Chromium: there is no {CHROMIUM}"


def _no_postgresql() -> str:
    return "" if runs_on_postgresql() else "no PostgreSQL in this run: make test-all has it"


def _no_redis() -> str:
    try:
        socket.create_connection(("127.0.0.1", 6379), timeout=2).close()
    except OSError:
        return "no Redis: nothing answers at 127.0.0.1:6379"
    return ""


def _no_server(url: str) -> str:
    try:
        psycopg.connect(url, dbname="postgres", connect_timeout=5).close()
    except psycopg.Error as wrong:
        return f"no PostgreSQL: {str(wrong).strip().splitlines()[0]}"
    return ""


def main() -> int:
    """``python -m tests.machine URL``: tell what ``make test-all`` would lack; 1 if anything."""
    lacking = [reason for reason in (_no_chromium(), _no_redis(), _no_server(sys.argv[1])) if reason]
    for reason in lacking:
        print(reason, file=sys.stderr)
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
