"""What ``/metrics`` says of exchanges and of the keys behind them."""

import datetime
import json

import pytest
from django.test import Client
from django.utils import timezone

from publishers import keys, refreshing
from publishers.models import Issuer, SwitchedOff
from registry.models import Switch
from registry.rates import Rate
from tests.registry.observing.test_metrics import samples
from tests.tokens.conftest import World

MINT = "/_/oidc/mint-token"


def exchanges(client, **labels: str) -> float:
    said = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
    return samples(client).get(f"gatehouse_exchanges_total{{{said}}}", 0)


def mint(client, token: str) -> None:
    client.post(MINT, json.dumps({"token": token}), content_type="application/json")


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({}, {"provider": "github", "outcome": "granted", "code": ""}),
        ({"aud": "pypi"}, {"provider": "github", "outcome": "refused", "code": "invalid-token"}),
        ({"iat": None}, {"provider": "github", "outcome": "refused", "code": "invalid-token"}),
        ({"repository": "octo-org/other"}, {"provider": "github", "outcome": "refused", "code": "invalid-publisher"}),
        ({"iss": "https://nobody.example"}, {"provider": "", "outcome": "refused", "code": "invalid-payload"}),
    ],
)
def test_exchanges_count_by_provider_outcome_and_code(client, world, changes, counted):
    before = exchanges(client, **counted)
    mint(client, world.token(**changes))
    assert exchanges(client, **counted) - before == 1


def test_a_token_that_its_issuer_did_not_sign_counts_for_no_provider(client, world):
    counted = {"provider": "", "outcome": "refused", "code": "invalid-token"}
    before = exchanges(client, **counted)
    signed, _, signature = world.token().rpartition(".")
    mint(client, f"{signed}.{'AB'[signature[0] == 'A']}{signature[1:]}")
    assert exchanges(client, **counted) - before == 1


def replay(world: World) -> str:
    token: str = world.token()
    mint(Client(), token)
    return token


def provider_off(world: World) -> str:
    SwitchedOff.objects.create(provider="github")
    return world.token()


def issuer_off(world: World) -> str:
    Issuer.objects.update(enabled=False)
    return world.token()


def name_taken(world: World) -> str:
    world.publisher.delete()
    world.add("sampleproject")
    return world.token()


def keys_lost(world: World) -> str:
    now = timezone.now()
    long_ago = now - datetime.timedelta(days=3)
    # Tried a moment ago, in vain: nobody waits for another try.
    tried = {"refresh_claimed_at": now, "refresh_finished_at": now, "refresh_error": "down"}
    refreshing.update(world.issuer, keys_refreshed_at=long_ago, **tried)
    return world.token()


def read_only(world: World) -> str:
    Switch.objects.create(what=Switch.What.WRITING)
    return world.token()


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (replay, "invalid-reuse-token"),
        (provider_off, "not-enabled"),
        (issuer_off, "not-enabled"),
        (name_taken, "invalid-pending-publisher"),
        (keys_lost, "keys-unavailable"),
        (read_only, "read-only"),
    ],
)
def test_whatever_refuses_the_tokens_of_an_issuer_counts_for_its_provider(client, world, prepare, code):
    token = prepare(world)
    counted = {"provider": "github", "outcome": "refused", "code": code}
    before = exchanges(client, **counted)
    mint(client, token)
    assert exchanges(client, **counted) - before == 1


def test_a_replay_is_no_grant(client, world):
    token = replay(world)
    granted = {"provider": "github", "outcome": "granted", "code": ""}
    before = exchanges(client, **granted)
    mint(client, token)
    assert exchanges(client, **granted) == before


def test_over_the_limit_the_reason_is_not_counted_either(client, world, settings):
    settings.MINT_RATE = Rate(1, 60)
    limited = {"provider": "github", "outcome": "refused", "code": "rate-limited"}
    before = exchanges(client, **limited)
    for _ in range(2):
        mint(client, world.token(repository="octo-org/other"))
    assert exchanges(client, **limited) - before == 1


def test_trusted_publishing_that_is_off_counts_for_no_provider(client, world, settings):
    settings.OIDC_ENABLED = False
    counted = {"provider": "", "outcome": "refused", "code": "not-enabled"}
    before = exchanges(client, **counted)
    mint(client, world.token())
    assert exchanges(client, **counted) - before == 1


def test_a_body_that_is_no_request_counts_too(client, world):
    counted = {"provider": "", "outcome": "refused", "code": "invalid-payload"}
    before = exchanges(client, **counted)
    client.post(MINT, "[]", content_type="application/json")
    assert exchanges(client, **counted) - before == 1


def test_a_check_is_no_exchange(client, world):
    granted = {"provider": "github", "outcome": "granted", "code": ""}
    before = exchanges(client, **granted)
    client.post("/_/oidc/check", json.dumps({"token": world.token()}), content_type="application/json")
    assert exchanges(client, **granted) == before


def test_the_time_of_an_exchange_is_that_of_its_requests(client, world):
    mint(client, world.token())
    assert samples(client)['gatehouse_request_seconds_count{route="_/oidc/mint-token"}'] >= 1


def test_fetches_of_keys_count_by_issuer(client, world):
    name = f'gatehouse_key_refreshes_total{{issuer="{world.local.url}",outcome="succeeded"}}'
    before = samples(client).get(name, 0)
    keys.refresh(world.issuer)
    assert samples(client)[name] - before == 1
