"""What ``manage.py prune`` deletes in a second, and what mints that go on meanwhile notice of it."""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from bench import many, mint
from bench.administrator import percentile
from bench.client import Connection, mint_request
from bench.registry import MeasuredRegistry
from demo.issuer import LocalIssuer
from demo.registry import ROOT

PER_SECOND, SECONDS = 50, 40
RETENTION = int(os.environ.get("EXCHANGE_RETENTION_DAYS") or 90)

Rows = Iterator[tuple[str, str]]


def rows(registry: MeasuredRegistry, issuer: LocalIssuer) -> Rows:
    """Half of what is old alone; the other half while a workload mints."""
    yield "prune, alone", _told(*_prune(registry, RETENTION + 5))
    mint.warm_up(registry, _tokens(registry, issuer, mint.WARM_UP))
    quiet = _mints(registry, _tokens(registry, issuer, PER_SECOND * SECONDS), threading.Event())
    over = threading.Event()
    tokens = _tokens(registry, issuer, PER_SECOND * SECONDS * 3)
    deleted: list[tuple[int, float]] = []

    def prune() -> None:
        deleted.append(_prune(registry, RETENTION))
        over.set()

    beside = threading.Thread(target=prune)
    beside.start()
    busy = _mints(registry, tokens, over)
    beside.join()
    yield f"prune, beside {PER_SECOND} mints a second", _told(*deleted[0])
    for label, times in (("alone", quiet), ("beside prune", busy)):
        figures = ", ".join(f"p{percent} {percentile(times, percent):.1f} ms" for percent in (50, 95, 99))
        yield f"{len(times):,} mints, {PER_SECOND} a second, {label}", figures


def _prune(registry: MeasuredRegistry, retention: int) -> tuple[int, float]:
    """How many rows went, and the seconds it took."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "manage.py", "prune"],
        cwd=ROOT,
        env={**registry.environment, "EXCHANGE_RETENTION_DAYS": str(retention)},
        check=True,
        capture_output=True,
        text=True,
    )
    return sum(map(int, re.findall(r"^(\d+) ", done.stdout, re.MULTILINE))), time.perf_counter() - began


def _told(deleted: int, seconds: float) -> str:
    return f"{deleted / seconds:,.0f} rows/s ({deleted:,} rows in {seconds:.0f} s)"


def _tokens(registry: MeasuredRegistry, issuer: LocalIssuer, count: int) -> list[str]:
    return [many.token(registry, issuer, many.TOGETHER + 1 + number % 800) for number in range(count)]


def _mints(registry: MeasuredRegistry, tokens: Sequence[str], over: threading.Event) -> list[float]:
    """Milliseconds from when each request was due, PER_SECOND of them, until its answer; until ``over``."""
    connection = Connection(registry.port, str(registry.ca_file))
    times, began = [], time.perf_counter()
    for number, text in enumerate(tokens):
        due = began + number / PER_SECOND
        time.sleep(max(0.0, due - time.perf_counter()))
        status, _, body = connection.ask(mint_request(text))
        assert status == 200, (status, body)
        times.append((time.perf_counter() - due) * 1000)
        if over.is_set():
            break
    connection.sock.close()
    return times
