"""The exchange is answered before sessions are looked for; what all answers have, its answers have too."""

import pytest
from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation, TooManyFieldsSent
from django.http import HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.security import SecurityMiddleware
from django.test import Client, RequestFactory
from django.urls import resolve

from tests.tokens.test_exchange import MINT, mint
from tokens import urls
from tokens.middleware import ExchangeMiddleware
from tokens.models import Exchange
from tokens.negotiation import JSON, PROBLEM, PYTP

ADDRESSES = [f"/{address.pattern}" for address in urls.urlpatterns]
OF_ALL = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY"}


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT"])
def test_every_answer_has_the_headers_of_all(client, db, address, method):
    answer = client.generic(method, address, b"{}")
    assert {name: answer[name] for name in OF_ALL} == OF_ALL
    assert answer["Cache-Control"] == "no-store"
    assert method == "HEAD" or answer["Content-Length"] == str(len(answer.content))
    assert not answer.cookies


def test_a_granted_answer_says_its_length(client, world):
    answer = mint(client, world.token())
    assert answer["Content-Length"] == str(len(answer.content))


def test_head_has_the_headers_of_get_and_no_body(client):
    same = {"X-Request-ID": "the-same-id"}
    got, asked = (ask("/_/oidc/audience", headers=same) for ask in (client.get, client.head))
    assert asked.content == b""
    assert asked.headers == got.headers


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("host", ["elsewhere.example", "not a host", "x_y:zz"])
def test_another_host_is_refused_in_the_words_of_the_exchange(client, address, method, host):
    answer = client.generic(method, address, b"{}", headers={"host": host, "accept": "*/*"})
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (400, JSON, "no-store")
    sentence = "The request names a host that is not this registry's."
    assert answer.json() == {
        "message": "Bad request",
        "errors": [{"code": "invalid-request", "description": sentence}],
    }


@pytest.mark.parametrize(
    ("accept", "media"), [("", PROBLEM), (PYTP, PROBLEM), ("application/json", JSON), ("text/html", PROBLEM)]
)
def test_it_is_refused_in_the_type_that_is_accepted(client, accept, media):
    answer = client.post(MINT, b"{}", content_type=JSON, headers={"host": "elsewhere.example", "accept": accept})
    assert (answer.status_code, answer["Content-Type"]) == (400, media)
    assert answer.json()["errors"][0]["code"] == "invalid-request"


@pytest.mark.parametrize("failure", [BadRequest, SuspiciousOperation, TooManyFieldsSent, MultiPartParserError])
def test_what_django_refuses_on_the_way_is_refused_alike(client, monkeypatch, failure):
    def refuse(_self, _request):
        raise failure("why")

    monkeypatch.setattr(SecurityMiddleware, "process_request", refuse)
    answer = client.post(MINT, b"{}", content_type=JSON, headers={"accept": "*/*"})
    assert (answer.status_code, answer["Cache-Control"]) == (400, "no-store")
    assert answer.json()["errors"][0]["code"] == "invalid-request"


@pytest.mark.parametrize(
    "address", ["/_/oidc/", "/_/oidc/mint-token/", "/_/oidc/nothing", "/.well-known/other", "//_/oidc/check"]
)
def test_what_is_no_address_of_the_exchange_goes_on(client, db, address):
    assert client.get(address).status_code == 404


def test_the_forwarded_address_of_a_trusted_proxy_is_recorded(world, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    mint(Client(headers={"X-Forwarded-For": "203.0.113.7"}), world.token())
    assert Exchange.objects.get().address == "203.0.113.7"


def test_a_cookie_is_not_looked_at(client, world, owner_session, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.post(MINT, b"{}", content_type="application/json").status_code == 422


@pytest.fixture
def owner_session(client, world):
    """A browser that is signed in."""
    client.force_login(world.owner)


def test_nothing_behind_it_is_asked():
    def behind(request):
        raise AssertionError(request.path_info)

    answer = ExchangeMiddleware(behind)(RequestFactory().get("/_/oidc/audience"))
    assert answer.status_code == 200


def test_it_answers_with_the_views_of_the_url_configuration():
    behind = ExchangeMiddleware(lambda request: HttpResponse())
    answering = {address: match.func for address, match in behind.matches.items()}
    assert {address: resolve(address).func for address in ADDRESSES} == answering


def test_it_stands_behind_what_every_answer_needs_and_before_what_people_need():
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    place = order.index("ExchangeMiddleware")
    every = {"HeadMiddleware", "HealthMiddleware", "TrustedProxyMiddleware", "SecurityMiddleware", "CommonMiddleware"}
    assert every < set(order[:place])
    assert {"SessionMiddleware", "AuthenticationMiddleware", "WhiteNoiseMiddleware"} <= set(order[place:])
