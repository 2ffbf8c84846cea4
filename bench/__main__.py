"""``make bench``: measure the production server on this machine, and print a table.

The client runs beside the server; where there are more than two cores the server has two of them.
BENCH_PUBLISHERS says how many publishers are many (1,000,000), BENCH_DATABASE_URL where PostgreSQL is. Arguments name
what is measured; two must be named: ``others`` (devpi-server and pypiserver, which are installed for it) and ``audit``,
which fills a database with BENCH_EXCHANGES exchanges (10,000,000: half an hour and 40 GB) and drops it at the end;
BENCH_KEEP=1 leaves it for the next run.
"""

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from bench import audit, index, many, mint, others, uploading
from bench.registry import CORES, MeasuredRegistry, resident_mib
from demo.issuer import LocalIssuer
from demo.registry import ROOT

FOLDER = ROOT / "var" / "bench"
FIRST_PORT = 8643
EVERYTHING = ("mint", "index", "upload", "many")
# The contract's figures of Warehouse: mints a second on 1 and 8 connections, where so many signatures are verified.
WAREHOUSE, WAREHOUSE_VERIFIES = {1: 48, 8: 90}, 73_000

Rows = Iterator[tuple[str, str]]


def main(wanted: list[str]) -> int:
    """Print one line for each figure."""
    print(_machine(), flush=True)
    print(f"{_openssl()}\n\n| what | measured |\n| --- | --- |", flush=True)
    for what, figure in _rows(set(wanted or EVERYTHING)):
        print(f"| {what} | {figure} |", flush=True)
    return 0


def _rows(wanted: set[str]) -> Rows:
    if wanted & {"mint", "index", "upload"}:
        yield from _of_one_registry(wanted)
    if "many" in wanted:
        yield from many.rows(FOLDER / "many", FIRST_PORT)
    if "audit" in wanted:
        yield from audit.rows(FOLDER / "audit", FIRST_PORT)
    if "others" in wanted:
        yield from others.rows(FOLDER / "others", FIRST_PORT)


def _of_one_registry(wanted: set[str]) -> Rows:
    registry = MeasuredRegistry(FOLDER, FIRST_PORT)
    try:
        registry.start()
        with LocalIssuer(registry.authority, audience=f"localhost:{registry.port}") as issuer:
            yield f"resident memory of an idle worker, {registry.database}", _memory(registry)
            mint.trust(registry, issuer, registry.ca_file)
            measured: dict[str, Callable[[], Rows]] = {
                "mint": lambda: mint.rows(registry, issuer),
                "index": lambda: index.rows(registry),
                "upload": lambda: uploading.rows(registry),
            }
            yield from chain.from_iterable(rows() for what, rows in measured.items() if what in wanted)
            yield "resident memory of a worker after all that", _memory(registry)
    finally:
        registry.stop()


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown CPU")
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores of {model}, {CORES} of them for the registry, Python {platform.python_version()}"


def _openssl() -> str:
    """How fast this machine is, and what Warehouse would reach on it if it were as much slower."""
    if shutil.which("openssl") is None:
        return "no openssl here to compare this machine with another"
    told = subprocess.run(["openssl", "speed", "-seconds", "3", "rsa2048"], capture_output=True, text=True, check=True)
    line = next(line for line in told.stdout.splitlines() if re.match(r"rsa\s+2048 bits", line))
    verifies = float(line.split()[-1])
    scaled = {count: rate * verifies / WAREHOUSE_VERIFIES for count, rate in WAREHOUSE.items()}
    return (
        f"{verifies:,.0f} RSA-2048 signatures verified in a second; Warehouse's mints would be "
        f"{scaled[1]:.0f}/s on 1 connection and {scaled[8]:.0f}/s on 8"
    )


def _memory(registry: MeasuredRegistry) -> str:
    return f"{max(map(resident_mib, registry.workers())):.0f} MiB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
