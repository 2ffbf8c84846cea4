"""``make bench``: measure the production server on this machine, and print a table.

The client runs on the same cores as the server, so what a server alone would reach is more.
"""

import os
import platform
import sys
from itertools import chain
from pathlib import Path

from bench import mint
from bench.registry import MeasuredRegistry
from demo.issuer import LocalIssuer
from demo.registry import ROOT

FIRST_PORT = 8643


def main() -> int:
    """Print one line for each figure."""
    registry = MeasuredRegistry(ROOT / "var" / "bench", FIRST_PORT)
    print(f"{_machine()}, {registry.database}\n", flush=True)
    try:
        registry.start()
        with LocalIssuer(registry.authority, audience=f"localhost:{registry.port}") as issuer:
            for what, figure in chain(mint.rows(registry, issuer), _memory(registry)):
                print(f"| {what} | {figure} |", flush=True)
    finally:
        registry.stop()
    return 0


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    return f"{len(os.sched_getaffinity(0))} cores of {model}, Python {platform.python_version()}"


def _memory(registry: MeasuredRegistry) -> list[tuple[str, str]]:
    """What the workers hold after all that was measured before."""
    assert registry.process is not None
    children = Path(f"/proc/{registry.process.pid}/task/{registry.process.pid}/children")
    if not children.exists():
        return []
    resident = [_resident_mib(int(worker)) for worker in children.read_text().split()]
    return [("resident memory of a worker after that", f"{max(resident):.0f} MiB")]


def _resident_mib(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))


if __name__ == "__main__":
    sys.exit(main())
