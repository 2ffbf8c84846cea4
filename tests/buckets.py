"""An S3 server as a process of its own, and a line to it that can be cut."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from registry.s3.connecting import connection
from tests.environment import FOLDER
from tests.server import START_SECONDS, free_port

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class BucketServer:
    """moto's S3 server. ``url`` is the endpoint_url."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._buckets = 0

    def start(self) -> "BucketServer":
        """Start it, and wait until it answers."""
        with (FOLDER / f"buckets-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            time.sleep(0.05)
        raise RuntimeError("the S3 server did not start")

    def stop(self) -> None:
        """End it at once."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def client(self) -> "S3Client":
        """For looking at what lies there."""
        return connection(self.url, None)

    def make_bucket(self) -> str:
        """A new bucket's name."""
        self._buckets += 1
        name = f"files-{os.getpid()}-{self._buckets}"
        self.client.create_bucket(Bucket=name)
        return name

    def keys(self, bucket: str) -> list[str]:
        """What lies in a bucket."""
        return [entry["Key"] for entry in self.client.list_objects_v2(Bucket=bucket).get("Contents", [])]


class Line:
    """A TCP line to a server. ``cut`` has the next connections break after so many bytes of the server's answers."""

    def __init__(self, port: int) -> None:
        self.target = port
        self.passed = 0  # bytes that came from the server
        self._cuts: list[int] = []
        self._held = False
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *after: int) -> None:
        """Break one connection for each number; those that come later hold."""
        self._cuts += after

    def hold(self) -> None:
        """From now on pass nothing to the server."""
        self._held = True

    def break_all(self) -> None:
        """Break the connections that are open."""
        while self._open:
            _hang_up(self._open.pop())

    def close(self) -> None:
        """Break all connections, and take no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.break_all()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                self._open += [client, server]
                left = self._cuts.pop(0) if self._cuts else None
                threading.Thread(target=self._forth, args=(client, server), daemon=True).start()
                threading.Thread(target=self._back, args=(server, client, left), daemon=True).start()

    def _forth(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if not self._held:
                    server.sendall(data)
        _hang_up(server)

    def _back(self, server: socket.socket, client: socket.socket, left: int | None) -> None:
        with suppress(OSError):
            while data := server.recv(65536 if left is None else max(1, min(left, 65536))):
                self.passed += len(data)
                client.sendall(data)
                left = None if left is None else left - len(data)
                if left == 0:
                    break
        _hang_up(client)
        server.close()


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
