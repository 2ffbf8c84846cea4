"""When a thread takes a request over, and how long it then waits for the body."""

import socket
from collections.abc import Iterator

import pytest

from registry.serving import connection
from registry.serving.connection import PacedUnreader, _is_complete

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    ("received", "complete"),
    [
        (b"", False),
        (b"GET / HTTP/1.1\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n", False),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", True),
        (HEAD + b"Content-Length: 3\r\n\r\nab", False),
        (HEAD + b"Content-Length: 3\r\n\r\nabc", True),
        (HEAD + b"content-length:3\r\n\r\nab", False),
        (HEAD + b"CONTENT-LENGTH:\t3 \r\n\r\nab", False),
        (HEAD + b"Content-Length: 0\r\n\r\n", True),
        # A client that waits to be asked for its body.
        (HEAD + b"Content-Length: 3\r\nExpect: 100-continue\r\n\r\n", True),
        # Too large to be kept in memory, or of unknown length: the thread reads it.
        (HEAD + b"Content-Length: 65537\r\n\r\n", True),
        (HEAD + b"Content-Length: 65536\r\n\r\n", False),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", True),
        # Left to gunicorn's parser to refuse.
        (HEAD + b"Content-Length: -3\r\n\r\n", True),
        (HEAD + b"Content-Length: 3, 3\r\n\r\n", True),
    ],
)
def test_a_thread_takes_over_what_is_complete(received: bytes, complete: bool):
    assert _is_complete(bytearray(received)) is complete


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, PacedUnreader]]:
    """A client, and the reader of what it sends, which has little patience."""
    monkeypatch.setattr(connection, "BODY_SECONDS", 0.3)
    client, served = socket.socketpair()
    with client, served:
        yield client, PacedUnreader(served)


def test_a_body_that_never_comes_is_given_up(pair: tuple[socket.socket, PacedUnreader]):
    with pytest.raises(TimeoutError):
        pair[1].read(10)


def test_a_body_that_comes_too_slowly_is_given_up(pair: tuple[socket.socket, PacedUnreader]):
    client, reader = pair
    reader.started -= 0.3 + 10 / connection.BODY_BYTES_PER_SECOND
    reader.received = 9
    client.sendall(b"x")
    with pytest.raises(TimeoutError):
        reader.read(1)


def test_a_body_that_comes_fast_enough_may_take_long(pair: tuple[socket.socket, PacedUnreader]):
    client, reader = pair
    reader.started -= 3600
    reader.received = 3700 * connection.BODY_BYTES_PER_SECOND
    client.sendall(b"x")
    assert reader.read(1) == b"x"


def test_what_came_with_the_head_is_read_first(pair: tuple[socket.socket, PacedUnreader]):
    client, reader = pair
    reader.expect(b"head and ")
    client.sendall(b"body")
    assert reader.read(13) == b"head and body"
