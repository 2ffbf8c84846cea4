"""Every claim that any provider reads, in every wrong type and every near miss, at the provider's own issuer.

The publisher asks all that its provider can ask, and the token is a documented sample that meets it: then no claim that
is read may say anything else, whatever it is.
"""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from demo.issuer import LocalIssuer
from demo.signing import SigningKey
from publishers import keys
from publishers.errors import Refused
from publishers.models import Issuer, Publisher
from publishers.presets import PRESETS
from publishers.providers import PROVIDERS
from publishers.providers.base import Provider
from publishers.providers.fields import AllowList, Flag, Reading, VersionTag
from publishers.providers.generic import Generic
from registry.models import Project
from tests.attacks.forging import parts, post
from tests.publishers.providers import samples
from tests.tokens.test_providers import PINS, REGISTERED
from tokens.exchange import Wanted, exchange
from tokens.models import UploadToken
from tokens.redemption import Client

MISSING = object()

# What the sample must say besides, so that every constraint of its provider can be met.
MORE: dict[str, Callable[[Any], dict[str, Any]]] = {
    "github": lambda module: module.TAG,
    "gitlab": lambda module: module.TAG,
    "buildkite": lambda module: module.IDS,
}
# Claims of which another text is fine: the commit, where the job's ref stands in the workflow's reference; and what
# follows the project in GitLab's subject, which a project's settings choose.
FREE = {"github": {"sha"}, "gitlab": {"sha"}}
FREE_END = {"gitlab": {"sub"}}
# GitHub Enterprise Server says it as a boolean; a job's commit is looked at only where the reference names it.
FINE = {
    ("github", "ref_protected"): (True,),
    ("github", "sha"): (MISSING, None, ""),
    ("gitlab", "sha"): (MISSING, None, ""),
    ("forgejo", "repository_id"): (7,),  # an id may be a number
}


def sample(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The claims of a provider's or preset's own test without the registered ones, and the fields that they match."""
    if name in PRESETS:
        return dict(samples.CLAIMS[name]), dict(samples.FIELDS[name])
    module = importlib.import_module(f"tests.publishers.providers.test_{name}")
    claims = {**module.CLAIMS, **MORE.get(name, lambda _module: {})(module)}
    return {claim: value for claim, value in claims.items() if claim not in REGISTERED}, dict(module.FIELDS)


class Watched(dict[str, Any]):
    """Claims that remember which of them were looked at."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        super().__init__(claims)
        self.seen: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)

    def __getitem__(self, name: str) -> Any:
        self.seen.add(name)
        return super().__getitem__(name)


def claims_read(name: str) -> list[str]:
    """The claims that the provider looks at in its sample; of a preset those that say which workload it is."""
    if name in PRESETS:
        named = (*PRESETS[name].identity_claims, *PRESETS[name].pinned_claims)
        return [claim for claim in named if not claim.startswith("/")]
    claims = Watched(sample(name)[0])
    PROVIDERS[name](PROVIDERS[name].default_issuer).read(claims)
    return sorted(claims.seen)


def narrowest(kind: Provider, reading: Reading, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of a publisher that asks all it can and is met by the reading."""
    if isinstance(kind, Generic):
        return fields
    values: dict[str, Any] = {}
    for field in kind.fields:
        said = reading.get(field.name)
        first = said[0] if isinstance(said, list) else said
        if isinstance(field, VersionTag):
            values[field.name] = str(said).removeprefix("refs/tags/").replace("1.2", "{version}")
        elif isinstance(field, Flag):
            values[field.name] = True
        elif isinstance(field, AllowList):
            values[field.name] = [first]
        else:
            values[field.name] = fields.get(field.name, first)
    return values


@pytest.fixture(scope="module")
def signer() -> Iterator[LocalIssuer]:
    """Whoever has the keys of all issuers; of a kind that signs quickly."""
    with LocalIssuer(key=SigningKey.new("EdDSA")) as running:
        yield running


def issuer_of(name: str) -> Issuer:
    """The provider's own issuer, or one as a preset has it; switched on, and signing quickly."""
    if name in PRESETS:
        issuer = samples.sample_of(name).issuer
    else:
        issuer = Issuer.objects.get(url=PROVIDERS[name].default_issuer)
    issuer.enabled, issuer.algorithms = True, ["EdDSA"]
    issuer.save()
    return issuer


@pytest.fixture
def sign(db: None, signer: LocalIssuer, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Signs the sample of the test's provider with some claims changed; its publisher stands."""
    name = request.node.callspec.params["name"]
    claims, fields = sample(name)
    issuer = issuer_of(name)
    keys.paste(issuer, signer.key_set())
    kind, reading = issuer.kind, issuer.kind.read(claims)
    pins = {pin.name: reading[pin.name] for pin in kind.pins}
    values = narrowest(kind, reading, fields)
    Publisher.objects.create(
        issuer=issuer, project=Project.objects.create(name="sampleproject"), values=values, pins=pins
    )
    header, payload, _signature = parts(signer.sign(claims, iss=issuer.url))

    def signed(**changes: Any) -> str:
        said = {claim: value for claim, value in {**payload, **changes}.items() if value is not MISSING}
        return signer.sign_text(json.dumps(header), json.dumps(said))

    return signed


def other_types(value: Any) -> Iterator[Any]:
    """What no claim is that is now ``value``."""
    yield from (MISSING, None, "", 0, 7, -1, 1.5, 10**31, {}, {"a": 1}, {"": value}, [[value]], [None], [7])
    if isinstance(value, bool):
        yield from (not value, str(value).lower(), int(value))
    else:
        yield from (True, False)
    if not isinstance(value, list):
        yield from ([], [value], [value, value])


def near_misses(value: str) -> Iterator[str]:
    """Texts that begin otherwise than ``value`` and that a careless reader takes for it."""
    yield from (f"{start}{value}" for start in ("\u202e", " ", "\ufeff", "x", "//"))
    look_alikes = {"k": "\u212a", "i": "\u0131\u0130", "s": "\u017f", "o": "\u043e0", "a": "\u0430\uff41"}
    for letter, others in look_alikes.items():
        yield from (value.replace(letter, other, 1) for other in others if letter in value)
    full_width = chr(ord(value[:1]) + 0xFEE0) + value[1:]
    yield from (full_width, value[1:], value[::-1], "*", "**", "%", ".*")


def longer(value: str) -> Iterator[str]:
    """Texts that only end otherwise."""
    yield from (f"{value}{end}" for end in ("\u200b", " ", "\u00a0", "\u0301", ".", "x"))


def unprintable(value: str) -> Iterator[str]:
    """Texts that are refused before they are compared."""
    yield from (f"{value}{letter}" for letter in "\0\n\r\x1b\x7f\x85\u2028\u2029")
    yield from (f"\0{value}", f"{value}{'x' * 2000}")


def texts(name: str, claim: str, value: Any) -> Iterator[Any]:
    """The texts, or lists of one text, that a claim may not say instead of ``value``."""
    text = next(iter(value), None) if isinstance(value, list) else value
    if not isinstance(text, str):
        return
    said = list(unprintable(text))
    if claim not in FREE.get(name, ()):
        said += near_misses(text)
        said += longer(text) if claim not in FREE_END.get(name, ()) else ()
    yield from ([other] if isinstance(value, list) else other for other in said if other != text)


NAMES = [*(name for name in PROVIDERS if name in PINS), *PRESETS]
READ = [(name, claim) for name in NAMES for claim in claims_read(name)]


@pytest.mark.parametrize(("name", "claim"), READ)
def test_a_claim_that_is_read_may_say_nothing_else(name, claim, sign):
    fine, value = FINE.get((name, claim), ()), sample(name)[0].get(claim)
    for other in (*other_types(value), *texts(name, claim, value)):
        if not any(other is one for one in fine):
            assert refusal_of(sign(**{claim: other})) in {"invalid-token", "invalid-publisher"}, other
    assert not UploadToken.objects.exists()


def refusal_of(token: str) -> str:
    """The code of the refusal, or empty; without HTTP, so that many are tried."""
    try:
        exchange(token, Wanted(), Client(None, ""))
    except Refused as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(("name", "claim"), READ)
def test_a_claim_that_nobody_expects_is_answered_and_repeated_nowhere(name, claim, sign, attack_signed):
    for other in ("a\0b", {"a": [10**31]}, "x" * 1025):
        code = attack_signed(sign(**{claim: other})).code
        assert code in {"invalid-token", "invalid-publisher"}, other


def test_every_provider_is_among_these():
    """The generic one, which has no claims of its own, by its presets."""
    assert {*PROVIDERS, *PRESETS} - {"generic"} == {name for name, _claim in READ}
    assert len(READ) > 40


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_that_all_these_spoil_is_granted(name, sign):
    status, answer = post("/_/oidc/mint-token", json.dumps({"token": sign()}).encode())
    assert (status, answer.get("projects")) == (200, ["sampleproject"]), answer
