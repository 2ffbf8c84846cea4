"""A connection that takes a thread only when its request has arrived."""

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

from gunicorn import http
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn

# How long a client may take over the handshake and the head of a request, and then over the body. Apache's
# mod_reqtimeout allows about as much: head 20 s; body 20 s and another second for each 500 bytes.
HEAD_SECONDS = 20.0
BODY_SECONDS = 20.0
BODY_BYTES_PER_SECOND = 500
# How long one write may wait for a client that does not read.
WRITE_SECONDS = 60.0
# After the last answer: how long a client may be silent before it closes, and how long it may go on sending a
# body that nobody wants. To close over such bytes would cut the answer off; nginx's lingering_close does the same.
SILENT_SECONDS = 2.0
LINGER_SECONDS = 120.0
# A head longer than this is refused. A body up to this size is waited for without a thread: an exchange's
# body is at most 64 KiB.
LARGEST_HEAD = 64 * 1024
LARGEST_WAITED_BODY = 64 * 1024

_END_OF_HEAD = b"\r\n\r\n"
_CONTENT_LENGTH = re.compile(rb"\r\nContent-Length:[ \t]*([0-9]{1,19})[ \t]*\r\n", re.IGNORECASE)
_TOO_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_EXPECTS = re.compile(rb"\r\nExpect:", re.IGNORECASE)


class Connection(TConn):  # type: ignore[misc]
    """gunicorn's connection, read without blocking until a request is there.

    ``advance`` says what it waits for; the worker calls it again when that has come.
    """

    def __init__(self, cfg: Any, sock: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, sock, client, server)
        self.buffer = bytearray()
        self.deadline = time.monotonic() + HEAD_SECONDS
        if cfg.is_ssl:
            self.sock = cfg.ssl_context(cfg, None).wrap_socket(
                sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=True
            )
        self._steps = self._arrive()

    def advance(self) -> type[Exception] | None:
        """Go on as far as possible. Gives what it waits for, or None when the request is there.

        SSLWantReadError stands for more bytes from the client, SSLWantWriteError for room to send.
        Raises OSError when the client has gone, StopIteration when it left between two requests.
        """
        return next(self._steps)

    def expect_another(self) -> None:
        """Wait for the next request on this connection."""
        self.sock.setblocking(False)
        # What the last body's reader found beyond its end belongs to the next request.
        self.buffer = bytearray(self.parser.unreader.take_buffered())
        self.deadline = time.monotonic() + self.cfg.keepalive
        self._steps = self._gather()

    def say_goodbye(self) -> None:
        """Say that no more answers come, and throw away what the client still sends until it closes."""
        self.sock.setblocking(False)
        self.deadline = time.monotonic() + SILENT_SECONDS
        # From here on an SSLSocket reads what came over the wire, as it is.
        self.sock.shutdown(socket.SHUT_WR)
        self._steps = self._linger()

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request has come."""
        return not self.buffer

    def init(self) -> None:
        """Set the limits for the thread that handles the request (gunicorn calls it there, before each)."""
        self.sock.settimeout(WRITE_SECONDS)

    def _arrive(self) -> Iterator[type[Exception] | None]:
        if isinstance(self.sock, ssl.SSLSocket):
            yield from self._shake_hands(self.sock)
        self.initialized = True
        self.parser = http.get_parser(self.cfg, self.sock, self.client)
        self.parser.unreader = PacedUnreader(self.sock)
        yield from self._gather()

    def _shake_hands(self, sock: ssl.SSLSocket) -> Iterator[type[Exception]]:
        while True:
            try:
                sock.do_handshake()
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as wants:
                yield type(wants)
            else:
                return

    def _gather(self) -> Iterator[type[Exception] | None]:
        while not _is_complete(self.buffer):
            try:
                data = self.sock.recv(LARGEST_HEAD)
            except (ssl.SSLWantReadError, BlockingIOError):
                yield ssl.SSLWantReadError
                continue
            except ssl.SSLWantWriteError:
                yield ssl.SSLWantWriteError
                continue
            if not data:
                return  # the client has closed
            if self.is_idle:
                self.deadline = time.monotonic() + HEAD_SECONDS
                data = data.lstrip(b"\r\n")  # RFC 9112 2.2: empty lines before a request are ignored
            self.buffer += data
            if _is_too_long(self.buffer):
                self.sock.send(_TOO_LONG)
                self.say_goodbye()
                yield from self._steps
                return
        self.parser.unreader.expect(bytes(self.buffer))
        self.buffer.clear()
        yield None

    def _linger(self) -> Iterator[type[Exception]]:
        last = time.monotonic() + LINGER_SECONDS
        while True:
            with contextlib.suppress(BlockingIOError):
                if not self.sock.recv(LARGEST_HEAD):
                    return
                self.deadline = min(last, time.monotonic() + SILENT_SECONDS)
            # One piece at a time, so that a fast sender leaves the others their turn.
            yield ssl.SSLWantReadError


class PacedUnreader(SocketUnreader):  # type: ignore[misc]
    """Reads a body, and gives up on a client that sends it too slowly."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.expect(b"")

    def expect(self, received: bytes) -> None:
        """Begin a request of which ``received`` is here already."""
        self.started, self.received = time.monotonic(), 0
        self.unread(received)

    def chunk(self, size_hint: int | None = None) -> bytes:
        """More of the body. Raises TimeoutError when it came slower than BODY_BYTES_PER_SECOND allows."""
        allowed = BODY_SECONDS + self.received / BODY_BYTES_PER_SECOND
        left = self.started + allowed - time.monotonic()
        if left <= 0:
            raise TimeoutError("the request's body came too slowly")
        before = self.sock.gettimeout()
        self.sock.settimeout(left if before is None else min(left, before, BODY_SECONDS))
        try:
            data: bytes = super().chunk(size_hint)
        finally:
            self.sock.settimeout(before)
        self.received += len(data)
        return data


def _is_complete(buffer: bytearray) -> bool:
    """Whether a thread can take over without waiting: the head is here, and a small body too.

    It needs no exact reading of the head: whoever confuses it only waits for their own deadline.
    """
    end = buffer.find(_END_OF_HEAD)
    if end < 0:
        return False
    head = bytes(buffer[: end + 4])
    length = _CONTENT_LENGTH.search(head)
    if length is None or _EXPECTS.search(head) or int(length[1]) > LARGEST_WAITED_BODY:
        return True
    return len(buffer) >= len(head) + int(length[1])


def _is_too_long(buffer: bytearray) -> bool:
    return len(buffer) > LARGEST_HEAD and _END_OF_HEAD not in buffer[: LARGEST_HEAD + len(_END_OF_HEAD)]
