"""What must be in place before the first request: tables, the cache's table, static files, the storage."""

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import DatabaseError, connection

from registry.serving.collecting import collect
from registry.storage import contents

# Any number, as long as nothing else in the database locks by it: "gate" in ASCII.
MIGRATION_LOCK = 0x67617465


def prepare_in_a_child() -> None:
    """Prepare in a process of its own: the workers inherit no connection, no thread and no garbage of it.

    Leaves with one line when the database cannot be had.
    """
    child = os.fork()
    if child == 0:
        _leave_with(_prepare_or_say_why())
    _, status = os.waitpid(child, 0)
    if status:
        sys.exit(1)


def prepare() -> None:
    """Bring the database and the static files to what this version needs; two machines may start at once."""
    with one_at_a_time():
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    with alone_in(Path(settings.STATIC_ROOT)):
        collect()
    contents.reach()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock file beside ``folder``: two servers that start on one machine must not write it at once."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold PostgreSQL's advisory lock; an SQLite file belongs to one machine and is taken as it is."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])


def _prepare_or_say_why() -> int:
    # One connection and no pool, which would try for long and then not say why.
    connection.settings_dict["OPTIONS"].pop("pool", None)
    try:
        prepare()
    except DatabaseError as wrong:
        told = f"DATABASE_URL: {str(wrong).strip().splitlines()[0]}"
    except (ImproperlyConfigured, OSError) as wrong:
        told = str(wrong)
    else:
        return 0
    print(f"gatehouse: {told}", file=sys.stderr)  # noqa: T201
    return 1


def _leave_with(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
