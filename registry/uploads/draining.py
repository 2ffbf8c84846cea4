"""Reading the body of an upload, and throwing away that of a refused one.

A client that is still sending does not listen, and over TLS an early answer is lost: so a refused body is read
to its end first, within bounds of size and time. That a client sends at all is the server's to see to
(``registry.serving.connection``): it ends the reading of a body that comes too slowly.
"""

import contextlib
import time

from django.conf import settings
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from registry.uploads.errors import TornUpload

PIECE = 16 * 1024
# What the fields of a form may take beside the file, with their separators.
FORM_ALLOWANCE = settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1024 * 1024
# Enough for MAX_FILE_SIZE's default on a slow line; a client that sends slower loses the answer, not a file.
DRAIN_SECONDS = 120


class Body:
    """What the request still has to give, read once and in order."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.is_chunked = "HTTP_TRANSFER_ENCODING" in request.META
        self.left = 0 if self.is_chunked else _length(request)

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; none at the end. Raises TornUpload if the client goes away before it."""
        if not self.left:
            return b""
        try:
            data: bytes = self._request.read(min(size, self.left))
        except UnreadablePostError as gone:
            raise TornUpload from gone
        if not data:
            raise TornUpload
        self.left -= len(data)
        return data

    def drain(self) -> None:
        """Read the rest and throw it away: at most a whole upload's worth of bytes, and not for ever."""
        bound, deadline = settings.MAX_FILE_SIZE + FORM_ALLOWANCE, time.monotonic() + DRAIN_SECONDS
        with contextlib.suppress(TornUpload):
            while bound > 0 and time.monotonic() < deadline:
                piece = self._read_anything(min(PIECE, bound))
                if not piece:
                    return
                bound -= len(piece)

    def _read_anything(self, size: int) -> bytes:
        """Also of a body without a length, where the server knows its end (Django does not read those)."""
        if not self.is_chunked:
            return self.read(size)
        if not self._request.META.get("wsgi.input_terminated"):
            return b""
        try:
            data: bytes = self._request.META["wsgi.input"].read(size)
        except Exception as broken:
            raise TornUpload from broken
        return data


def _length(request: HttpRequest) -> int:
    text = request.META.get("CONTENT_LENGTH") or "0"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
