"""No issuer speaks for another: every pair of providers, keys that are shared, instances that imitate, replays."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from demo.issuer import LocalIssuer
from demo.signing import SigningKey
from publishers import keys
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
from registry.models import Project
from tests.attacks.forging import CHECK, MINT, parts, post
from tests.attacks.test_provider_claims import sample
from tests.tokens.test_providers import PINS
from tokens.models import Exchange, UploadToken

NAMES = [name for name in PROVIDERS if name in PINS]
PAIRS = [(one, other) for one in NAMES for other in NAMES if one != other]
KEYS = {name: SigningKey.new("EdDSA") for name in NAMES}

Sign = Callable[..., str]


@pytest.fixture(scope="module")
def signer():
    """Makes the tokens; whose they are is said by claim and key."""
    with LocalIssuer(key=SigningKey.new("EdDSA")) as running:
        yield running


@pytest.fixture
def sign(signer: LocalIssuer) -> Sign:
    """``sign("gitlab", key=…, iss=…)``: the sample of a provider, by default with its issuer's name and key."""

    def signed(name: str, *, key: SigningKey | None = None, headers: Any = None, **claims: Any) -> str:
        said = {"iss": PROVIDERS[name].default_issuer, **sample(name)[0], **claims}
        return signer.sign(said, key=key or KEYS[name], headers=headers)

    return signed


def trust(url: str, name: str, *trusted: SigningKey) -> Issuer:
    """The row of an issuer, switched on, with pasted keys."""
    issuer, _ = Issuer.objects.get_or_create(url=url, defaults={"provider": name})
    issuer.enabled, issuer.algorithms = True, ["EdDSA"]
    issuer.save()
    keys.paste(issuer, {"keys": [key.jwk() for key in trusted]})
    return issuer


def stand(issuer: Issuer, project: str) -> Publisher:
    """A publisher that the sample of the issuer's provider meets."""
    return Publisher.objects.create(
        issuer=issuer, project=Project.objects.create(name=project), values=sample(issuer.provider)[1]
    )


@pytest.fixture
def everybody(db: None) -> dict[str, Issuer]:
    """All providers' own issuers, each with its key and a publisher of a project that is called as the provider."""
    issuers = {name: trust(PROVIDERS[name].default_issuer, name, KEYS[name]) for name in NAMES}
    for name, issuer in issuers.items():
        stand(issuer, f"of-{name}")
    return issuers


def answer(token: str, **members: Any) -> tuple[str, list[str]]:
    """The code of the refusal, and the projects that were granted."""
    _status, document = post(MINT, json.dumps({"token": token, **members}).encode())
    return (document["errors"][0]["code"], []) if "errors" in document else ("", document["projects"])


# -- between providers ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("everybody")
@pytest.mark.parametrize("name", NAMES)
def test_each_speaks_for_itself(sign, name):
    assert answer(sign(name)) == ("", [f"of-{name}"])


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_no_issuer_signs_for_another(everybody, sign, attack, one, other):
    url = PROVIDERS[other].default_issuer
    for token in (
        sign(other, key=KEYS[one]),  # all the other's, but for the key
        sign(other, key=KEYS[one], headers={"kid": KEYS[other].key_id}),
        sign(one, iss=url),  # one's own claims in the other's name
        sign(one, iss=url, headers={"kid": KEYS[other].key_id}),
        sign(one, key=KEYS[other]),  # the other's key for one's own name
        sign(one, headers={"kid": KEYS[other].key_id}),
    ):
        assert attack(token).code == "invalid-token"


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_claims_that_would_match_elsewhere_match_nothing_here(everybody, sign, attack, one, other):
    """An honest token of one issuer that says all that a publisher at the other trusts."""
    said = sample(other)[0]
    assert attack(sign(other, key=KEYS[one], iss=PROVIDERS[one].default_issuer)).code in REFUSALS
    mixed = answer(sign(one, **{claim: value for claim, value in said.items() if claim not in sample(one)[0]}))
    assert mixed in [("", [f"of-{one}"]), ("invalid-token", [])]


REFUSALS = {"invalid-token", "invalid-publisher"}


# -- between issuers of one provider -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_of_two_issuers_with_the_same_keys_each_matches_its_own_publishers(db, sign, attack, name):
    """Somebody's own instance that publishes the keys of the great one, or the same instance under two names."""
    shared = SigningKey.new("EdDSA")
    great = trust(PROVIDERS[name].default_issuer, name, shared)
    own = trust("https://own.example.com", name, shared)
    stand(great, "of-the-great")
    assert attack(sign(name, key=shared, iss=own.url)).code in REFUSALS
    assert answer(sign(name, key=shared)) == ("", ["of-the-great"])
    if name != "gitlab":  # whose claims name the instance too
        stand(own, "of-the-own")
        assert answer(sign(name, key=shared, iss=own.url)) == ("", ["of-the-own"])
        assert answer(sign(name, key=shared)) == ("", ["of-the-great"])


SELF_MANAGED = "https://gitlab.example.com"
FILE = "/my-group/my-project//.gitlab-ci.yml@refs/tags/v1.2"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iss": "https://gitlab.com"},
        {"ci_config_ref_uri": f"gitlab.example.com{FILE}"},
        {"ci_config_ref_uri": f"gitlab.com{FILE}", "iss": SELF_MANAGED + "/"},
        {"ci_config_ref_uri": f"gitlab.com{FILE}", "server_url": "https://gitlab.com"},
        {"ci_config_ref_uri": f"gitlab.example.com/../gitlab.com{FILE}"},
        {"ci_config_ref_uri": f"gitlab.example.com@gitlab.com{FILE}"},
        {"namespace_id": "72", "project_id": "20"},
    ],
)
def test_a_self_managed_instance_does_not_pass_for_the_great_one(db, sign, attack, claims):
    own = SigningKey.new("EdDSA")
    stand(trust("https://gitlab.com", "gitlab", KEYS["gitlab"]), "of-gitlab-com")
    trust(SELF_MANAGED, "gitlab", own)
    token = sign("gitlab", key=own, **{"iss": SELF_MANAGED, **claims})
    assert attack(token).code in {*REFUSALS, "invalid-payload"}


@pytest.mark.parametrize("host", ["gitlab.com", "gitlab.example.com:443", "gitlab.example.com/gitlab.com", "localhost"])
def test_a_file_of_another_instance_is_not_the_instances_own(db, sign, attack, host):
    own = SigningKey.new("EdDSA")
    stand(trust(SELF_MANAGED, "gitlab", own), "of-the-instance")
    token = sign("gitlab", key=own, iss=SELF_MANAGED, ci_config_ref_uri=f"{host}{FILE}")
    assert attack(token).code == "invalid-publisher"
    token = sign("gitlab", key=own, iss=SELF_MANAGED, ci_config_ref_uri=f"gitlab.example.com{FILE}")
    assert answer(token) == ("", ["of-the-instance"])


def test_a_publisher_at_a_self_managed_instance_is_not_the_great_ones(db, sign, attack):
    stand(trust(SELF_MANAGED, "gitlab", SigningKey.new("EdDSA")), "of-the-instance")
    trust("https://gitlab.com", "gitlab", KEYS["gitlab"])
    said = attack(sign("gitlab"))
    assert said.code == "invalid-publisher"
    assert "of-the-instance" not in json.dumps([said.mint, said.check])


@pytest.mark.parametrize("asked", [None, ["of-gitlab-com"]])
def test_no_refusal_speaks_of_another_issuers_publishers(db, sign, attack, asked):
    """The same place, file and ids at two instances: the one's tokens are told nothing of the other's."""
    publisher = stand(trust("https://gitlab.com", "gitlab", KEYS["gitlab"]), "of-gitlab-com")
    Publisher.objects.filter(pk=publisher.pk).update(values={**publisher.values, "environment": "secret-one"})
    trust(SELF_MANAGED, "gitlab", KEYS["github"])
    token = sign(
        "gitlab", key=KEYS["github"], iss=SELF_MANAGED, ci_config_ref_uri=f"gitlab.example.com{FILE}", environment="x"
    )
    said = attack(token, **({"projects": asked} if asked else {}))
    assert (said.code, said.check["publishers"]) == ("invalid-publisher", [])
    assert "secret-one" not in json.dumps(said.mint)
    assert asked or "of-gitlab-com" not in json.dumps([said.mint, said.check])


def test_an_organizations_own_issuer_does_not_speak_for_another_organization(db, sign, attack):
    claims, fields = sample("circleci")
    own = f"https://oidc.circleci.com/org/{'0' * 8}-0000-4000-8000-{'0' * 12}"
    Publisher.objects.create(
        issuer=trust(own, "circleci", KEYS["github"]), project=Project.objects.create(name="of-own"), values=fields
    )
    assert claims["oidc.circleci.com/org-id"] not in own
    assert attack(sign("circleci", key=KEYS["github"], iss=own)).code == "invalid-token"


@pytest.mark.parametrize("change", [{"enabled": False}, {"provider": "nobody"}])
def test_an_issuer_that_is_off_or_of_no_provider_grants_nothing(everybody, sign, attack, change):
    Issuer.objects.filter(pk=everybody["github"].pk).update(**change)
    assert attack(sign("github")).code in {"not-enabled", "invalid-payload"}


# -- replays -------------------------------------------------------------------------------------------------------


def test_one_id_at_two_issuers_is_two_identity_tokens(everybody, sign):
    assert answer(sign("github", jti="one")) == ("", ["of-github"])
    token = sign("gitlab", jti="one")
    assert post(CHECK, json.dumps({"token": token}).encode())[1]["would_mint"] is True
    assert answer(token) == ("", ["of-gitlab"])
    assert answer(sign("github", jti="one", run_id="2"))[0] == "invalid-reuse-token"
    assert answer(sign("gitlab", jti="one", job_id="2"))[0] == "invalid-reuse-token"


@pytest.mark.parametrize("jti", ["One", "one ", " one", "\uff4fne", "o\u0301ne", "one\u200b"])
def test_ids_are_compared_exactly(everybody, sign, jti):
    assert answer(sign("github", jti="one"))[0] == ""
    assert answer(sign("github", jti=jti))[0] == ""


def test_an_id_that_looks_like_a_digest_is_not_taken_for_one(everybody, sign):
    """What is stored of a token without ``jti`` is no id that another token could say."""
    assert answer(sign("github", jti=None))[0] == ""
    stored = UploadToken.objects.get().redeemed
    assert answer(sign("github", jti=stored))[0] == ""


@pytest.mark.parametrize("members", [{}, {"projects": ["of-github"]}, {"features": ["single-use-token"]}])
@pytest.mark.parametrize("changes", [{}, {"jti": None}])
def test_a_token_is_used_up_whatever_is_asked_for(everybody, sign, changes, members):
    token = sign("github", **changes)
    assert answer(token, **members)[0] == ""
    for again in ({}, {"projects": ["of-github"]}, {"projects": ["of-gitlab"]}, {"features": ["single-use-token"]}):
        assert answer(token, **again)[0] == "invalid-reuse-token"
    assert UploadToken.objects.count() == 1
    assert Exchange.objects.get().replays == 4


def test_a_used_token_stays_used_when_its_issuer_goes_off_and_on_and_its_keys_change(everybody, sign):
    token, issuer = sign("github"), everybody["github"]
    assert answer(token)[0] == ""
    Issuer.objects.filter(pk=issuer.pk).update(enabled=False)
    assert answer(token)[0] == "not-enabled"
    Issuer.objects.filter(pk=issuer.pk).update(enabled=True)
    keys.paste(issuer, {"keys": [KEYS["github"].jwk(), SigningKey.new("EdDSA").jwk()]})
    assert answer(token)[0] == "invalid-reuse-token"


def test_a_used_token_stays_used_when_its_issuer_is_removed_and_added_again(everybody, sign):
    token, issuer = sign("github"), everybody["github"]
    assert answer(token)[0] == ""
    Publisher.objects.filter(issuer=issuer).delete()
    issuer.delete()
    stand(trust(PROVIDERS["github"].default_issuer, "github", KEYS["github"]), "another")
    assert answer(token)[0] == "invalid-reuse-token"


@pytest.mark.parametrize("end", ["burnt_at", "revoked_at", "spent_at", "expires_at"])
def test_pruning_gives_no_identity_token_back(everybody, sign, end):
    token = sign("github")
    assert answer(token)[0] == ""
    long_ago = timezone.now() - datetime.timedelta(days=3)
    UploadToken.objects.update(**{end: long_ago, "created_at": long_ago})
    call_command("prune", verbosity=0)
    assert answer(token)[0] == "invalid-reuse-token"
    # Once the identity token itself is over, its redemption may go: the token has expired.
    old = int(timezone.now().timestamp()) - 100
    gone = sign("github", iat=old - 60, exp=old)
    UploadToken.objects.update(redeemed_until=timezone.now() - datetime.timedelta(seconds=60))
    call_command("prune", verbosity=0)
    assert not UploadToken.objects.exists()
    assert answer(gone)[0] == "invalid-token"


def test_the_tokens_of_these_tests_are_the_samples(sign):
    assert parts(sign("github"))[1]["repository"] == "octo-org/octo-repo"
