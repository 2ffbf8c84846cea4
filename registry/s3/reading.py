"""The bytes of a key as they come. A connection that breaks is taken up again where it broke."""

import errno
import logging
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError
from urllib3.exceptions import HTTPError

logger = logging.getLogger(__name__)

RESUMED = 2  # times at most
BROKEN = (BotoCoreError, HTTPError)


class Body:
    """What ``ask(start)`` answers, from its first byte to its last; ``start`` is how many were read before."""

    def __init__(self, ask: Callable[[int], Any]) -> None:
        self._ask = ask
        answer = ask(0)
        self._stream: Any = answer["Body"]
        self.size = int(answer["ContentLength"])
        self._read = 0
        self._tries = RESUMED

    def read(self, size: int) -> bytes:
        """At most ``size`` further bytes; empty at the end."""
        while True:
            try:
                chunk: bytes = self._stream.read(size)
            except BROKEN as broken:
                self._resume(broken)
            else:
                self._read += len(chunk)
                return chunk

    def close(self) -> None:
        """Let go of the connection."""
        self._stream.close()

    def _resume(self, broken: Exception) -> None:
        self.close()
        try:
            if not self._tries:
                raise broken
            self._tries -= 1
            self._stream = self._ask(self._read)["Body"]
        except (*BROKEN, OSError) as failed:
            logger.error("The bucket failed after %d of %d bytes: %s", self._read, self.size, failed)
            # The answer has begun: the connection is cut, so that the client sees that bytes are missing.
            raise ConnectionResetError(errno.ECONNRESET, "The bucket failed in the middle of a file") from failed
