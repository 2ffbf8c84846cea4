import base64
import datetime
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from demo.issuer import LocalIssuer
from demo.signing import SigningKey, encoded
from publishers import jwk, oidc
from publishers.errors import InvalidPayload, InvalidToken
from publishers.models import SIGNING_ALGORITHMS, Issuer

AUDIENCE = "localhost:8443"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


@pytest.fixture(scope="module")
def local(signing_key):
    """An issuer that signs; nobody asks it anything here."""
    with LocalIssuer(key=signing_key) as running:
        yield running


@pytest.fixture
def row(local):
    """The row that trusts it."""
    return Issuer(url=local.url, provider="github")


def verified(token: str, row: Issuer, key: SigningKey, **members: Any) -> oidc.Verified:
    return oidc.verify(oidc.peek(token), row, jwk.load(jwk.clean(key.jwk(**members))))


@pytest.fixture
def verify(local, row):
    """Verify a token by the issuer's own key."""
    return lambda token: verified(token, row, local.key)


def test_a_token_says_who_the_job_is(local, verify):
    claims = local.github_claims(environment="pypi")
    found = verify(local.sign(claims))
    assert claims.items() <= found.claims.items()
    assert found.claims["aud"] == AUDIENCE


def test_peeking_believes_nothing(local):
    token = local.sign()
    unverified = oidc.peek(token[:-8] + "AAAAAAAA")
    assert (unverified.issuer, unverified.key_id, unverified.algorithm) == (local.url, local.key.key_id, "RS256")
    assert unverified.signing_input == token.rpartition(".")[0].encode()
    assert all(segment not in repr(unverified) for segment in token.split("."))


@pytest.mark.parametrize("algorithm", SIGNING_ALGORITHMS)
def test_every_algorithm_that_a_row_may_name(local, row, algorithm):
    row.algorithms = [algorithm]
    key = SigningKey.new("RS256" if algorithm[:2] in {"RS", "PS"} else algorithm)
    token = local.sign(key=key, algorithm=algorithm)
    assert verified(token, row, key, alg=None).claims["iss"] == local.url
    row.algorithms = [other for other in SIGNING_ALGORITHMS if other != algorithm]
    with pytest.raises(InvalidToken, match=f"`alg` is `{algorithm}`"):
        verified(token, row, key, alg=None)


# What is not a JWT, or is one that two readers could understand differently


def test_padding_makes_no_second_token(local):
    header, payload, signature = local.sign().split(".")
    for text in (
        f"{header}.{payload}.{signature}=",
        f"{header}.{payload}.{signature}==",
        f"{header}.{payload}==.{signature}",
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}.{signature}\n",
        f" {header}.{payload}.{signature}",
        f"{header}.{payload}.{signature[:9]} {signature[9:]}",
        f"{header}.{payload}.{signature[:9]}\n{signature[9:]}",
        f"{header}.{payload}.{signature}.",
        f"{header}.{payload}",
        f"{header}..{signature}",
        f".{payload}.{signature}",
        f"{header}.{payload}.{signature}.{signature}",
        f"{header}.{payload}.{signature}\x00",
    ):
        with pytest.raises(InvalidPayload, match="not a JWT"):
            oidc.peek(text)


def test_leftover_bits_make_no_second_token(local):
    token = local.sign()
    assert len(token.rpartition(".")[2]) % 4 == 2  # 256 octets: the last letter has four bits that say nothing
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    other = token[:-1] + alphabet[alphabet.index(token[-1]) + 1]
    assert base64.urlsafe_b64decode(token[-2:] + "==") == base64.urlsafe_b64decode(other[-2:] + "==")
    with pytest.raises(InvalidPayload, match="signature is not base64url"):
        oidc.peek(other)


def test_the_plain_alphabet_makes_no_second_token(local, verify):
    while not {"-", "_"} & set(token := local.sign()):
        pass
    verify(token)
    with pytest.raises(InvalidPayload, match="not a JWT"):
        oidc.peek(token.replace("-", "+").replace("_", "/"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "secret",
        "a.b.c",
        "e30.e30.e30.e30.e30",
        "é.é.é",
        "\ud800",
        "\x00",
        "gth_tp_" + "a" * 49,
        "A" * 65537,
        "e30." * 20_000,
    ],
)
def test_what_is_no_jwt(text):
    with pytest.raises(InvalidPayload) as refused:
        oidc.peek(text)
    assert len(text) < 5 or text not in refused.value.description


STRICT = {
    "a repeated member": '{"iss": "a", "iss": "b"}',
    "a member repeated in other letters": '{"iss": "a", "\\u0069ss": "b"}',
    "a member repeated deep inside": '{"iss": "a", "x": [{"y": 1, "y": 2}]}',
    "NaN": '{"iss": "a", "exp": NaN}',
    "Infinity": '{"iss": "a", "exp": Infinity}',
    "minus Infinity": '{"iss": "a", "exp": -Infinity}',
    "a number out of range": '{"iss": "a", "exp": 1e400}',
    "a very long number": '{"iss": "a", "exp": ' + "9" * 5000 + "}",
    "a lone surrogate": '{"iss": "a", "x": "\\ud800"}',
    "a lone surrogate as a name": '{"iss": "a", "\\udfff": 1}',
    "deep nesting": '{"iss": "a", "x": ' + "[" * 20_000 + "]" * 20_000 + "}",
    "deep nesting that does not end": '{"iss": "a", "x": ' + '{"x":' * 7000,
    "a list": '["iss"]',
    "a text": '"iss"',
    "a number": "1",
    "null": "null",
    "nothing": " ",
    "no JSON": "{iss: a}",
    "two documents": '{"iss": "a"}{"iss": "b"}',
}


@pytest.mark.parametrize("text", STRICT.values(), ids=STRICT.keys())
def test_a_document_that_is_refused_before_use(local, text):
    with pytest.raises(InvalidPayload, match="payload"):
        oidc.peek(local.sign_text('{"alg": "RS256", "kid": "k"}', text))
    with pytest.raises(InvalidPayload, match="header"):
        oidc.peek(local.sign_text(text, '{"iss": "https://issuer.example"}'))


@pytest.mark.parametrize("iss", [None, ["https://issuer.example"], {}, 1, True])
def test_an_issuer_that_is_no_text_is_unknown(local, iss):
    with pytest.raises(InvalidPayload, match="unknown trusted publishing issuer"):
        oidc.peek(local.sign(iss=iss))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text() | st.lists(st.binary(), min_size=3, max_size=3).map(lambda parts: ".".join(map(encoded, parts))))
@example("..")
def test_whatever_it_is_given_it_refuses_by_a_code(text):
    with pytest.raises(InvalidPayload):
        oidc.peek(text)


# What the header may not do


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"alg": None}, "`alg`"),
        ({"alg": "none"}, "`alg` is `none`"),
        ({"alg": "None"}, "`alg`"),
        ({"alg": ""}, "`alg`"),
        ({"alg": "HS256"}, "`alg` is `HS256`"),
        ({"alg": "HS512"}, "`alg` is `HS512`"),
        ({"alg": "RS1"}, "`alg`"),
        ({"alg": "rs256"}, "`alg`"),
        ({"alg": "ES256K"}, "`alg`"),
        ({"alg": ["RS256"]}, "`alg`"),
        ({"alg": {}}, "`alg`"),
        ({"alg": 1}, "`alg`"),
        ({"alg": "RS512"}, "signed with RS256"),
        ({"alg": "ES256"}, "signed with RS256"),
        ({"kid": None}, "no `kid`"),
        ({"kid": ""}, "no `kid`"),
        ({"kid": 1}, "no `kid`"),
        ({"kid": ["k"]}, "no `kid`"),
        ({"kid": "k" * 256}, "`kid` is too long"),
        ({"kid": "k\n"}, "control character"),
        ({"kid": "another"}, "does not fit the key"),
        ({"crit": []}, "`crit`"),
        ({"crit": ["exp"], "exp": 1}, "`crit`"),
        ({"crit": ["b64"], "b64": True}, "not understood"),
        ({"crit": "exp"}, "`crit`"),
        ({"b64": False}, "`b64`"),
        ({"b64": True}, "`b64`"),
        ({"typ": "at+jwt"}, "`typ`"),
        ({"typ": "logout+jwt"}, "`typ`"),
        ({"typ": ""}, "`typ`"),
        ({"typ": ["JWT"]}, "`typ`"),
    ],
)
def test_a_header_that_is_refused(local, verify, headers, sentence):
    with pytest.raises(InvalidToken, match=sentence):
        verify(local.sign(headers=headers))


@pytest.mark.parametrize(
    "headers", [{"typ": None}, {"typ": "jwt"}, {"typ": "application/jwt"}, {"x5t": "AAAA"}, {"cty": "x"}]
)
def test_a_header_that_is_taken(local, verify, headers):
    assert verify(local.sign(headers=headers))


def test_a_header_cannot_bring_its_own_key(local, verify):
    forger = SigningKey.new()
    for headers in (
        {"jwk": forger.jwk(kid=local.key.key_id)},
        {"jku": "https://forger.example/keys"},
        {"x5u": "https://forger.example/certificate"},
        {"x5c": ["MIIB"]},
    ):
        kid = {"kid": local.key.key_id}
        with pytest.raises(InvalidToken, match="signature"):
            verify(local.sign(headers=headers | kid, key=forger))
        assert verify(local.sign(headers=headers))


# Whose signature it must be


def forged(local: LocalIssuer, algorithm: str, secret: bytes | None) -> str:
    header, claims = {"alg": algorithm, "kid": local.key.key_id}, json.loads(payload_of(local.sign()))
    signing_input = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    digest = b"" if secret is None else hmac.digest(secret, signing_input.encode(), "sha256")
    return f"{signing_input}.{encoded(digest)}"


def payload_of(token: str) -> bytes:
    segment = token.split(".")[1]
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


@pytest.mark.parametrize("algorithms", [["RS256"], ["HS256"], ["none"], ["RS256", "HS256", "none"], []])
def test_a_public_key_is_no_secret(local, row, algorithms):
    row.algorithms = algorithms
    public = local.key.private.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
        json.dumps(local.key.jwk()).encode(),
        b"",
    ]
    for token in [*(forged(local, "HS256", secret) for secret in secrets), forged(local, "none", None)]:
        with pytest.raises(InvalidToken, match="never accepted"):
            verified(token, row, local.key)


def test_a_signature_must_be_of_the_key(local, verify):
    token = local.sign()
    signing_input, _, signature = token.rpartition(".")
    other = local.sign().rpartition(".")[2]
    header, _, payload = local.sign(repository="octo-org/other").rpartition(".")[0].partition(".")
    for text in (
        f"{signing_input}.{other}",
        f"{signing_input}.",
        f"{signing_input}.AAAA",
        f"{signing_input}.{encoded(bytes(256))}",
        f"{signing_input}.{encoded(b'0' * 40_000)}",
        f"{header}.{payload}.{signature}",
        local.sign(key=SigningKey.new(), headers={"kid": local.key.key_id}),
    ):
        with pytest.raises(InvalidToken, match="signature"):
            verify(text)


def test_an_algorithm_must_fit_the_key(local, row):
    row.algorithms = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
    curve = SigningKey.new("ES256")
    for token, key, members in (
        (local.sign(headers={"alg": "ES256"}), local.key, {}),
        (local.sign(headers={"alg": "EdDSA"}), local.key, {}),
        (local.sign(key=curve, headers={"alg": "RS256"}), curve, {}),
        (local.sign(key=curve, headers={"alg": "ES384"}), curve, {}),
        (local.sign(algorithm="PS256"), local.key, {}),  # the key set says that it is for RS256
    ):
        with pytest.raises(InvalidToken, match="does not fit the key"):
            verified(token, row, key, **members)
    assert verified(local.sign(algorithm="PS256"), row, local.key, alg=None)


def test_an_elliptic_signature_has_two_spellings_and_one_id(local, row):
    row.algorithms = ["ES256"]
    key = SigningKey.new("ES256")
    token = local.sign(key=key, jti=None)
    signing_input, _, signature = token.rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    assert decode_dss_signature(encode_dss_signature(r, s)) == (r, s)
    other = f"{signing_input}.{encoded(r.to_bytes(32) + (ORDER - s).to_bytes(32))}"
    first, second = verified(token, row, key), verified(other, row, key)
    assert first.identity_token_id == second.identity_token_id


def test_no_claim_is_looked_at_before_the_signature(local, verify):
    header, _, signature = local.sign().split(".")
    wrong = encoded(json.dumps({"iss": "https://other.example", "aud": "pypi", "exp": "x"}).encode())
    with pytest.raises(InvalidToken, match="signature"):
        verify(f"{header}.{wrong}.{signature}")


# What the registered claims must be


NOW = int(time.time())
FAR = NOW + 10**6


def steady(value: object) -> str | None:
    """A name for a value that is another in each of pytest's processes, which must agree on the tests' names."""
    return "date" if len(str(value)) == 10 and str(value).startswith(str(NOW)[:3]) else None


@pytest.mark.parametrize(
    ("claim", "value", "sentence"),
    [
        ("iss", "https://other.example", "`iss` is `https://other.example`"),
        ("aud", None, f"no claim `aud`; expected `{AUDIENCE}`"),
        ("aud", "pypi", f"expected `{AUDIENCE}`, got `pypi`"),
        ("aud", AUDIENCE.upper(), "`aud` is wrong"),
        ("aud", AUDIENCE + "/", "`aud` is wrong"),
        ("aud", "", "`aud` is wrong"),
        ("aud", [], "`aud` is wrong"),
        ("aud", [AUDIENCE, "pypi"], r'got `\["localhost:8443", "pypi"\]`'),
        ("aud", [AUDIENCE, AUDIENCE], "`aud` is wrong"),
        ("aud", [[AUDIENCE]], "`aud` is wrong"),
        ("aud", {AUDIENCE: 1}, "`aud` is wrong"),
        ("aud", True, "`aud` is wrong"),
        ("aud", 1, "`aud` is wrong"),
        ("iat", None, "no claim `iat`"),
        ("iat", FAR, "`iat` is in the future"),
        ("iat", NOW - 3601, "`exp` must be after `iat`, by at most 3600 seconds"),
        ("exp", None, "no claim `exp`"),
        ("exp", NOW - 40, "`exp` is in the past"),
        ("exp", NOW - 3000, "`exp` is in the past"),
        ("exp", 0, "`exp` is in the past"),
        ("exp", FAR, "by at most 3600 seconds"),
        ("exp", 253402300799, "by at most 3600 seconds"),
        ("nbf", FAR, "`nbf` is in the future"),
        ("nbf", "soon", "`nbf` must be a number"),
        ("jti", "", "`jti`"),
        ("jti", 1, "`jti`"),
        ("jti", ["a"], "`jti`"),
        ("jti", "a\n", "`jti`"),
        ("jti", "a" * 1025, "`jti`"),
    ],
    ids=steady,
)
def test_a_claim_that_is_wrong(local, verify, claim, value, sentence):
    with pytest.raises(InvalidToken, match=sentence):
        verify(local.sign(**{claim: value}))


@pytest.mark.parametrize("claim", ["iat", "exp", "nbf"])
@pytest.mark.parametrize(
    "value", ["x", str(NOW), "", True, False, [], {}, [NOW], -1, 10**12, 10**30, 1e300, -1e300], ids=steady
)
def test_a_date_is_a_number_of_seconds(local, verify, claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}` must be a number of seconds"):
        verify(local.sign(**{claim: value}))


@pytest.mark.parametrize("claim", ["iat", "exp", "nbf", "jti", "aud"])
def test_a_claim_that_is_null(local, verify, claim):
    claims = json.loads(payload_of(local.sign())) | {claim: None}
    header = json.dumps({"alg": "RS256", "kid": local.key.key_id})
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        verify(local.sign_text(header, json.dumps(claims)))


@pytest.mark.parametrize("changes", [{"aud": [AUDIENCE]}, {"nbf": None}, {"jti": None}, {"jti": "ü" * 1024}])
def test_claims_that_are_right(local, verify, changes):
    assert verify(local.sign(**changes))


@pytest.mark.parametrize(
    "offsets",
    [{"iat": 20}, {"nbf": 20}, {"iat": -600, "exp": -20}, {"iat": -10.5, "exp": 300.5}, {"iat": -3000, "exp": 600}],
)
def test_dates_that_are_right(local, verify, offsets):
    now = int(time.time())
    assert verify(local.sign(**{claim: now + offset for claim, offset in offsets.items()}))


def test_a_row_has_its_own_audience_and_age(local, row):
    row.audience, row.max_token_age = "other", 60
    now = int(time.time())
    assert verified(local.sign(aud="other", exp=now + 50, iat=now), row, local.key)
    with pytest.raises(InvalidToken, match="expected `other`, got `localhost:8443`"):
        verified(local.sign(), row, local.key)
    with pytest.raises(InvalidToken, match="by at most 60 seconds"):
        verified(local.sign(aud="other"), row, local.key)


def test_what_a_refusal_repeats_is_short_and_printable(local, verify):
    token = local.sign(aud="\u202e" + "<b>" * 5000)
    with pytest.raises(InvalidToken) as refused:
        verify(token)
    assert len(refused.value.description) < 400
    assert refused.value.description.replace("…", "").isascii()
    assert token not in refused.value.description


def test_it_expires_when_the_issuer_says(local, verify):
    expires = int(time.time()) + 100
    assert verify(local.sign(exp=expires)).expires_at == datetime.datetime.fromtimestamp(expires, datetime.UTC)


# One id for every spelling


def test_the_id_is_that_of_the_jti(local, verify):
    jti = str(uuid.uuid4())
    ids = {verify(token).identity_token_id for token in (local.sign(jti=jti), local.sign(jti=jti, run_id="9"))}
    assert ids == {hashlib.sha256(f"jti\0{jti}".encode()).hexdigest()}


def test_without_a_jti_the_id_is_that_of_the_signing_input(local, verify):
    token = local.sign(jti=None)
    signing_input = token.rpartition(".")[0]
    found = verify(token).identity_token_id
    assert found == hashlib.sha256(f"signing input\0{signing_input}".encode()).hexdigest()
    assert verify(local.sign(jti=signing_input[:1024])).identity_token_id != found


@pytest.mark.parametrize(
    "claims", [{"repository": "a\x00b"}, {"extra": ["\x00"]}, {"extra": {"\x00": 1}}, {"ex\x00tra": 1}]
)
def test_a_nul_is_refused_wherever_it_stands_with_the_claims_name(local, verify, claims):
    with pytest.raises(InvalidToken, match="NUL"):
        verify(local.sign(**claims))


def test_an_issuer_with_a_control_character_is_none_that_anybody_knows(local):
    with pytest.raises(InvalidPayload, match="unknown trusted publishing issuer"):
        oidc.peek(local.sign(iss="https://a\x00"))
