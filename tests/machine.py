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
# Of both runs of ``make test-all`` the second may leave out what cost the first much and no database changes: pages in
# a browser, the server's own ways, and requests that end before they reach a table. ``.ci/run`` asks for that.
ONCE = os.environ.get("ONCE") == "1"
WITHOUT_DATABASE = (
    "tests/attacks/",
    "tests/live/test_bucket.py",
    "tests/registry/previews/",
    "tests/registry/s3/",
    "tests/test_fuzz.py",
    "tests/test_serving.py",
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
    if not runs_on_postgresql():
        return REQUIRE_ALL and "postgresql" in things
    return ONCE and "postgresql" not in things and ("chromium" in things or item.nodeid.startswith(WITHOUT_DATABASE))


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
