"""A client that costs little beside the server that it measures: bytes over kept connections."""

import json
import socket
import ssl
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

RUNS = 3


class Connection:
    """A kept connection on which requests are sent one after the other; over TLS if there is a ``ca_file``."""

    def __init__(self, port: int, ca_file: str = "") -> None:
        self.port = port
        self.tls = ssl.create_default_context(cafile=ca_file) if ca_file else None
        self.sock = self._open()

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Send a request and wait for its answer: status, head in lower case, body."""
        self.sock.sendall(request)
        seen = b""
        while (end := seen.find(b"\r\n\r\n")) < 0:
            seen += self._more()
        status, head = int(seen.split(b" ", 2)[1]), seen[:end].lower()
        while not _is_whole(status, head, seen[end + 4 :]):
            seen += self._more()
        if b"\r\nconnection: close" in head:
            self.sock.close()
            self.sock = self._open()
        return status, head, seen[end + 4 :]

    def _open(self) -> socket.socket:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls.wrap_socket(plain, server_hostname="localhost") if self.tls else plain

    def _more(self) -> bytes:
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


def _is_whole(status: int, head: bytes, body: bytes) -> bool:
    if status == 304:
        return True
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(head.split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])


@contextmanager
def connected(count: int, port: int, ca_file: str = "") -> Iterator[list[Connection]]:
    """That many connections."""
    opened = [Connection(port, ca_file) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.sock.close()


def mint_request(token: str) -> bytes:
    """The bytes of a mint request, as uv sends it but for its User-Agent."""
    body = json.dumps({"token": token}).encode()
    head = (
        "POST /_/oidc/mint-token HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def seconds_for(connections: Sequence[Connection], requests: Sequence[bytes], status: int = 200) -> float:
    """How long all the requests take, spread over the connections. Raises AssertionError for another status."""

    def ask_all(number: int) -> None:
        for request in requests[number :: len(connections)]:
            answered, _, body = connections[number].ask(request)
            assert answered == status, body

    return _seconds_together(len(connections), ask_all)


def rate(connections: Sequence[Connection], request: bytes, status: int = 200, seconds: float = 3.0) -> float:
    """How often in a second the request is answered when all connections repeat it."""
    answered = [0] * len(connections)

    def repeat(number: int) -> None:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            assert connections[number].ask(request)[0] == status
            answered[number] += 1

    took = _seconds_together(len(connections), repeat)
    return sum(answered) / took


def median(rates: Sequence[float]) -> str:
    """The middle of some rates, and how far they lie apart."""
    return f"{statistics.median(rates):.0f}/s (median of {len(rates)} runs: {min(rates):.0f} to {max(rates):.0f})"


def _seconds_together(count: int, work: Callable[[int], None]) -> float:
    failed: list[BaseException] = []
    together = threading.Barrier(count + 1)

    def run(number: int) -> None:
        together.wait()
        try:
            work(number)
        except Exception as wrong:  # noqa: BLE001  told by the thread that waits
            failed.append(wrong)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    together.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if failed:
        raise failed[0]
    return took
