"""The registry that is measured: the production server over HTTPS, on PostgreSQL if there is one, else on SQLite."""

import os
from pathlib import Path

import psycopg

from demo.registry import Registry

POSTGRESQL = os.environ.get("BENCH_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/gatehouse_bench"


class MeasuredRegistry(Registry):
    """The demo's registry with two workers, on an empty database."""

    def __init__(self, folder: Path, first_port: int) -> None:
        super().__init__(folder, first_port)
        self.database_url = _empty_postgresql() or super().environment["DATABASE_URL"]

    @property
    def database(self) -> str:
        """What it stores its rows in, as a word."""
        return "PostgreSQL" if self.database_url.startswith("postgres") else "SQLite"

    @property
    def environment(self) -> dict[str, str]:
        """The demo's settings, on that database."""
        return {**super().environment, "DATABASE_URL": self.database_url}


def _empty_postgresql() -> str:
    """The address of a PostgreSQL database made anew; empty when no server answers."""
    name = psycopg.conninfo.conninfo_to_dict(POSTGRESQL)["dbname"]
    try:
        with psycopg.connect(POSTGRESQL, dbname="postgres", autocommit=True, connect_timeout=5) as server:
            server.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError:
        return ""
    return POSTGRESQL
