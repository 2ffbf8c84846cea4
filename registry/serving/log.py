"""The server's own log lines, without anything that may be a secret."""

import logging
import sys
from datetime import timedelta
from typing import Any

from django.conf import settings
from gunicorn.glogging import Logger

from registry.observing.logs import ACCESS, JsonFormatter

# What an answer's line says: no query string, no header.
_ACCESS_LINE = '%s "%s %s" %s %s bytes %s ms'


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log, which would quote a malformed header and a query string."""

    def setup(self, cfg: Any) -> None:
        """Write lines as everything else here does."""
        super().setup(cfg)
        formatter = logging.Formatter("{asctime} {message}", style="{") if settings.DEBUG else JsonFormatter()
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(formatter)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """One line for each answer; the path stays percent-encoded: it cannot hold a line break."""
        said = {
            "address": environ.get("REMOTE_ADDR", "-"),
            "method": environ.get("REQUEST_METHOD", "-"),
            "path": _without_query(environ.get("RAW_URI", "-")),
            "status": int(str(resp.status).partition(" ")[0]),
            "bytes": resp.sent,
            "milliseconds": int(request_time.total_seconds() * 1000),
        }
        given = next((value for name, value in resp.headers if name.lower() == "x-request-id"), "")
        self.access_log.info(_ACCESS_LINE, *said.values(), extra={ACCESS: {**said, "request_id": given}})

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """Warn. Of a request that could not be parsed only the address is told: the rest may be a credential."""
        told = msg.partition(": ")[0] if msg.startswith("Invalid request from") else msg
        super().warning(told, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        """An error with its traceback; a client that was too slow or has gone is none."""
        if isinstance(sys.exc_info()[1], TimeoutError):
            self.info("A client was too slow.")
            return
        super().exception(msg, *[_without_query(arg) for arg in args], **kwargs)


def _without_query(uri: Any) -> Any:
    return uri.partition("?")[0] if isinstance(uri, str) else uri
