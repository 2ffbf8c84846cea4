"""A client that costs little beside the server that it measures: bytes over kept TLS connections."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Sequence


class Connection:
    """A kept connection on which requests are sent one after the other."""

    def __init__(self, port: int, ca_file: str) -> None:
        trusting = ssl.create_default_context(cafile=ca_file)
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = trusting.wrap_socket(plain, server_hostname="localhost")

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and wait for its answer: status and body."""
        self.sock.sendall(request)
        seen = b""
        while (end := seen.find(b"\r\n\r\n")) < 0:
            seen += self._more()
        length = int(seen[:end].lower().split(b"\r\ncontent-length:")[1].split(b"\r\n")[0])
        while len(seen) < end + 4 + length:
            seen += self._more()
        return int(seen.split(b" ", 2)[1]), seen[end + 4 :]

    def _more(self) -> bytes:
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data


def mint_request(token: str) -> bytes:
    """The bytes of a mint request, as uv sends it but for its User-Agent."""
    body = json.dumps({"token": token}).encode()
    head = (
        "POST /_/oidc/mint-token HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def seconds_for(connections: Sequence[Connection], requests: Sequence[bytes]) -> float:
    """How long all the requests take, spread over the connections. Raises AssertionError if one is not granted."""
    failed: list[object] = []
    together = threading.Barrier(len(connections) + 1)

    def work(number: int) -> None:
        together.wait()
        try:
            for request in requests[number :: len(connections)]:
                status, body = connections[number].ask(request)
                assert status == 200, body
        except Exception as wrong:  # noqa: BLE001  told by the thread that waits
            failed.append(wrong)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(connections))]
    for thread in threads:
        thread.start()
    together.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    assert not failed, failed[0]
    return time.perf_counter() - began
