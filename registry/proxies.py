"""Whose word about the client's address is believed."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

# What proxies add to a request that they pass on (RFC 7239, and the names before it).
FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_X_FORWARDED_HOST", "HTTP_VIA")


class TrustedProxyMiddleware:
    """Take X-Forwarded-For and X-Forwarded-Proto from the proxies of TRUSTED_PROXIES, and from nobody else.

    Afterwards ``REMOTE_ADDR`` is the client's address: the last one in the chain that is no trusted proxy.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Correct the request's address and scheme, then go on."""
        trusted = self._is_trusted(request.META.get("REMOTE_ADDR", ""))
        # For what goes by the address alone: whoever forwards it, this is not the client's.
        request.forwarded_by_stranger = not trusted and any(name in request.META for name in FORWARDED)  # type: ignore[attr-defined]
        if trusted:
            self._believe(request)
        request.META["REMOTE_ADDR"] = _plain(request.META.get("REMOTE_ADDR", ""))
        return self.get_response(request)

    def _believe(self, request: HttpRequest) -> None:
        hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
        for hop in reversed(hops):
            if not _is_address(hop):
                break
            request.META["REMOTE_ADDR"] = hop
            if not self._is_trusted(hop):
                break
        # HttpRequest.scheme reads it from here for WSGI requests.
        forwarded = request.META.get("HTTP_X_FORWARDED_PROTO", "").strip().lower()
        if forwarded in {"http", "https"}:
            request.environ["wsgi.url_scheme"] = forwarded  # type: ignore[attr-defined]

    def _is_trusted(self, address: str) -> bool:
        if not self.trusted or not _is_address(address):
            return False
        return any(ipaddress.ip_address(address) in network for network in self.trusted)


def _plain(address: str) -> str:
    """An address as databases take it: without an IPv6 zone, an IPv4-mapped one as IPv4; else empty."""
    bare = address.partition("%")[0]
    if not _is_address(bare):
        return ""
    mapped = getattr(ipaddress.ip_address(bare), "ipv4_mapped", None)
    return str(mapped or bare)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
