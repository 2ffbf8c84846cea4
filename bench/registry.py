"""The registry that is measured: the production server over HTTPS, on PostgreSQL if there is one, else on SQLite."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from demo.registry import Registry

POSTGRESQL = os.environ.get("BENCH_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/gatehouse_bench"
CORES = 2
TICKS = os.sysconf("SC_CLK_TCK")


class MeasuredRegistry(Registry):
    """The demo's registry with two workers on two cores, on an empty database.

    ``called`` tells several of them apart; with ``keep`` the database of an earlier run is taken up as it is.
    """

    def __init__(self, folder: Path, first_port: int, called: str = "", *, keep: bool = False) -> None:
        super().__init__(folder / called, first_port)
        self.secret_key = os.urandom(24).hex()
        self.database_url = _postgresql(called, keep=keep) or super().environment["DATABASE_URL"]

    @property
    def database(self) -> str:
        """What it stores its rows in, as a word."""
        return "PostgreSQL" if self.database_url.startswith("postgres") else "SQLite"

    @property
    def environment(self) -> dict[str, str]:
        """The demo's settings, on that database."""
        return {**super().environment, "DATABASE_URL": self.database_url, "SECRET_KEY": self.secret_key}

    def start(self) -> None:
        """Start it on the first two cores that this process may use; the client goes on with all of them."""
        mine = os.sched_getaffinity(0)
        os.sched_setaffinity(0, set(sorted(mine)[:CORES]))
        try:
            super().start()
        finally:
            os.sched_setaffinity(0, mine)

    def workers(self) -> list[int]:
        """The processes that answer requests; the server has others, such as the one that sends mails."""
        return [int(worker) for worker in re.findall(r"Booting worker with pid: (\d+)", self.news(0))]

    def backends(self) -> list[int]:
        """PostgreSQL's processes that serve this registry, if they run on this machine."""
        if self.database != "PostgreSQL":
            return []
        with psycopg.connect(self.database_url) as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return [pid for (pid,) in found]


def cpu_seconds(processes: Iterable[int]) -> float:
    """What processes of this machine have used so far, in user and kernel mode."""
    return sum(_ticks(process) for process in processes) / TICKS


def resident_mib(process: int, line: str = "VmRSS") -> float:
    """The memory that a process holds, or with ``VmHWM`` the most that it held."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(found.split()[1]) / 1024 for found in lines if found.startswith(f"{line}:"))


def _ticks(process: int) -> int:
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0
    return int(after_name[11]) + int(after_name[12])


def drop(called: str) -> None:
    """Remove the database of such a registry."""
    name = _name(called)
    with psycopg.connect(POSTGRESQL, dbname="postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _postgresql(called: str, *, keep: bool) -> str:
    """The address of a PostgreSQL database, made anew unless it is kept; empty when no server answers."""
    name = _name(called)
    try:
        with psycopg.connect(POSTGRESQL, dbname="postgres", autocommit=True, connect_timeout=5) as server:
            if not keep:
                server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                server.execute(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError:
        return ""
    return POSTGRESQL.rpartition("/")[0] + f"/{name}"


def _name(called: str) -> str:
    return "_".join(filter(None, [str(conninfo_to_dict(POSTGRESQL)["dbname"]), called]))
