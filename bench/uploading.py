"""Uploads: what they need of a worker's memory."""

import base64
import http.client
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

from bench import wheels
from bench.client import RUNS
from bench.registry import MeasuredRegistry, resident_mib
from bench.wheels import BOUNDARY, Wheel

MIB = 1024 * 1024
# Of the wheel's 100 MiB so much is left to its other members.
MARGIN = 64 * 1024


def rows(registry: MeasuredRegistry) -> Iterator[tuple[str, str]]:
    """What was measured, and the figure."""
    token = api_token(registry)
    upload(registry, token, wheels.build(registry.folder / "wheels", "small", "1.0"))
    grown, seconds = [], []
    for run in range(RUNS):
        wheel = wheels.build(registry.folder / "wheels", "large", f"1.{run}", 100 * MIB - MARGIN)
        before = {worker: _forget_peak(worker) for worker in registry.workers()}
        began = time.perf_counter()
        upload(registry, token, wheel)
        seconds.append(time.perf_counter() - began)
        grown.append(max(resident_mib(worker, "VmHWM") - held for worker, held in before.items()))
        wheel.path.unlink()
    yield (
        "upload of 100 MiB, growth of a worker's memory at its peak",
        f"{max(grown):.1f} MiB (the most of {RUNS} uploads, {min(seconds):.1f} to {max(seconds):.1f} s each)",
    )


def api_token(registry: MeasuredRegistry) -> str:
    """A token with which ``upload`` may do what alice may."""
    return registry.manage("create_token", "alice", "--scope", "upload").strip()


def upload(registry: MeasuredRegistry, token: str, wheel: Wheel) -> None:
    """Upload one wheel."""
    trusting = ssl.create_default_context(cafile=str(registry.ca_file))
    connection = http.client.HTTPSConnection("localhost", registry.port, timeout=120, context=trusting)
    credentials = base64.b64encode(f"__token__:{token}".encode()).decode()
    send(connection, "/legacy/", wheel, {"Authorization": f"Basic {credentials}"})


def send(connection: http.client.HTTPConnection, path: str, wheel: Wheel, headers: dict[str, str]) -> None:
    """Send the form of an upload, and close. Raises AssertionError unless it is taken."""
    length, pieces = wheel.body()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    try:
        connection.request(
            "POST", path, pieces, {**headers, "Content-Type": kind, "Content-Length": str(length)}, encode_chunked=False
        )
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, (answer.status, answer.reason, said)
    finally:
        connection.close()


def _forget_peak(process: int) -> float:
    """Start a new peak (``VmHWM``) at what the process holds now, which is returned, in MiB."""
    Path(f"/proc/{process}/clear_refs").write_text("5")
    return resident_mib(process)
