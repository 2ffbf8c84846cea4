"""Every provider's documented sample goes the whole way, signed by an issuer on this machine."""

import importlib
import json
import time

import pytest

from demo.issuer import LocalIssuer
from publishers import keys
from publishers.models import Publisher
from publishers.providers import PROVIDERS
from tests.factories import make_project
from tests.issuers import trust
from tokens.models import Exchange

REGISTERED = {"iss", "aud", "iat", "exp", "nbf", "jti"}
# Providers whose tests hold a documented sample; the pins that it teaches.
PINS = {
    "github": {"repository_owner_id": "65", "repository_id": "74"},
    "gitlab": {"namespace_id": "72", "project_id": "20"},
    "buildkite": {"organization_id": "a", "pipeline_id": "b"},
    "circleci": {"org_id": "a64b0a19-f221-4291-b000-8d24bd842b72"},
    "google": {"sub": "111260650121185072906"},
    "activestate": {"actor_id": "00000000-0000-1000-8000-000000000002"},
}

pytestmark = pytest.mark.django_db(transaction=True)


def sample_of(name, local):
    """The claims of the provider's own test as the local issuer says them, and the fields that match them."""
    module = importlib.import_module(f"tests.publishers.providers.test_{name}")
    claims = {claim: value for claim, value in module.CLAIMS.items() if claim not in REGISTERED}
    if name == "gitlab":
        claims["ci_config_ref_uri"] = claims["ci_config_ref_uri"].replace("gitlab.com", local.url.partition("://")[2])
    if name == "buildkite":
        claims |= PINS[name]
    return claims, dict(module.FIELDS)


def stand(name, local, authority_file):
    """A project that trusts the sample's workload; the claims of the sample."""
    kind = PROVIDERS[name]
    row = trust(local, ca_file=authority_file, provider=name, reuse=kind.reuse, max_token_age=kind.max_token_age)
    keys.refresh(row)
    claims, fields = sample_of(name, local)
    publisher = Publisher.objects.create(issuer=row, project=make_project("sampleproject"), values=fields)
    return claims, publisher


def mint(client, token):
    return refusal_of(client, token).get("code", "")


def refusal_of(client, token):
    response = client.post("/_/oidc/mint-token", json.dumps({"token": token}), content_type="application/json")
    return {} if response.status_code == 200 else response.json()["errors"][0]


@pytest.mark.parametrize("name", PINS)
def test_the_sample_mints_and_teaches_its_ids(name, client, issuer: LocalIssuer, authority_file: str):
    claims, publisher = stand(name, issuer, authority_file)
    token = issuer.sign(claims)
    assert mint(client, token) == ""
    publisher.refresh_from_db()
    assert publisher.pins == PINS[name]
    assert publisher.unpinned_since is None
    assert Exchange.objects.get(outcome="granted").projects == ["sampleproject"]
    assert mint(client, token) == ("" if PROVIDERS[name].reuse == "until-expiry" else "invalid-reuse-token")


@pytest.mark.parametrize("name", PINS)
def test_another_id_or_none_is_refused_afterwards(name, client, issuer: LocalIssuer, authority_file: str):
    claims, publisher = stand(name, issuer, authority_file)
    Publisher.objects.filter(pk=publisher.pk).update(pins={pin: f"not {value}" for pin, value in PINS[name].items()})
    assert mint(client, issuer.sign(claims)) == "invalid-publisher"


def test_a_recorded_pipeline_must_go_on_saying_its_ids(client, issuer: LocalIssuer, authority_file: str):
    claims, _ = stand("buildkite", issuer, authority_file)
    without = {claim: value for claim, value in claims.items() if claim not in PINS["buildkite"]}
    assert mint(client, issuer.sign(without)) == ""
    assert mint(client, issuer.sign(claims)) == ""
    refused = refusal_of(client, issuer.sign(without))
    assert refused["code"] == "invalid-publisher"
    assert "`organization_id`" in refused["description"]


@pytest.mark.parametrize(("name", "longest"), [("gitlab", 24 * 3600), ("circleci", 3600)])
def test_a_token_lives_as_long_as_the_provider_says(name, longest, client, issuer: LocalIssuer, authority_file: str):
    claims, _ = stand(name, issuer, authority_file)
    now = int(time.time())
    assert mint(client, issuer.sign(claims, iat=now, exp=now + longest + 1)) == "invalid-token"
    assert mint(client, issuer.sign(claims, iat=now, exp=now + longest)) == ""


@pytest.mark.parametrize("name", PINS)
def test_a_token_of_another_provider_mints_nothing(name, client, issuer: LocalIssuer, authority_file: str):
    stand(name, issuer, authority_file)
    for other in set(PINS) - {name}:
        claims, _ = sample_of(other, issuer)
        assert mint(client, issuer.sign(claims)) in {"invalid-token", "invalid-publisher"}, other
