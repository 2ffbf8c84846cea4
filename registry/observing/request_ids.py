"""One id for each request: in its answer (``X-Request-ID``), in every log line that it causes, and on error pages."""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_current: ContextVar[str] = ContextVar("request_id", default="")
# What may be given. It is repeated in a header and in log lines, so no underscore: every token of ours has two.
_GIVEN = re.compile(r"[A-Za-z0-9.-]{8,64}")


def current() -> str:
    """The id of the request that this thread answers; empty outside of one."""
    return _current.get()


class RequestIdMiddleware:
    """Give each request an id; the one of ``X-Request-ID`` where whoever sent it, such as a proxy, has given it one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say the id."""
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        mark = _current.set(given if _GIVEN.fullmatch(given) else uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response.headers.setdefault(HEADER, current())
            return response
        finally:
            _current.reset(mark)
