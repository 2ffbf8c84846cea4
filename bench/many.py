"""What a mint costs where a million publishers stand, against where a thousand do."""

import os
import random
import statistics
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from bench import mint
from bench.client import RUNS
from bench.copying import copy_rows
from bench.registry import MeasuredRegistry
from demo.issuer import LocalIssuer

FEW, MANY = 1_000, int(os.environ.get("BENCH_PUBLISHERS") or 1_000_000)
MINTS = 400
# So many projects trust one repository; all others trust one each.
TOGETHER = 100
OWNERS = 50_000
FIRST_ID = 100_000

# Rows are made of the one that ``mint.trust`` made. The number of a row is n; {columns} that are not named are copied.
PROJECTS = {
    "id": "template.id + n",
    "name": "'sample-' || n",
    "normalized_name": "'sample-' || n",
    "ultranormalized_name": "'sample' || n",
}
OWNER = f"'owner-' || CASE WHEN n <= {TOGETHER} THEN 0 ELSE n % {OWNERS} END"
REPOSITORY = f"'repository-' || CASE WHEN n <= {TOGETHER} THEN 0 ELSE n END"
REPOSITORY_ID = f"({FIRST_ID} + CASE WHEN n <= {TOGETHER} THEN 0 ELSE n END)::text"
PUBLISHERS = {
    "id": "template.id + n",
    "project_id": "template.project_id + n",
    "project_name": "'sample-' || n",
    "normalized_name": "'sample-' || n",
    "ultranormalized_name": "'sample' || n",
    "values": f"\"values\" || jsonb_build_object('owner', {OWNER}, 'repository', {REPOSITORY})",
    "pins": f"pins || jsonb_build_object('repository_id', {REPOSITORY_ID})",
    "identity": f"replace(replace(identity, 'octo-org', {OWNER}), 'sampleproject', {REPOSITORY})",
    "pinned_identity": f"replace(pinned_identity, '74', {REPOSITORY_ID})",
    "fingerprint": "encode(sha256(n::text::bytea), 'hex')",
}


def rows(folder: Path, first_port: int) -> Iterator[tuple[str, str]]:
    """Two registries, measured by turns: whatever else this machine does meanwhile slows both."""
    few = MeasuredRegistry(folder, first_port, "few")
    many = MeasuredRegistry(folder, first_port + 1, "many")
    if many.database != "PostgreSQL":
        yield f"mint with {MANY:,} publishers", "not measured: there is no PostgreSQL"
        return
    with LocalIssuer(few.authority) as issuer:
        try:
            for registry, count in ((few, FEW), (many, MANY)):
                registry.start()
                mint.trust(registry, issuer, few.ca_file)
                multiply(registry, count)
                mint.warm_up(registry, [token(registry, issuer, TOGETHER + 1 + n) for n in range(mint.WARM_UP)])
            yield from _compared(few, many, issuer)
        finally:
            few.stop()
            many.stop()


def multiply(registry: MeasuredRegistry, count: int) -> None:
    """Add rows until so many publishers stand, and let PostgreSQL look at them."""
    with psycopg.connect(registry.database_url, autocommit=True) as connection:
        for table, replaced in (("registry_project", PROJECTS), ("publishers_publisher", PUBLISHERS)):
            of = f"(SELECT * FROM {table} ORDER BY id LIMIT 1) AS template, generate_series(1, {count - 1}) AS n"
            copy_rows(connection, table, replaced, of)
            connection.execute(sql.SQL("VACUUM (ANALYZE) {}").format(sql.Identifier(table)))


def _compared(few: MeasuredRegistry, many: MeasuredRegistry, issuer: LocalIssuer) -> Iterator[tuple[str, str]]:
    taken: dict[int, list[float]] = {FEW: [], MANY: []}
    for _ in range(RUNS):
        for registry, count in ((few, FEW), (many, MANY)):
            numbers = random.sample(range(TOGETHER + 1, count), MINTS)
            tokens = [token(registry, issuer, number) for number in numbers]
            taken[count].append(mint.seconds_for_mints(registry, tokens, 1) / MINTS * 1000)
    medians = {count: statistics.median(times) for count, times in taken.items()}
    for count, middle in medians.items():
        yield f"mint with {count:,} publishers, another one each time, 1 connection", f"{middle:.2f} ms"
    yield f"mint with {MANY:,} publishers against {FEW:,}", f"{medians[MANY] / medians[FEW]:.2f} times"
    together = [
        mint.seconds_for_mints(many, [token(many, issuer, 0) for _ in range(MINTS // 4)], 1) / (MINTS // 4) * 1000
        for _ in range(RUNS)
    ]
    yield f"mint for a repository that {TOGETHER} projects trust", f"{statistics.median(together):.1f} ms"


def token(registry: MeasuredRegistry, issuer: LocalIssuer, number: int) -> str:
    owner = 0 if number == 0 else number % OWNERS
    claims = issuer.github_claims(
        owner=f"owner-{owner}", repository=f"repository-{number}", repository_id=str(FIRST_ID + number)
    )
    return issuer.sign(claims, aud=f"localhost:{registry.port}")
