import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.signing import SigningKey, encoded
from publishers import jwk
from publishers.jwk import BadKey, BadKeySet

RSA, P256, ED = SigningKey.new(), SigningKey.new("ES256"), SigningKey.new("EdDSA")
assert isinstance(RSA.private, rsa.RSAPrivateKey)
PRIVATE = RSA.private.private_numbers()


def whole(number: int) -> str:
    return encoded(number.to_bytes((number.bit_length() + 7) // 8))


def other_curve() -> dict[str, Any]:
    point = ec.generate_private_key(ec.SECP256K1()).public_key().public_numbers()
    x, y = encoded(point.x.to_bytes(32)), encoded(point.y.to_bytes(32))
    return {"kty": "EC", "crv": "secp256k1", "x": x, "y": y, "kid": "k"}


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES384", "ES512", "EdDSA"])
def test_the_keys_that_are_kept(algorithm):
    key = SigningKey.new(algorithm)
    raw = key.jwk(use=None)
    assert jwk.clean(raw) == raw
    assert jwk.clean({**raw, "use": "sig", "key_ops": ["verify"], "x5c": ["MIIB"], "x5t": "a", "n2": 1}) == raw
    loaded = jwk.load(raw)
    assert loaded.algorithms == {algorithm}
    assert loaded.public == key.private.public_key()
    assert jwk.load(raw) is loaded, "reading a key takes time, so it is done once"


@pytest.mark.parametrize(
    ("key", "algorithms"),
    [(RSA, {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}), (P256, {"ES256"}), (ED, {"EdDSA"})],
)
def test_a_key_without_an_algorithm_verifies_by_those_that_fit_it(key, algorithms):
    assert jwk.load(jwk.clean(key.jwk(alg=None))).algorithms == algorithms


def test_ed25519_has_two_names():
    assert jwk.clean(ED.jwk(alg="Ed25519"))["alg"] == "EdDSA"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "not an object"),
        ([], "not an object"),
        ("key", "not an object"),
        (RSA.jwk(kid=None), "no key id"),
        (RSA.jwk(kid=""), "no key id"),
        (RSA.jwk(kid=7), "no key id"),
        (RSA.jwk(kid="k" * 256), "too long"),
        (RSA.jwk(kid="k\n"), "control character"),
        (RSA.jwk(use="enc"), "not for signatures"),
        (RSA.jwk(use=["sig"]), "not for signatures"),
        (RSA.jwk(key_ops=["sign"]), "not for verifying"),
        (RSA.jwk(key_ops=[]), "not for verifying"),
        (RSA.jwk(key_ops="verify"), "not for verifying"),
        (RSA.jwk(alg="RSA-OAEP"), "algorithm"),
        (RSA.jwk(alg="HS256"), "algorithm"),
        (RSA.jwk(alg="none"), "algorithm"),
        (RSA.jwk(alg="ES256"), "algorithm"),
        (RSA.jwk(alg=["RS256"]), "algorithm"),
        (P256.jwk(alg="ES384"), "algorithm"),
        (RSA.jwk(kty=None), "kind"),
        (RSA.jwk(kty="rsa"), "kind"),
        (RSA.jwk(kty=["RSA"]), "kind"),
        ({"kty": "oct", "kid": "k", "k": "c2VjcmV0"}, "private"),
        ({"kty": "oct", "kid": "k"}, "kind"),
        (RSA.jwk(d=whole(PRIVATE.d)), "private"),
        (RSA.jwk(p=whole(PRIVATE.p), q=whole(PRIVATE.q)), "private"),
        (P256.jwk(d="AA"), "private"),
        (SigningKey.new(bits=1024).jwk(), "1024 bits"),
        (RSA.jwk(n=whole(2**2046 + 1)), "2047 bits"),
        (RSA.jwk(n=whole(2**16384 + 1)), "16385 bits"),
        (RSA.jwk(n=whole(2**2047)), "cannot be one"),
        (RSA.jwk(n=None), "no text `n`"),
        (RSA.jwk(n=5), "no text `n`"),
        (RSA.jwk(n="*"), "cannot be read"),
        (RSA.jwk(n=""), "0 bits"),
        (RSA.jwk(e=None), "no text `e`"),
        (RSA.jwk(e=whole(1)), "cannot be one"),
        (RSA.jwk(e=""), "cannot be one"),
        (RSA.jwk(e=whole(65538)), "cannot be one"),
        (RSA.jwk(e=whole(2**32 + 1)), "cannot be one"),
        (other_curve(), "curve"),
        (P256.jwk(crv=None), "curve"),
        (P256.jwk(crv=["P-256"]), "curve"),
        (P256.jwk(crv="P-384"), "length"),
        (P256.jwk(x=encoded(bytes(31))), "length"),
        (P256.jwk(x=encoded(bytes(32)), y=encoded(bytes(32))), "cannot be read"),
        (P256.jwk(y=P256.jwk()["x"]), "cannot be read"),
        (ED.jwk(crv="Ed448"), "curve"),
        (ED.jwk(crv="X25519"), "curve"),
        (ED.jwk(x=encoded(bytes(31))), "cannot be read"),
        (ED.jwk(x="é"), "cannot be read"),
        (ED.jwk(x=encoded(bytes(32))), "everybody could sign"),
        (ED.jwk(x=encoded(b"\xff" * 32)), "everybody could sign"),
    ],
)
def test_the_keys_that_are_left_out(raw, reason):
    with pytest.raises(BadKey, match=reason):
        jwk.clean(raw)
    assert list(jwk.read_set({"keys": [raw, RSA.jwk(kid="good")]})) == ["good"]
    with pytest.raises(BadKeySet, match="no usable key"):
        jwk.read_set({"keys": [raw]})


def test_one_key_has_one_thumbprint_however_it_is_written():
    plain = RSA.jwk()
    spellings = [
        plain,
        {**plain, "kid": "other"},
        {**plain, "alg": "PS256"},
        {**plain, "n": plain["n"] + "=="},
        {**plain, "n": encoded(b"\0" + PRIVATE.public_numbers.n.to_bytes(256)), "e": "AAEAAQ"},
    ]
    assert len({jwk.load(jwk.clean(raw)).thumbprint for raw in spellings}) == 1


def test_the_thumbprint_is_that_of_rfc_7638():
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3"
        "oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdA"
        "ZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-"
        "kEgU8awapJzKnqDKgw"
    )
    key = jwk.load(jwk.clean({"kty": "RSA", "n": n, "e": "AQAB", "kid": "2011-04-29"}))
    assert key.thumbprint == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (None, "no list of keys"),
        ([], "no list of keys"),
        ({}, "no list of keys"),
        ({"keys": None}, "no list of keys"),
        ({"keys": {"k": P256.jwk()}}, "no list of keys"),
        ({"keys": []}, "no usable key"),
        ({"keys": [P256.jwk(), P256.jwk()]}, "two keys by one key id"),
        ({"keys": [P256.jwk(kid="k"), ED.jwk(kid="k")]}, "two keys by one key id"),
        ({"keys": [P256.jwk(kid="k"), ED.jwk(kid="k", use="enc")]}, "two keys by one key id"),
        ({"keys": [P256.jwk(kid=str(number)) for number in range(51)]}, "more than 50"),
        ({"keys": [P256.jwk(), *({} for _ in range(50))]}, "more than 50"),
    ],
)
def test_a_set_that_is_not_taken(document, reason):
    with pytest.raises(BadKeySet, match=reason):
        jwk.read_set(document)


def test_fifty_keys_are_taken():
    assert len(jwk.read_set({"keys": [P256.jwk(kid=str(number)) for number in range(50)]})) == 50


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "n", "e", "crv", "x", "y"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([RSA, P256, ED]), st.dictionaries(names, json_values))
def test_whatever_a_key_says_it_is_kept_or_left_out(key, changes):
    try:
        kept = jwk.clean({**key.jwk(), **changes})
    except BadKey:
        return
    assert jwk.load(json.loads(json.dumps(kept))).key_id == kept["kid"]
