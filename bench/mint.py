"""Fresh identity tokens exchanged at the production server: how many in a second, in how many statements."""

import statistics
import subprocess
import sys
from collections.abc import Iterator

from bench.client import Connection, mint_request, seconds_for
from bench.registry import MeasuredRegistry
from demo.issuer import LocalIssuer
from demo.registry import ROOT

APPLY_FILE = """
[[issuer]]
url = "{issuer}"
provider = "github"
ca_file = "{ca_file}"

[[user]]
username = "alice"
email = "alice@example.com"

[[project]]
name = "sampleproject"
owners = ["alice"]

[[project.publisher]]
provider = "github"
issuer = "{issuer}"
owner = "octo-org"
repository = "sampleproject"
workflow_filename = "release.yml"
repository_owner_id = "65"
repository_id = "74"
"""
RUNS = 3
MINTS = 600
WARM_UP = 50

# Run in a process of its own, with the registry's settings: prints the statements of one granted mint.
COUNT = """
import json, sys
import django
django.setup()
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
client = Client(SERVER_NAME="localhost")
for token in sys.stdin.read().split():
    with CaptureQueriesContext(connection) as captured:
        answer = client.post("/_/oidc/mint-token", {"token": token}, content_type="application/json", secure=True)
    assert answer.status_code == 200, answer.content
statements = [query["sql"] for query in captured]
# psycopg sends BEGIN by itself, and Django does not list it.
unlisted = connection.vendor == "postgresql" and "BEGIN" not in statements
print(len(statements) + unlisted)
"""


def rows(registry: MeasuredRegistry, issuer: LocalIssuer) -> Iterator[tuple[str, str]]:
    """What was measured, and the figure."""
    _trust(registry, issuer)
    mints(registry, issuer, connections=1, count=1)  # fetches the issuer's keys
    mints(registry, issuer, connections=8, count=WARM_UP)
    for connections in (1, 8):
        rates = [MINTS / mints(registry, issuer, connections, MINTS) for _ in range(RUNS)]
        each = f"median of {RUNS} runs of {MINTS}; {min(rates):.0f} to {max(rates):.0f}"
        plural = "s" if connections > 1 else ""
        yield (
            f"mint, {registry.database}, 2 workers, {connections} connection{plural}",
            f"{statistics.median(rates):.0f}/s ({each})",
        )
    yield f"SQL statements per granted mint, {registry.database}", statements(registry, issuer)


def mints(registry: MeasuredRegistry, issuer: LocalIssuer, connections: int, count: int) -> float:
    """Seconds for that many mints, each of a fresh token that was signed before."""
    requests = [mint_request(issuer.sign()) for _ in range(count)]
    opened = [Connection(registry.port, str(registry.ca_file)) for _ in range(connections)]
    try:
        return seconds_for(opened, requests)
    finally:
        for connection in opened:
            connection.sock.close()


def statements(registry: MeasuredRegistry, issuer: LocalIssuer) -> str:
    """How many one mint of a known publisher takes, transaction control included."""
    counted = subprocess.run(
        [sys.executable, "-c", COUNT],
        input=f"{issuer.sign()}\n{issuer.sign()}",
        cwd=ROOT,
        env={**registry.environment, "DJANGO_SETTINGS_MODULE": "registry.settings"},
        check=True,
        capture_output=True,
        text=True,
    )
    return counted.stdout.strip()


def _trust(registry: MeasuredRegistry, issuer: LocalIssuer) -> None:
    file = registry.folder / "registry.toml"
    file.write_text(APPLY_FILE.format(issuer=issuer.url, ca_file=registry.ca_file))
    registry.manage("apply", str(file))
