"""Fresh identity tokens exchanged at the production server: how many in a second, in how many statements."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.client import RUNS, connected, median, mint_request, seconds_for
from bench.registry import MeasuredRegistry, cpu_seconds
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
MINTS = 600
WARM_UP = 100

# Run in a process of its own, with the registry's settings: prints the statements of one granted mint.
COUNT = """
import sys
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
unlisted = connection.vendor == "postgresql" and "COMMIT" in statements and "BEGIN" not in statements
print(len(statements) + unlisted)
"""


def rows(registry: MeasuredRegistry, issuer: LocalIssuer) -> Iterator[tuple[str, str]]:
    """What was measured, and the figure."""
    warm_up(registry, [issuer.sign() for _ in range(WARM_UP)])
    for connections in (1, 8):
        rates, spent = [], []
        for _ in range(RUNS):
            tokens = [issuer.sign() for _ in range(MINTS)]
            before = _spent(registry)
            rates.append(MINTS / seconds_for_mints(registry, tokens, connections))
            spent.append([(now - then) * 1000 / MINTS for now, then in zip(_spent(registry), before, strict=True)])
        workers, backends = (sorted(each)[RUNS // 2] for each in zip(*spent, strict=True))
        plural = "s" if connections > 1 else ""
        yield f"mint, {registry.database}, 2 workers, {connections} connection{plural}", median(rates)
        yield "— CPU time of one", f"{workers:.1f} ms in the workers, {backends:.1f} ms in the database's processes"
    yield f"SQL statements per granted mint, {registry.database}", statements(registry, issuer)


def trust(registry: MeasuredRegistry, issuer: LocalIssuer, ca_file: Path) -> None:
    """Let a project of the registry trust a workflow at the issuer, whose certificate is of that authority."""
    file = registry.folder / "registry.toml"
    file.write_text(APPLY_FILE.format(issuer=issuer.url, ca_file=ca_file))
    registry.manage("apply", str(file))


def warm_up(registry: MeasuredRegistry, tokens: Sequence[str]) -> None:
    """Fetch the issuer's keys, and let every thread of every worker have seen a mint."""
    first, *others = tokens
    seconds_for_mints(registry, [first], 1)
    seconds_for_mints(registry, others, 8)


def seconds_for_mints(registry: MeasuredRegistry, tokens: Sequence[str], connections: int) -> float:
    """Seconds until all tokens, which were signed before, are exchanged."""
    with connected(connections, registry.port, str(registry.ca_file)) as opened:
        return seconds_for(opened, [mint_request(token) for token in tokens])


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


def _spent(registry: MeasuredRegistry) -> tuple[float, float]:
    return cpu_seconds(registry.workers()), cpu_seconds(registry.backends())
