"""MINT_RATE: how often anybody is told why they are refused."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from demo.issuer import DISCOVERY, LocalIssuer
from demo.signing import SigningKey
from publishers.models import Issuer
from registry import counting
from registry.counting.in_memory import SharedCounts
from registry.models import Event
from registry.rates import Rate
from tests import issuers
from tests.tokens.test_checking import CHECK, ELSEWHERE
from tests.tokens.test_exchange import MINT
from tokens import limits
from tokens.models import Exchange, UploadToken

ALIAS = "/_/oidc/github/mint-token"
BURN = "/_/oidc/burn-token"
WRONG_WORKFLOW = {
    "ref": "refs/heads/main",
    "workflow_ref": "octo-org/sampleproject/.github/workflows/ci.yml@refs/heads/main",
    "job_workflow_ref": "octo-org/sampleproject/.github/workflows/ci.yml@refs/heads/main",
}


@pytest.fixture(autouse=True)
def limited(settings, clock, monkeypatch):
    """Two a minute, by a clock that stands, and nobody was counted yet."""
    settings.MINT_RATE = Rate(2, 60)
    monkeypatch.setattr(counting, "_in_memory", SharedCounts(clock))


def post(body, path=MINT, address="192.0.2.1", **extra):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Client().generic("POST", path, text, content_type="application/json", REMOTE_ADDR=address, **extra)


def statuses(*bodies, **options):
    return [post(body, **options).status_code for body in bodies]


def assert_limited(response, seconds=70):
    assert response.status_code == 429, response.content
    assert response["Retry-After"] == str(seconds)
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body["message"] == "Too many requests"
    (error,) = body["errors"]
    assert error["code"] == "rate-limited"
    for told in ("2/min", f"in {seconds} seconds", "exchanged all the same"):
        assert told in error["description"]
    assert "exchange" not in body


# -- before the signature is verified: by address ------------------------------------------------------------------


def forged(world):
    return world.local.sign(world.local.github_claims(), key=SigningKey.new(), headers={"kid": world.local.key.key_id})


UNVERIFIED = {
    "no JSON": lambda world: b"{",
    "no token": lambda world: {"token": ""},
    "wrong projects": lambda world: {"token": "a", "projects": []},
    "no JWT": lambda world: {"token": "a.b.c"},
    "an unknown issuer": lambda world: {"token": world.token(iss="https://example.com")},
    "a forged signature": lambda world: {"token": forged(world)},
    "an unknown key": lambda world: {"token": world.local.sign(headers={"kid": "unknown"})},
    "an algorithm that is never taken": lambda world: {"token": world.local.sign(headers={"alg": "none"})},
    "an issuer that is off": lambda world: {"token": off(world)},
    "keys that cannot be had": lambda world: {"token": down(world)},
}


def off(world):
    Issuer.objects.filter(pk=world.issuer.pk).update(enabled=False)
    return world.token()


def down(world):
    world.local.faults[DISCOVERY] = issuers.answering(500)
    Issuer.objects.filter(pk=world.issuer.pk).update(keys={}, keys_refreshed_at=None, refresh_claimed_at=None)
    return world.token()


@pytest.mark.parametrize("path", [MINT, ALIAS, CHECK])
@pytest.mark.parametrize("kind", UNVERIFIED)
def test_a_refusal_before_the_signature_is_verified_counts_on_the_address(world, path, kind):
    body = UNVERIFIED[kind](world)
    told = 503 if kind == "keys that cannot be had" else 422
    assert statuses(body, body, path=path) == [told, told]
    with CaptureQueriesContext(connection) as captured:
        assert_limited(post(body, path))
    assert not [query["sql"] for query in captured if not query["sql"].startswith("SELECT")]
    assert post(body, path, address="192.0.2.2").status_code == told


@pytest.mark.django_db
def test_refusals_of_all_kinds_and_endpoints_count_together():
    assert statuses(b"{") + statuses({"token": "a.b.c"}, path=CHECK) == [422, 422]
    assert_limited(post({"token": ""}, ALIAS))


@pytest.mark.django_db
def test_the_reason_is_told_again_when_the_time_is_up(clock):
    statuses(b"{", b"{")
    clock.now += 69
    assert_limited(post(b"{"), seconds=1)
    clock.now += 1
    assert statuses(b"{", b"{", b"{") == [422, 422, 429]


@pytest.mark.django_db
def test_who_keeps_trying_waits_no_longer(clock):
    for _ in range(70):
        post(b"{")
        clock.now += 1
    assert post(b"{").status_code == 422


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8:0:0:1::", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8:0:1::1", "2001:db8::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("::1", "0.0.0.0", False),
        ("", "", True),
        ("", "unix:", True),
        ("", "192.0.2.1", False),
    ],
)
def test_what_one_address_is(first, second, same):
    statuses(b"{", b"{", address=first)
    assert (post(b"{", address=second).status_code == 429) is same


@pytest.mark.django_db
@pytest.mark.parametrize(("proxy", "status"), [("198.51.100.9", 422), ("198.51.100.10", 429)])
def test_behind_a_trusted_proxy_the_client_counts(settings, proxy, status):
    settings.TRUSTED_PROXIES = ["198.51.100.9"]
    for number in range(3):
        response = post(b"{", address=proxy, HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert response.status_code == status


@pytest.mark.django_db
def test_an_address_is_read_as_it_stands():
    assert limits.network(None) == limits.network("not an address") == ""
    assert limits.network("2001:db8:1:2:3::4") == "20010db800010002::/64"


@pytest.mark.django_db
def test_what_tells_nothing_is_left_alone(settings):
    for _ in range(4):
        assert Client().get(MINT).status_code == 405
        assert post(b" " * 65537).status_code == 413
        assert post(b"", CONTENT_LENGTH="").status_code == 411
        assert post(b"{}", HTTP_ACCEPT="text/html").status_code == 406
        assert post({"token": "noise"}, BURN).status_code == 202
        assert post({"token": 7}, BURN).status_code == 422
    assert statuses(b"{", b"{", b"{") == [422, 422, 429]
    settings.OIDC_ENABLED = False
    assert post(b"{").status_code == 403


@pytest.mark.django_db
def test_a_problem_document_says_it_too():
    statuses(b"{", b"{")
    response = post(b"{", HTTP_ACCEPT="application/vnd.pypi.pytp.v1+json")
    assert_limited(response)
    assert response["Content-Type"] == "application/problem+json"
    assert (response.json()["status"], response.json()["title"]) == (429, "Too many requests")


# -- a token that a publisher trusts -------------------------------------------------------------------------------


def test_it_is_exchanged_over_every_limit_and_counts_nowhere(client, world):
    bad = {"token": world.token(**WRONG_WORKFLOW)}
    assert statuses(b"{", b"{", b"{", bad, bad, bad) == [422, 422, 429, 422, 422, 429]
    assert statuses(*({"token": world.token()} for _ in range(10))) == [200] * 10


def test_a_farm_behind_one_address_notices_nothing(client, world):
    assert statuses(*({"token": world.token()} for _ in range(10))) == [200] * 10
    assert statuses(b"{", b"{", b"{") == [422, 422, 429]


# -- after the signature is verified: by issuer and identity -------------------------------------------------------


@pytest.mark.parametrize(
    "claims",
    [WRONG_WORKFLOW, {"repository_id": "75"}, {"aud": "pypi"}, {"exp": 1_000_000}, {"jti": 7}, ELSEWHERE],
    ids=["a constraint", "a pin", "the audience", "expired", "a wrong jti", "no publisher"],
)
def test_a_verified_refusal_counts_on_the_identity_from_wherever_it_comes(world, claims):
    for number in range(2):
        assert post({"token": world.token(**claims)}, address=f"192.0.2.{number}").status_code == 422
    for path in (MINT, ALIAS, CHECK):
        assert_limited(post({"token": world.token(**claims)}, path, address="192.0.2.9"))
    assert statuses(b"{", address="192.0.2.9") == [422], "nothing counts on the address"


def test_other_identities_and_issuers_are_told_why(world, authority, authority_file, signing_key):
    for _ in range(3):
        response = post({"token": world.token(**WRONG_WORKFLOW)})
    assert response.status_code == 429
    assert post({"token": world.token(**ELSEWHERE)}).status_code == 422
    with LocalIssuer(authority, key=signing_key) as other:
        issuers.trust(other, ca_file=authority_file)
        changes: dict[str, Any] = WRONG_WORKFLOW
        assert post({"token": other.sign(other.github_claims(), **changes)}).status_code == 422


def test_an_identity_is_one_however_it_is_spelled(world):
    spelled = {**WRONG_WORKFLOW, "repository": "Octo-Org/SampleProject", "repository_owner": "Octo-Org"}
    spelled["workflow_ref"] = spelled["job_workflow_ref"] = spelled["workflow_ref"].replace("octo-org", "Octo-Org")
    bodies = [{"token": world.token(**claims)} for claims in (WRONG_WORKFLOW, spelled, spelled)]
    assert statuses(*bodies)[-1] == 429


def test_a_signed_token_that_names_no_identity_counts_on_the_address(world):
    for path in (MINT, CHECK):
        assert post({"token": world.token(repository=None)}, path).status_code in {200, 422}
    assert_limited(post({"token": world.token(repository=None)}))
    assert statuses({"token": world.token(**WRONG_WORKFLOW)}) == [422]


def test_over_the_limit_nothing_is_recorded(world):
    exchanges, events = [], []
    for _ in range(4):
        response = post({"token": world.token(**WRONG_WORKFLOW)})
        exchanges.append(Exchange.objects.count())
        events.append(Event.objects.filter(tag="project:oidc:exchange-refused").count())
    assert (exchanges, events) == ([1, 2, 2, 2], [1, 2, 2, 2])
    assert_limited(response)


def test_over_the_limit_nothing_is_written(world):
    statuses(*({"token": world.token(**WRONG_WORKFLOW)} for _ in range(2)))
    with CaptureQueriesContext(connection) as captured:
        assert_limited(post({"token": world.token(**WRONG_WORKFLOW)}))
    assert not [query["sql"] for query in captured if not query["sql"].startswith("SELECT")]


def test_a_replay_counts_and_over_the_limit_it_is_counted_no_more(world):
    token = world.token()
    assert statuses(*[{"token": token}] * 4) == [200, 422, 422, 429]
    assert Exchange.objects.get().replays == 2
    assert UploadToken.objects.count() == 1
    limited = post({"token": token})
    assert_limited(limited)
    assert str(Exchange.objects.get().pk) not in limited.content.decode()


def test_a_replay_that_no_publisher_trusts_any_more_counts_once(world):
    token = world.token()
    assert statuses({"token": token}) == [200]
    world.publisher.delete()
    assert statuses(*[{"token": token}] * 3) == [422, 422, 429]
    assert Exchange.objects.get().replays == 2


# -- checks --------------------------------------------------------------------------------------------------------


def test_every_check_counts_also_one_that_would_mint(world):
    good = {"token": world.token()}
    assert statuses(good, good, path=CHECK) == [200, 200]
    assert_limited(post(good, CHECK, address="192.0.2.9"))
    assert post(good).status_code == 200


def test_a_check_counts_once_whatever_it_finds(world):
    for claims in (WRONG_WORKFLOW, {"aud": "pypi"}):
        assert post({"token": world.token(**claims)}, CHECK).status_code == 200
    assert_limited(post({"token": world.token()}, CHECK))


def test_checks_and_refusals_count_together(world):
    assert post({"token": world.token()}, CHECK).status_code == 200
    assert statuses(*({"token": world.token(**WRONG_WORKFLOW)} for _ in range(2))) == [422, 429]


# -- the switch ----------------------------------------------------------------------------------------------------


def test_switched_off_nobody_is_limited(world, settings):
    settings.MINT_RATE = None
    bad = {"token": world.token(**WRONG_WORKFLOW)}
    assert statuses(*[b"{"] * 5, *[bad] * 5) == [422] * 10
    assert statuses(*[bad] * 5, path=CHECK) == [200] * 5


def test_a_counter_that_fails_is_not_felt(world, monkeypatch):
    def fails(*_arguments):
        raise RuntimeError

    monkeypatch.setattr(counting, "_paused", counting._Pause())
    monkeypatch.setattr(SharedCounts, "spend", fails)
    assert statuses(b"{", b"{", b"{", {"token": world.token()}) == [422, 422, 422, 200]
