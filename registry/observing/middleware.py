"""Counts and times every request, and answers ``/metrics`` to those who may read it."""

import ipaddress
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from registry.observing import metrics

PATH = "/metrics"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MetricsMiddleware:
    """Stands below ``TrustedProxyMiddleware``, which says who asks."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.allowed = [ipaddress.ip_network(address, strict=False) for address in settings.METRICS_ALLOWED]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and count it under the name of its route: paths are as many as anybody likes."""
        if request.path_info == PATH:
            return self._metrics(request)
        began = time.perf_counter()
        response = self.get_response(request)
        route = _route(request)
        method = request.method if request.method in _METHODS else "other"
        metrics.requests.labels(method, route, str(response.status_code)).inc()
        metrics.request_seconds.labels(route).observe(time.perf_counter() - began)
        return response

    def _metrics(self, request: HttpRequest) -> HttpResponse:
        if not self._may_read(request):
            return _text(403, "This address may not read the metrics: METRICS_ALLOWED names those that may.\n")
        if request.method not in {"GET", "HEAD"}:
            return _text(405, "Use GET here.\n")
        return HttpResponse(metrics.exposed(), content_type=metrics.CONTENT_TYPE, headers={"Cache-Control": "no-store"})

    def _may_read(self, request: HttpRequest) -> bool:
        """A request that somebody forwards whom we do not trust comes from who knows where, not from his address."""
        if getattr(request, "forwarded_by_stranger", True):
            return False
        try:
            address = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
        except ValueError:
            return False
        return any(address in network for network in self.allowed)


def _route(request: HttpRequest) -> str:
    match = getattr(request, "resolver_match", None)
    return match.route if match is not None else "none"


def _text(status: int, sentence: str) -> HttpResponse:
    response = HttpResponse(sentence, status=status, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    if status == 405:
        response["Allow"] = "GET, HEAD"
    return response
