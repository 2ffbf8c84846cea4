"""What an administrator waits for where ten million exchanges are recorded, and what pruning does to those who mint."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench import many, mint, past, pruned, uploading, wheels
from bench.administrator import Administrator, Asked
from bench.looks import looks
from bench.registry import MeasuredRegistry, drop
from demo.issuer import LocalIssuer

EXCHANGES = int(os.environ.get("BENCH_EXCHANGES") or 10_000_000)
KEEP = os.environ.get("BENCH_KEEP") == "1"
CALLED, ISSUER_PORT = f"audit_{EXCHANGES}", 8699
EXPORTED_DAYS = 4  # of each export, none of whose rows were read before
MARK = "CREATE TABLE bench_past AS SELECT {count} AS count, {projects} AS projects"

Rows = Iterator[tuple[str, str]]


def rows(folder: Path, first_port: int) -> Rows:
    """What was measured, and the figure."""
    registry = MeasuredRegistry(folder, first_port, CALLED, keep=KEEP)
    if registry.database != "PostgreSQL":
        yield f"the audit of {EXCHANGES:,} exchanges", "not measured: there is no PostgreSQL"
        return
    try:
        if not _is_filled(registry):
            prepare(registry)
            fill(registry)
        with _trusted(registry) as issuer:
            yield from _measured(registry, issuer)
    finally:
        registry.stop()
        if not KEEP:
            drop(CALLED)


@contextmanager
def _trusted(registry: MeasuredRegistry) -> Iterator[LocalIssuer]:
    """Start the registry and an issuer that it trusts, of the same URL in each run; stop both."""
    with LocalIssuer(registry.authority, audience=f"localhost:{registry.port}", port=ISSUER_PORT) as issuer:
        registry.start()
        mint.trust(registry, issuer, registry.ca_file)
        yield issuer
        registry.stop()


def prepare(registry: MeasuredRegistry) -> None:
    """Let the registry itself write one row of each kind: a grant, a refusal, an upload, an API token."""
    other = "octo-org/sampleproject/.github/workflows/other.yml@refs/heads/main"
    with _trusted(registry) as issuer:
        administrator = Administrator(registry)
        text = administrator.mint(issuer.sign())
        administrator.mint(issuer.sign(workflow_ref=other, job_workflow_ref=other))
        uploading.upload(registry, text, wheels.build(registry.folder / "wheels", "sampleproject", "1.0"))
        uploading.api_token(registry)


def fill(registry: MeasuredRegistry) -> None:
    """Add the past."""
    projects = max(EXCHANGES // 200, 1_000)
    many.multiply(registry, projects)
    with psycopg.connect(registry.database_url, autocommit=True) as connection:
        past.fill(connection, EXCHANGES, projects, lambda text: print(text, file=sys.stderr, flush=True))
        connection.execute(MARK.format(count=EXCHANGES, projects=projects))


def _is_filled(registry: MeasuredRegistry) -> bool:
    with psycopg.connect(registry.database_url, autocommit=True) as connection:
        if connection.execute("SELECT to_regclass('bench_past')").fetchone() == (None,):
            return False
        return connection.execute("SELECT count FROM bench_past").fetchone() == (EXCHANGES,)


def _measured(registry: MeasuredRegistry, issuer: LocalIssuer) -> Rows:
    administrator = Administrator(registry)
    administrator.sign_in()
    with psycopg.connect(registry.database_url, autocommit=True) as connection:
        size = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
        yield f"the database with {EXCHANGES:,} exchanges", str(size[0]) if size else ""
        for what, target, paths in looks(connection):
            yield what, _against(administrator.ask(paths), target)
        yield from _exports(connection, administrator)
    yield from pruned.rows(registry, issuer)


def _against(asked: Asked, target: int) -> str:
    missed = "" if asked.p95 <= target else "**missed: "
    return f"{missed}p50 {asked.p50:.0f} ms, p95 {asked.p95:.0f} ms (target {target}){'**' if missed else ''}"


def _exports(connection: psycopg.Connection, administrator: Administrator) -> Rows:
    for ago, kind, label in ((20, "csv", "CSV"), (30, "jsonl", "JSON lines")):
        said = connection.execute(
            "SELECT to_char(now() - %s * interval '1 day', 'YYYY-MM-DD HH24:MI:SS+00:00'),"
            " to_char(now() - %s * interval '1 day', 'YYYY-MM-DD HH24:MI:SS+00:00')",
            [ago, ago - EXPORTED_DAYS],
        ).fetchone()
        assert said is not None
        within = {"created_at__gte": said[0], "created_at__lt": said[1]}
        lines, seconds, mib = administrator.export("/admin/tokens/exchange/export/", kind, **within)
        yield f"export of {lines:,} exchanges as {label}", f"{lines / seconds:,.0f} rows/s, {mib / seconds:.0f} MiB/s"
