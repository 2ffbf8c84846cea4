"""The server's own log lines, without anything that may be a secret."""

import sys
from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

# Address, method, path, status, bytes, milliseconds. No query string, no header.
ACCESS_LINE = '%(t)s %(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms'


class Log(Logger):  # type: ignore[misc]
    """gunicorn's log, which would quote a malformed header and a query string."""

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> dict[str, Any]:
        """What ACCESS_LINE names and no more; the path stays percent-encoded: it cannot hold a line break."""
        return {
            "t": self.now(),
            "h": environ.get("REMOTE_ADDR", "-"),
            "m": environ.get("REQUEST_METHOD", "-"),
            "U": _without_query(environ.get("RAW_URI", "-")),
            "s": str(resp.status).partition(" ")[0],
            "B": resp.sent,
            "M": int(request_time.total_seconds() * 1000),
        }

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
