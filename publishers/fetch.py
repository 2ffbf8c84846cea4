"""Gets JSON from another server, trusting it with nothing: the only file that imports requests.

What requests does not promise is made up for here: its timeout is per read, so a server that drips a byte now
and then would hold a worker for ever; it follows redirects, and takes proxies and passwords from the
environment.
"""

import http.client
import ipaddress
import re
import socket
import ssl
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from registry import strictjson

MAX_BYTES = 256 * 1024
SECONDS = 3.0

# Nothing that two readers of addresses could understand differently: no user, no backslash, no escaped host.
_ADDRESS = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][\x21-\x7e]*)?")
_FAILURES = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    OSError,
    ValueError,
)


@dataclass(frozen=True)
class Answer:
    """An answer that is no redirect. ``document`` is None if the status is not 200 and the body no JSON."""

    status: int
    document: Any


class FetchFailed(Exception):
    """Nothing usable came back. The message is a sentence for administrators, with no secret in it."""


def get_json(
    url: str,
    *,
    bearer: str | None = None,
    ca_file: str = "",
    allow_http_loopback: bool = False,
    seconds: float = SECONDS,
) -> Answer:
    """GET ``url`` over HTTPS: at most 256 KiB, unpacked, within ``seconds`` by the clock, DNS included.

    No redirect is followed; proxies, passwords and certificate bundles named in the environment are not used.
    ``ca_file`` (PEM) is trusted instead of the public authorities. Raises FetchFailed.
    """
    _check_address(url, allow_http_loopback)
    if ca_file and not Path(ca_file).is_file():
        raise FetchFailed(f"The CA file {ca_file} cannot be read.")
    if seconds <= 0:
        raise FetchFailed(f"No time was left for {_shown(url)}.")
    line, outcome = _Line(), Future[Answer]()
    # A name server or a dripping peer cannot be interrupted, only left behind.
    threading.Thread(
        target=_run, args=(outcome, line, url, bearer, ca_file, seconds), name="fetch", daemon=True
    ).start()
    try:
        return outcome.result(timeout=seconds)
    except TimeoutError:
        raise FetchFailed(f"{_shown(url)} did not answer within the time allowed.") from None
    finally:
        line.cut()


class _Line:
    """The connections of one fetch, which can be cut whatever its thread is reading at the moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_cut = False
        self._twins: list[socket.socket] = []

    def hold(self, connection: socket.socket) -> None:
        """Remember a connection; by a second descriptor, because TLS takes the first one over."""
        with self._lock:
            if not self._is_cut:
                self._twins.append(connection.dup())
                return
        connection.close()
        raise TimeoutError("The connection came when the time was up")

    def cut(self) -> None:
        """Shut every connection, and let no other come."""
        with self._lock:
            self._is_cut = True
            twins, self._twins = self._twins, []
        for twin in twins:
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)
            twin.close()


# The line of the fetch that runs in this thread.
_current = threading.local()


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _current.line.hold(connection)
        return connection


class _TLSConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        connection = super()._new_conn()
        _current.line.hold(connection)
        return connection


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def _run(outcome: "Future[Answer]", line: _Line, url: str, bearer: str | None, ca_file: str, seconds: float) -> None:
    _current.line = line
    try:
        outcome.set_result(_get(url, bearer, ca_file, seconds))
    except FetchFailed as failure:
        outcome.set_exception(failure)
    except _FAILURES as failure:
        # Not chained: what these say may repeat a header, and with it the bearer's secret.
        outcome.set_exception(FetchFailed(f"{_shown(url)} {_why(failure)}."))


def _get(url: str, bearer: str | None, ca_file: str, seconds: float) -> Answer:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Gatehouse"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    with requests.Session() as session:
        session.trust_env = False
        session.mount("https://", _Adapter())
        session.mount("http://", _Adapter())
        with session.get(
            url, headers=headers, verify=ca_file or True, timeout=seconds, stream=True, allow_redirects=False
        ) as response:
            if 300 <= response.status_code < 400:
                raise FetchFailed(f"{_shown(url)} redirects, and redirects are not followed.")
            return Answer(response.status_code, _document(url, response.status_code, _body(url, response)))


def _body(url: str, response: requests.Response) -> bytes:
    body = bytearray()
    for piece in response.iter_content(16 * 1024):
        body += piece
        if len(body) > MAX_BYTES:
            raise FetchFailed(f"{_shown(url)} answered with more than {MAX_BYTES // 1024} KiB.")
    return bytes(body)


def _document(url: str, status: int, body: bytes) -> Any:
    try:
        return strictjson.parse(body)
    except strictjson.NotStrict as wrong:
        if status != 200:
            return None
        raise FetchFailed(f"{_shown(url)} answered with a document that is not taken: {wrong}.") from None


def _check_address(url: str, allow_http_loopback: bool) -> None:  # noqa: FBT001
    if not _ADDRESS.fullmatch(url):
        raise FetchFailed(f"{_shown(url)} is not an address that can be fetched.")
    parts = urlsplit(url)
    if parts.scheme == "http" and not (allow_http_loopback and _is_loopback(parts.hostname or "")):
        raise FetchFailed(f"{_shown(url)} is not an https address.")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _why(failure: BaseException) -> str:
    """What went wrong, in words of our own."""
    if isinstance(failure, requests.exceptions.SSLError):
        certificate = _certificate_error(failure)
        return f"could not be trusted over TLS: {certificate.verify_message}" if certificate else "failed to speak TLS"
    if isinstance(failure, requests.Timeout):
        return "did not answer within the time allowed"
    if isinstance(failure, requests.ConnectionError):
        return "cannot be reached"
    return "did not answer as HTTP asks"


def _certificate_error(failure: BaseException | None) -> ssl.SSLCertVerificationError | None:
    while failure is not None and not isinstance(failure, ssl.SSLCertVerificationError):
        failure = failure.__cause__ or failure.__context__
    return failure


def _shown(url: str) -> str:
    """An address for a sentence; another server may have made it up."""
    return re.sub(r"[^\x20-\x7e]", "?", url[:200])
