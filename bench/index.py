"""The simple index of a project with 100 files: in full, and unchanged since it was read."""

from collections.abc import Iterator
from pathlib import Path

from bench import uploading, wheels
from bench.client import RUNS, connected, median, rate
from bench.registry import MeasuredRegistry
from bench.wheels import Wheel

FILES = 100
NAME = "hundred"
CONNECTIONS = 8
# As pip sends it; and as an installer that reads no JSON does.
PIP = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
HTML = "text/html"


def rows(registry: MeasuredRegistry) -> Iterator[tuple[str, str]]:
    """What was measured, and the figure."""
    token = uploading.api_token(registry)
    for wheel in hundred(registry.folder / "wheels"):
        uploading.upload(registry, token, wheel)
    for said, accept in (("JSON", PIP), ("HTML", HTML)):
        yield from measured(
            f"with {FILES} files, {said}", registry.port, f"/simple/{NAME}/", accept, str(registry.ca_file)
        )


def hundred(folder: Path) -> list[Wheel]:
    """Small wheels of one project, each of its own version."""
    return [wheels.build(folder, NAME, f"1.{number}") for number in range(FILES)]


def measured(what: str, port: int, path: str, accept: str, ca_file: str = "") -> Iterator[tuple[str, str]]:
    """How often in a second a page is answered in full and, if it has an ETag, as unchanged."""
    with connected(CONNECTIONS, port, ca_file) as opened:
        full = _request(path, f"Accept: {accept}")
        status, head, body = opened[0].ask(full)
        assert status == 200, body
        assert body.count(b".whl") >= FILES, body
        rates = [rate(opened, full) for _ in range(RUNS)]
        yield f"index page {what}, full, {CONNECTIONS} connections", median(rates)
        etag = next((line[5:].strip() for line in head.split(b"\r\n") if line.startswith(b"etag:")), b"").decode()
        if etag:
            # The head was read in lower case, and of an ETag only the W in front is a capital letter.
            unchanged = _request(path, f"Accept: {accept}", f"If-None-Match: {etag.replace('w/', 'W/', 1)}")
            rates = [rate(opened, unchanged, 304) for _ in range(RUNS)]
            yield f"index page {what}, unchanged, {CONNECTIONS} connections", median(rates)


def _request(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode()
