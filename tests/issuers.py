"""A real issuer on this machine for tests, the row that trusts it, and ways in which it may misbehave.

Fixtures: import ``authority``, ``authority_file``, ``signing_key``, ``issuer`` and ``trusted`` into a conftest.
"""

import gzip
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import trustme

from demo.issuer import LocalIssuer, send
from demo.signing import SigningKey

Fault = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """The authority whose certificates local issuers show."""
    return trustme.CA()


@pytest.fixture(scope="session")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Its certificate, for ``Issuer.ca_file``."""
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    """An RSA key that issuers may share: making one takes a while."""
    return SigningKey.new()


@pytest.fixture
def issuer(authority: trustme.CA, signing_key: SigningKey) -> Iterator[LocalIssuer]:
    """A running issuer over HTTPS."""
    with LocalIssuer(authority, key=signing_key) as running:
        yield running


@pytest.fixture
def trusted(issuer: LocalIssuer, authority_file: str) -> Any:
    """The row that trusts the running issuer; nothing is known of its keys yet. Needs the database."""
    return trust(issuer, ca_file=authority_file)


def trust(issuer: LocalIssuer, **values: Any) -> Any:
    """A row of ``publishers.models.Issuer`` for a local issuer."""
    from publishers.models import Issuer

    return Issuer.objects.create(**{"url": issuer.url, "provider": "github", "name": "Local", **values})


def eventually(condition: Callable[[], Any], seconds: float = 30) -> None:
    """Wait until another thread has made ``condition`` true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.01)


def silent(issuer: LocalIssuer) -> Fault:
    """Says nothing until the issuer stops."""

    def fault(handler: BaseHTTPRequestHandler) -> None:
        issuer.stopping.wait(20)

    return fault


def dripping(issuer: LocalIssuer, before: bytes, drop: bytes) -> Fault:
    """Says ``before``, and then ``drop`` again and again, each long before a read would time out."""

    def fault(handler: BaseHTTPRequestHandler) -> None:
        handler.close_connection = True
        handler.wfile.write(before)
        for _ in range(400):
            if issuer.stopping.wait(0.05):
                return
            handler.wfile.write(drop)

    return fault


def answering(status: int, body: bytes = b"{}", **headers: str) -> Fault:
    """Answers with this status, body and headers (an underscore stands for a hyphen)."""
    return lambda handler: send(handler, status, body, **headers)


def bomb() -> Fault:
    """Answers with a small body that unpacks to 64 MiB."""
    packed = gzip.compress(b'"' + b" " * 64 * 1024 * 1024 + b'"')
    return answering(200, packed, Content_Encoding="gzip")


def file_of(folder: Path, text: str) -> str:
    """A file that holds ``text``."""
    path = folder / "file"
    path.write_text(text)
    return str(path)
