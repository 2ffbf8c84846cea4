"""The same index page from devpi-server and pypiserver, installed for that into an environment of their own.

Both speak plain HTTP here and have one process, as they come; this registry speaks TLS and has two.
"""

import base64
import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import index, uploading
from bench.registry import CORES
from demo.registry import next_free_port

PACKAGES = ("devpi-server", "pypiserver[cache]", "waitress")
START_SECONDS = 60
DEVPI_USER, DEVPI_INDEX = {"user": "bench", "password": "only-for-the-benchmark"}, "/bench/main"


def rows(folder: Path, first_port: int) -> Iterator[tuple[str, str]]:
    """What was measured, and the figure."""
    shutil.rmtree(folder, ignore_errors=True)
    programs = _installed(folder / "venv")
    wheels = folder / "wheels"
    index.hundred(wheels)
    yield from _pypiserver(programs, wheels, next_free_port(first_port))
    yield from _devpi(programs, folder / "devpi", wheels, next_free_port(first_port))


def _pypiserver(programs: Path, wheels: Path, port: int) -> Iterator[tuple[str, str]]:
    options = ["run", "-i", "127.0.0.1", "-p", str(port), "--disable-fallback", str(wheels)]
    with _running([str(programs / "pypi-server"), *options], port):
        yield from index.measured("of pypiserver, HTML", port, f"/simple/{index.NAME}/", index.HTML)


def _devpi(programs: Path, folder: Path, wheels: Path, port: int) -> Iterator[tuple[str, str]]:
    server = ["--serverdir", str(folder)]
    subprocess.run([programs / "devpi-init", *server, "--no-root-pypi"], check=True, capture_output=True)
    options = [*server, "--host", "127.0.0.1", "--port", str(port), "--offline-mode"]
    with _running([str(programs / "devpi-server"), *options], port):
        _asked(port, "PUT", "/bench", {"password": DEVPI_USER["password"]})
        token = _asked(port, "POST", "/+login", DEVPI_USER)["result"]["password"]
        signed_in = {"X-Devpi-Auth": base64.b64encode(f"bench:{token}".encode()).decode()}
        settings = {"type": "stage", "bases": [], "volatile": True}
        _asked(port, "PUT", DEVPI_INDEX, settings, signed_in)
        for wheel in index.hundred(wheels):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            uploading.send(connection, f"{DEVPI_INDEX}/", wheel, signed_in)
        address = f"{DEVPI_INDEX}/+simple/{index.NAME}/"
        yield from index.measured("of devpi-server, JSON", port, address, index.PIP)
        yield from index.measured("of devpi-server, HTML", port, address, index.HTML)


def _installed(folder: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    install = ["-m", "pip", "install", "-qq", "--disable-pip-version-check", *PACKAGES]
    subprocess.run([folder / "bin" / "python", *install], check=True)
    return folder / "bin"


def _asked(
    port: int, method: str, path: str, document: dict[str, Any], headers: dict[str, str] | None = None
) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    kind = {"Content-Type": "application/json", "Accept": "application/json"}
    connection.request(method, path, json.dumps(document), {**kind, **(headers or {})})
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    assert answer.status in {200, 201}, said
    return dict(json.loads(said))


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[None]:
    """A server on the cores that this registry would have, from its first answer on."""
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(mine)[:CORES]))
    try:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    finally:
        os.sched_setaffinity(0, mine)
    try:
        _wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"{process.args!r} did not start")
