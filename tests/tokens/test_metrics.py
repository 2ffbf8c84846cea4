"""What ``/metrics`` says of exchanges and of the keys behind them."""

import json

import pytest

from publishers import keys
from tests.registry.observing.test_metrics import samples

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
