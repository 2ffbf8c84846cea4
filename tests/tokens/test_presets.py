"""Each preset's documented sample goes the whole way, through a live issuer, as its platform would send it."""

import json
import time
from typing import Any

import pytest

from demo.issuer import LocalIssuer
from publishers import keys
from publishers.models import Issuer, Publisher
from publishers.presets import PRESETS
from registry.models import Event
from tests.factories import make_project
from tests.issuers import trust
from tests.publishers.providers.samples import CLAIMS, FIELDS, PINS
from tests.tokens.test_providers import mint, refusal_of
from tokens.models import Exchange

pytestmark = pytest.mark.django_db(transaction=True)

# Kubernetes names no type in the header, and its audiences are a list; so is Jenkins's one audience.
HEADERS: dict[str, dict[str, Any]] = {"kubernetes": {"typ": None}, "semaphore": {"typ": "JWT"}}
AUDIENCES_ARE_A_LIST = {"kubernetes", "jenkins"}


def audience_of(name: str, local: LocalIssuer) -> str:
    """What the platform's tokens say: this registry's audience only where jobs choose it."""
    return f"https://{name}.example.com" if PRESETS[name].audience else local.audience


def stand(name: str, local: LocalIssuer, authority_file: str) -> Publisher:
    """A project that trusts the sample's workload, at the issuer's row as the preset has it."""
    preset = PRESETS[name].initial()
    audience = audience_of(name, local)
    issuer = trust(local, ca_file=authority_file, audience=audience, **preset)
    keys.refresh(issuer)
    return Publisher.objects.create(issuer=issuer, project=make_project("sampleproject"), values=FIELDS[name])


def token_of(name: str, local: LocalIssuer, **claims: Any) -> str:
    audience = audience_of(name, local)
    said: dict[str, Any] = {"aud": [audience] if name in AUDIENCES_ARE_A_LIST else audience, **claims}
    return local.sign(CLAIMS[name], headers=HEADERS.get(name), **said)


@pytest.mark.parametrize("name", PRESETS)
def test_the_sample_mints_and_teaches_its_ids(name, client, issuer: LocalIssuer, authority_file: str):
    publisher = stand(name, issuer, authority_file)
    token = token_of(name, issuer)
    assert mint(client, token) == ""
    publisher.refresh_from_db()
    assert publisher.pins == PINS[name]
    exchange = Exchange.objects.get()
    assert exchange.projects == ["sampleproject"]
    assert exchange.checks[0]["fields"] == FIELDS[name]
    rules = [rule["claim"] for rule in FIELDS[name].get("claims", [])]
    assert [check["claim"] for check in exchange.checks[0]["checks"]][-len(rules) or None :] == rules or not rules
    again = "" if PRESETS[name].reuse == "until-expiry" else "invalid-reuse-token"
    assert mint(client, token) == again


@pytest.mark.parametrize("name", [name for name in PRESETS if PINS[name]])
def test_another_id_is_refused_afterwards(name, client, issuer: LocalIssuer, authority_file: str):
    publisher = stand(name, issuer, authority_file)
    Publisher.objects.filter(pk=publisher.pk).update(pins={pin: f"not {value}" for pin, value in PINS[name].items()})
    refused = refusal_of(client, token_of(name, issuer))
    assert refused["code"] == "invalid-publisher"
    assert "is not the registered id" in refused["description"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_token_for_another_service_is_refused(name, client, issuer: LocalIssuer, authority_file: str):
    stand(name, issuer, authority_file)
    audience = audience_of(name, issuer)
    for aud in ("https://elsewhere.example.com", [audience, "https://elsewhere.example.com"], []):
        assert mint(client, token_of(name, issuer, aud=aud)) == "invalid-token"


@pytest.mark.parametrize("name", PRESETS)
def test_a_token_lives_as_long_as_the_platform_says(name, client, issuer: LocalIssuer, authority_file: str):
    stand(name, issuer, authority_file)
    now, longest = int(time.time()), PRESETS[name].max_token_age
    assert mint(client, token_of(name, issuer, iat=now, exp=now + longest + 1)) == "invalid-token"
    assert mint(client, token_of(name, issuer, iat=now, exp=now + longest)) == ""


@pytest.mark.parametrize("name", PRESETS)
def test_a_token_of_another_platform_mints_nothing(name, client, issuer: LocalIssuer, authority_file: str):
    stand(name, issuer, authority_file)
    audience = audience_of(name, issuer)
    for other in set(PRESETS) - {name}:
        assert mint(client, token_of(other, issuer, aud=audience)) in {"invalid-token", "invalid-publisher"}, other


def test_a_rule_that_is_not_met_is_told_and_recorded(client, issuer: LocalIssuer, authority_file: str):
    stand("forgejo", issuer, authority_file)
    token = issuer.sign({**CLAIMS["forgejo"], "event_name": "pull_request_target", "ref": "refs/heads/main"})
    body = json.dumps({"token": token})
    checked = client.post("/_/oidc/check", body, content_type="application/json").json()
    failing = [check for check in checked["publishers"][0]["checks"] if not check["ok"]]
    assert failing == [
        {"claim": "ref", "expected": "refs/tags/v*", "actual": "refs/heads/main", "ok": False},
        {"claim": "event_name", "expected": "push", "actual": "pull_request_target", "ok": False},
    ]
    assert checked["publishers"][0]["fields"] == FIELDS["forgejo"]
    refused = refusal_of(client, token)
    assert "This token says `pull_request_target` in the claim `event_name`." in refused["description"]
    assert refused["description"] == checked["errors"][0]["description"]
    recorded = Exchange.objects.get()
    assert [check for check in recorded.checks[0]["checks"] if not check["ok"]] == failing
    assert Event.objects.filter(tag="project:oidc:exchange-refused").count() == 1


ODD = [
    {"a": 1},
    [[["x"]]],
    ["x", {"y": [1, 2, {"z": None}]}],
    True,
    0.25,
    10**31,
    "x" * 5000,
    "a\u0001b",
    ["y"] * 3000,
    "\u202eevil",
]


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_whatever_a_claim_holds_it_is_a_refusal_that_is_stored(odd, client, issuer: LocalIssuer, authority_file: str):
    stand("forgejo", issuer, authority_file)
    token = issuer.sign({**CLAIMS["forgejo"], "ref": odd})
    response = client.post("/_/oidc/check", json.dumps({"token": token}), content_type="application/json")
    assert response.status_code == 200
    assert len(response.content) < 20_000
    assert not response.json()["would_mint"]
    assert mint(client, token) == "invalid-publisher"
    assert len(json.dumps(Exchange.objects.get().checks)) < 20_000


@pytest.mark.parametrize("claim", ["repository", "workflow", "repository_id"])
@pytest.mark.parametrize("odd", ODD[:3] + ODD[6:9], ids=range(6))
def test_whatever_a_named_claim_holds_it_is_named(claim, odd, client, issuer: LocalIssuer, authority_file: str):
    stand("forgejo", issuer, authority_file)
    refused = refusal_of(client, issuer.sign({**CLAIMS["forgejo"], claim: odd}))
    assert refused["code"] == "invalid-token"
    assert f"`{claim}`" in refused["description"]


def test_an_issuer_whose_claims_were_changed_behind_the_forms_back_trusts_nobody(
    client, issuer: LocalIssuer, authority_file: str
):
    publisher = stand("forgejo", issuer, authority_file)
    Issuer.objects.filter(pk=publisher.issuer_id).update(identity_claims=["actor", "workflow"])
    refused = refusal_of(client, token_of("forgejo", issuer))
    assert refused["code"] == "invalid-publisher"
    assert "No project of this registry trusts actor user1, workflow release.yml" in refused["description"]
    Issuer.objects.filter(pk=publisher.issuer_id).update(identity_claims=[])
    assert mint(client, token_of("forgejo", issuer)) == "invalid-token"


def test_a_claim_that_is_pinned_later_is_recorded_at_the_next_use(client, issuer: LocalIssuer, authority_file: str):
    publisher = stand("jenkins", issuer, authority_file)
    rows = Issuer.objects.filter(pk=publisher.issuer_id)
    assert mint(client, token_of("jenkins", issuer, job_id="7")) == ""
    rows.update(pinned_claims=["job_id"])
    assert mint(client, token_of("jenkins", issuer, job_id="7")) == ""
    assert mint(client, token_of("jenkins", issuer, job_id="8")) == "invalid-publisher"
    assert mint(client, token_of("jenkins", issuer)) == "invalid-token"
    rows.update(pinned_claims=[])
    assert mint(client, token_of("jenkins", issuer, job_id="8")) == ""
