"""What a token's header may try: other algorithms, keys of its own, key ids that point elsewhere, other JWTs."""

import json
from typing import Any

import pytest

from demo.issuer import LocalIssuer
from demo.signing import SigningKey, encoded
from publishers import keys
from publishers.models import Issuer
from tests.attacks.forging import PAYLOAD, Attack, Make, compact, post, signing_input
from tests.issuers import trust
from tokens.models import UploadToken

P256, ED = SigningKey.new("ES256"), SigningKey.new("EdDSA")

# -- algorithms ----------------------------------------------------------------------------------------------------


def misnamed(algorithm: Any) -> Make:
    """The signature is the issuer's own RS256; only the name of the algorithm is another."""
    return lambda target: target.stolen({**target.header(), "alg": algorithm}, target.payload())


def unsigned(algorithm: str, signature: bytes) -> Make:
    """Something that nobody signed."""
    return lambda target: compact(target.header(alg=algorithm), target.payload(), signature)


def confused(algorithm: str, what: str) -> Make:
    """The public key as the secret of an HMAC."""
    return lambda target: target.hmac(target.public_texts()[what], algorithm)


def signed_by(algorithm: str) -> Make:
    """Really signed, by an algorithm that the row does not allow."""
    return lambda target: target.token(algorithm=algorithm)


def signed_with(key: SigningKey) -> Make:
    """Really signed, with a key of another kind that takes the RSA key's id."""
    return lambda target: target.token(key=key, headers={"kid": target.local.key.key_id})


NAMES = (
    *("none", "None", "NONE", "nOnE", "", " none", "none ", "n\u043ene", "HS256", "hs256", "HS384", "HS512"),
    *("RS384", "RS512", "PS256", "ES256", "ES256K", "EdDSA", "Ed25519", "rs256", "RS256 ", "RS256\t", "RS1"),
    *("RSA-OAEP", "dir", "A128KW", 256, True, None, ["RS256"], ["none", "RS256"], {"RS256": 1}, "x" * 3000),
    "\U0001d411\U0001d412256",
)
SECRETS = (
    *("PEM", "PEM without its last line break", "PEM with carriage returns", "DER", "PKCS #1 PEM", "PKCS #1 DER"),
    *("JWK", "JWK without spaces", "JWK set", "modulus", "modulus in base64url", "key id", "nothing"),
)
ALGORITHMS = [
    *(Attack(f"alg {name!r:.40}", misnamed(name)) for name in NAMES),
    Attack("no alg", lambda target: target.stolen(target.header(alg=None), target.payload())),
    Attack("Alg", lambda target: target.stolen({**target.header(alg=None), "Alg": "RS256"}, target.payload())),
    *(
        Attack(f"unsigned, alg {name}, {what}", unsigned(name, signature))
        for name in ("none", "None", "RS256", "HS256")
        for what, signature in (("no signature", b""), ("one octet", b"\0"), ("zeros", bytes(256)))
    ),
    *(
        Attack(f"{name} with the {what}", confused(name, what))
        for name in ("HS256", "HS384", "HS512")
        for what in SECRETS
    ),
    *(Attack(name, signed_by(name)) for name in ("RS384", "RS512", "PS256", "PS384", "PS512")),
    *(Attack(f"{key.algorithm} with the RSA key's id", signed_with(key)) for key in (P256, ED)),
]


@pytest.mark.parametrize("case", ALGORITHMS, ids=str)
def test_no_token_chooses_its_algorithm(case, target, attack):
    assert attack(case.make(target)).code == case.code


@pytest.mark.parametrize("algorithms", [["HS256", "RS256"], ["none", "RS256"], ["none"], []])
@pytest.mark.parametrize("what", ["PEM", "JWK", "nothing"])
def test_not_even_a_row_can_allow_a_shared_secret(target, attack, what, algorithms):
    Issuer.objects.filter(pk=target.issuer.pk).update(algorithms=algorithms)
    assert attack(target.hmac(target.public_texts()[what])).code == "invalid-token"
    assert attack(compact(target.header(alg="none"), target.payload(), b"")).code == "invalid-token"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256", "PS384", "PS512"])
def test_the_row_says_by_which_algorithms_where_the_key_does_not(target, attack, algorithm):
    keys.paste(target.issuer, {"keys": [target.local.key.jwk(alg=None)]})
    assert "signed with RS256" in attack(target.token(algorithm=algorithm)).description
    Issuer.objects.filter(pk=target.issuer.pk).update(algorithms=[algorithm])
    assert f"signed with {algorithm}" in attack(target.token()).description


def test_the_key_may_say_more_narrowly_than_the_row(target, attack):
    """The key set says that its key is for RS256."""
    Issuer.objects.filter(pk=target.issuer.pk).update(algorithms=["RS256", "PS256", "ES256"])
    assert attack(target.token(algorithm="PS256")).code == "invalid-token"


# -- keys that a header brings -------------------------------------------------------------------------------------

ATTACKER = SigningKey.new()
THUMBPRINT = encoded(b"0" * 20)
BROUGHT = {
    "jwk": {"jwk": ATTACKER.jwk()},
    "jwk with a private part": {"jwk": {**ATTACKER.jwk(), "d": "AQAB"}},
    "jwk of a shared secret": {"jwk": {"kty": "oct", "k": encoded(b"secret"), "kid": ATTACKER.key_id}},
    "jwk that is a text": {"jwk": json.dumps(ATTACKER.jwk())},
    "jku": {"jku": "https://attacker.example/keys"},
    "jku to this machine": {"jku": "http://127.0.0.1:1/keys"},
    "jku to a file": {"jku": "file:///etc/passwd"},
    "x5u": {"x5u": "https://attacker.example/certificate"},
    "x5c": {"x5c": ["MIIB"]},
    "x5t": {"x5t": THUMBPRINT, "x5t#S256": THUMBPRINT},
    "x509": {"x509": "MIIB", "certs": ["MIIB"], "keys": [ATTACKER.jwk()]},
}


@pytest.mark.parametrize("brought", BROUGHT.values(), ids=BROUGHT)
@pytest.mark.parametrize("whose", ["the issuer's key id", "the attacker's key id", "no key id"])
def test_no_token_brings_its_own_key(target, attack, brought, whose):
    kid = {"the issuer's key id": target.local.key.key_id, "the attacker's key id": ATTACKER.key_id}.get(whose)
    assert attack(target.token(key=ATTACKER, headers={**brought, "kid": kid})).code == "invalid-token"


@pytest.mark.parametrize("brought", BROUGHT.values(), ids=BROUGHT)
def test_what_a_header_brings_does_not_spoil_an_honest_token(target, brought):
    token = target.token(headers=brought)
    assert post("/_/oidc/mint-token", json.dumps({"token": token}).encode())[0] == 200


def test_no_address_in_a_header_is_fetched(transactional_db, issuer, authority, authority_file, attack):
    """With keys that are fetched, and a key id that makes the registry look again at its issuer's."""
    keys.refresh(trust(issuer, ca_file=authority_file))
    with LocalIssuer(authority, key=ATTACKER) as attacker:
        place = f"{attacker.url}/.well-known/jwks"
        for headers in ({"jku": place}, {"x5u": place}, {"jku": place, "jwk": ATTACKER.jwk()}):
            assert attack(issuer.sign(key=ATTACKER, headers=headers)).code == "invalid-token"
        assert attacker.requests == []


# -- key ids -------------------------------------------------------------------------------------------------------

KEY_IDS = [
    *("", " ", ".", "..", "../../../../dev/null", "/dev/null", "/proc/self/environ", "file:///etc/passwd", "%00"),
    *("key\x7f", "\t", "k\n", "' OR '1'='1", "1; DROP TABLE publishers_issuer; --", "$where", "{{7*7}}", "${jndi:x}"),
    *("jwk", "keys", "first_seen", "x" * 255, "x" * 256, "x" * 20_000, "é", "\u202e", "\u0130", 0, 1, -1, 1.5),
    *(True, False, [], ["x"], {}, {"kid": "x"}, {"$ne": None}, [[]], 10**31),
]


@pytest.mark.parametrize("key_id", KEY_IDS, ids=[repr(key_id)[:30] for key_id in KEY_IDS])
def test_a_key_id_names_one_of_the_issuers_keys(target, attack, key_id):
    header = {**target.header(), "kid": key_id}
    assert attack(target.stolen(header, target.payload())).code == "invalid-token"


@pytest.mark.parametrize("spoil", [str.upper, lambda text: f" {text}", lambda text: f"{text}/", lambda text: text[:-1]])
def test_a_key_id_is_compared_exactly(target, attack, spoil):
    header = target.header(kid=spoil(target.local.key.key_id))
    assert attack(target.stolen(header, target.payload())).code == "invalid-token"


@pytest.mark.parametrize("member", ["alg", "kid", "typ", "other"])
def test_a_nul_in_a_header_is_refused_before_use(target, attack, member):
    header = {**target.header(), member: f"{target.header().get(member)}\x00"}
    assert attack(target.stolen(header, target.payload())).code == "invalid-payload"


def test_a_list_of_the_right_key_id_is_not_the_key_id(target, attack):
    header = target.header(kid=[target.local.key.key_id])
    assert attack(target.stolen(header, target.payload())).code == "invalid-token"
    assert attack(target.stolen({**target.header(), "kid": None}, target.payload())).code == "invalid-token"


# -- what must be understood, and other kinds of JWT -----------------------------------------------------------------

EXTENDED = [
    {"crit": []},
    {"crit": ["exp"], "exp": 1},
    {"crit": ["alg"]},
    {"crit": ["b64"], "b64": True},
    {"crit": ["b64"], "b64": False},
    {"crit": ["https://attacker.example/extension"], "https://attacker.example/extension": 1},
    {"crit": "b64"},
    {"crit": 1},
    {"crit": {}},
    {"crit": [None]},
    {"b64": False},
    {"b64": True},
    {"typ": "at+jwt"},
    {"typ": "application/at+jwt"},
    {"typ": "logout+jwt"},
    {"typ": "dpop+jwt"},
    {"typ": "secevent+jwt"},
    {"typ": "JWE"},
    {"typ": "jose+json"},
    {"typ": ""},
    {"typ": 1},
    {"typ": ["JWT"]},
    {"typ": "J\u0057T\u200b"},
]


@pytest.mark.parametrize("extension", EXTENDED, ids=[json.dumps(extension) for extension in EXTENDED])
def test_what_a_header_demands_is_not_ignored(target, attack, extension):
    assert attack(target.stolen({**target.header(), **extension}, target.payload())).code == "invalid-token"


def test_an_unencoded_payload_is_no_payload(target, attack):
    """RFC 7797: the same signature over the payload's own text."""
    header, payload = {**target.header(), "b64": False, "crit": ["b64"]}, json.dumps(target.payload())
    head = encoded(json.dumps(header).encode())
    signature = target.local.key.signature(f"{head}.{payload}".encode(), "RS256")
    assert attack(f"{head}.{payload}.{encoded(signature)}").code == "invalid-payload"
    assert attack(f"{head}.{encoded(payload.encode())}.{encoded(signature)}").code == "invalid-token"
    assert attack(f"{head}..{encoded(signature)}").code == "invalid-payload"


def nested(target):
    """A JWT whose payload is a JWT."""
    return target.stolen({**target.header(), "cty": "JWT"}, target.token())


def encrypted(target):
    """The five parts of a JWE."""
    head = encoded(json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": target.local.key.key_id}).encode())
    return ".".join([head, *(encoded(bytes(size)) for size in (256, 12, 40, 16))])


def in_json(target, *, flattened):
    """A JWS in its JSON serialization (RFC 7515 section 7.2), as a text."""
    protected, payload, signature = target.token().split(".")
    signed = {"protected": protected, "signature": signature}
    return json.dumps({"payload": payload, **(signed if flattened else {"signatures": [signed]})})


OTHER_KINDS = [
    Attack("a nested JWT", nested, PAYLOAD),
    Attack("a JWE", encrypted, PAYLOAD),
    Attack("a JWE's header on three parts", lambda target: target.stolen(
        {"alg": "dir", "enc": "A256GCM", "kid": target.local.key.key_id}, target.payload())),
    Attack("the general JSON serialization", lambda target: in_json(target, flattened=False), PAYLOAD),
    Attack("the flattened JSON serialization", lambda target: in_json(target, flattened=True), PAYLOAD),
    Attack("a detached payload", lambda target: "{0}..{2}".format(*target.token().split(".")), PAYLOAD),
    Attack("only the signing input", lambda target: signing_input(target.header(), target.payload()), PAYLOAD),
    Attack("a bearer's header", lambda target: f"Bearer {target.token()}", PAYLOAD),
    Attack("an upload token", lambda _target: "gth_tp_" + "a" * 49, PAYLOAD),
    Attack("a PEM", lambda target: target.public_texts()["PEM"].decode(), PAYLOAD),
]  # fmt: skip


@pytest.mark.parametrize("case", OTHER_KINDS, ids=str)
def test_nothing_but_a_compact_jws_is_a_token(case, target, attack):
    assert attack(case.make(target)).code == case.code


def test_the_token_that_all_these_spoil_is_granted(target):
    status, answer = post("/_/oidc/mint-token", json.dumps({"token": target.token()}).encode())
    assert (status, answer["projects"]) == (200, ["sampleproject"])
    assert UploadToken.objects.count() == 1
    again = target.stolen(target.header(), target.payload())
    assert post("/_/oidc/mint-token", json.dumps({"token": again}).encode())[0] == 200
