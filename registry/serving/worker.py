"""gunicorn's threaded worker, with clients kept waiting in the poller instead of in a thread.

gunicorn's own gives a thread to each connection from the handshake on, so that a few silent clients stop all
others, and it waits in its main loop for each closing connection's last bytes.
"""

import selectors
import signal
import ssl
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from registry.serving.connection import Connection

# How long a thread reads what is left of a body, to keep the connection.
DRAIN_SECONDS = 0.1

_EVENTS: dict[type[Exception], int] = {
    ssl.SSLWantReadError: selectors.EVENT_READ,
    ssl.SSLWantWriteError: selectors.EVENT_WRITE,
}


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """Waits for handshakes, heads, small bodies and last bytes without a thread, each for a limited time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting: set[Connection] = set()
        self.swept_at = 0.0

    def init_signals(self) -> None:
        """Leave Ctrl-C, which the terminal sends to every process, to the arbiter."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # The arbiter blocked it for the fork: until here its own handler, which we inherit, would have lost it.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001  gunicorn's signature
        """Begin or cease to accept; when stopping, for good: a listener left open would take clients to nowhere."""
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                while self.accept(listener):
                    pass
                listener.close()

    def accept(self, listener: Any) -> bool:
        """Take a connection and read what there is of its first request; False if there was none."""
        try:
            sock, client = listener.accept()
        except OSError:
            return False  # another worker was faster, the client has gone, or too many files are open
        try:
            conn = Connection(self.cfg, sock, client, listener.getsockname())
        except OSError:
            sock.close()
            return True
        self.nr_conns += 1
        self.cap(conn)
        self.advance(conn)
        return True

    def advance(self, conn: Connection) -> None:
        """Let a connection go on: wait for what it needs, hand its request to a thread, or drop it."""
        try:
            wants = conn.advance()
        except (StopIteration, OSError):
            self.drop(conn)
            return
        if wants is None:
            self.enqueue_req(conn)
            return
        self.waiting.add(conn)
        self.poller.register(conn.sock, _EVENTS[wants], partial(self.resume, conn))

    def resume(self, conn: Connection, _sock: Any) -> None:
        """What a connection waited for has come."""
        self.stop_waiting(conn)
        self.advance(conn)

    def finish_request(self, conn: Connection, done: "Future[bool]") -> None:
        """A thread has answered: wait for the next request, or say goodbye."""
        try:
            if not done.cancelled() and done.exception() is None and done.result():
                conn.expect_another()
                self.cap(conn)
            else:
                conn.say_goodbye()
        except (OSError, ValueError):
            self.drop(conn)
            return
        self.advance(conn)

    def _keepalive_after(self, conn: Connection, keepalive: bool) -> bool:  # noqa: FBT001  gunicorn's signature
        """Whether to keep the connection: a body that nobody read is not waited for."""
        return keepalive and bool(conn.parser.finish_body(deadline=time.monotonic() + DRAIN_SECONDS))

    def stop_waiting(self, conn: Connection) -> None:
        """Take a connection out of the poller."""
        self.waiting.discard(conn)
        self.poller.unregister(conn.sock)

    def drop(self, conn: Connection) -> None:
        """Close a connection that is not in the poller."""
        self.nr_conns -= 1
        conn.close()

    def cap(self, conn: Connection) -> None:
        """While stopping, a connection without a request is kept only for one that may be on its way."""
        if not self.alive and conn.is_idle:
            conn.deadline = min(conn.deadline, time.monotonic() + STOP_KEEPALIVE_LINGER)

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001  gunicorn's signature
        """Close what waited too long, looking once a second; all of it when forced."""
        now = time.monotonic()
        if now < self.swept_at + 1 and not force:
            return
        self.swept_at = now
        for conn in [conn for conn in self.waiting if force or conn.deadline <= now]:
            self.stop_waiting(conn)
            self.drop(conn)

    def murder_pending(self) -> None:
        """Nothing: ``murder_keepalived`` looks after all that waits."""

    def _cap_keepalive(self, deadline: float) -> None:
        for conn in self.waiting:
            self.cap(conn)
