"""Whose word about the client's address is believed."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from registry.proxies import TrustedProxyMiddleware


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "expected"),
    [
        ([], "10.0.0.1", "203.0.113.9", "10.0.0.1"),
        (["10.0.0.1"], "10.0.0.1", "203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "10.9.9.9", "203.0.113.9, 10.1.1.1", "203.0.113.9"),
        (["10.0.0.0/8"], "10.9.9.9", "1.2.3.4, 203.0.113.9", "203.0.113.9"),
        (["10.0.0.0/8"], "192.0.2.1", "203.0.113.9", "192.0.2.1"),
        (["10.0.0.0/8"], "10.9.9.9", "nonsense", "10.9.9.9"),
        (["10.0.0.0/8"], "10.9.9.9", "", "10.9.9.9"),
        (["::1"], "::1", "2001:db8::7", "2001:db8::7"),
        (["10.0.0.1"], "", "203.0.113.9", ""),
        ([], "fe80::1%eth0", "", "fe80::1"),
        ([], "::ffff:192.0.2.1", "", "192.0.2.1"),
        ([], "a socket", "", ""),
    ],
)
def test_the_clients_address(settings, trusted, peer, forwarded, expected):
    settings.TRUSTED_PROXIES = trusted
    seen: dict[str, str] = {}

    def view(request):
        seen.update(address=request.META["REMOTE_ADDR"])
        return HttpResponse()

    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)
    TrustedProxyMiddleware(view)(request)
    assert seen["address"] == expected


@pytest.mark.parametrize(("trusted", "scheme"), [([], "http"), (["127.0.0.1"], "https")])
def test_the_scheme_is_believed_of_trusted_proxies_only(settings, trusted, scheme):
    settings.TRUSTED_PROXIES = trusted
    request = RequestFactory().get("/", HTTP_X_FORWARDED_PROTO="https")
    TrustedProxyMiddleware(lambda _request: HttpResponse())(request)
    assert request.scheme == scheme
