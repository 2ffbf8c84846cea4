"""Near misses of signatures on elliptic curves, and keys with which everybody signs.

The vectors are made here, in the spirit of Project Wycheproof's and with the private keys of keys that the registry
trusts, so that each differs from a good signature in one respect only.
"""

import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from demo.signing import SigningKey, encoded
from publishers import jwk
from publishers.jwk import BadKey
from tests.attacks.forging import Target, allow, decoded, granted, post, signing_input
from tokens.models import UploadToken

# -- elliptic curves -----------------------------------------------------------------------------------------------

CURVE_KEYS = {name: SigningKey.new(name) for name in ("ES256", "ES384", "ES512")}
ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "ES512": 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
}
SIZES = {"ES256": 32, "ES384": 48, "ES512": 66}


def always(signature: bytes) -> Callable[..., bytes]:
    """Whatever the right one is."""
    return lambda *_right: signature


def curve_token(target: Target, algorithm: str, change: Callable[[int, int, int], bytes]) -> str:
    """A token with ``change(r, s, size)`` instead of the right pair."""
    key, size = CURVE_KEYS[algorithm], SIZES[algorithm]
    text = signing_input(target.header(alg=algorithm, kid=key.key_id), target.payload())
    signature = key.signature(text.encode(), algorithm)
    r, s = int.from_bytes(signature[:size]), int.from_bytes(signature[size:])
    return f"{text}.{encoded(change(r, s, size))}"


@pytest.mark.parametrize("algorithm", CURVE_KEYS)
def test_no_special_pair_is_a_signature(target, attack, algorithm):
    allow(target, CURVE_KEYS[algorithm], algorithm)
    order, top = ORDERS[algorithm], 256 ** SIZES[algorithm] - 1
    special = [0, 1, order - 1, order, top]
    for r in special:
        for s in special:
            pair = r.to_bytes(SIZES[algorithm]) + s.to_bytes(SIZES[algorithm])
            token = curve_token(target, algorithm, always(pair))
            assert "signature" in attack(token).description, (r, s)


TWISTS: dict[str, Callable[[int, int, int], bytes]] = {
    "swapped": lambda r, s, size: s.to_bytes(size) + r.to_bytes(size),
    "r alone": lambda r, _s, size: r.to_bytes(size),
    "r twice": lambda r, _s, size: r.to_bytes(size) * 2,
    "little end first": lambda r, s, size: r.to_bytes(size, "little") + s.to_bytes(size, "little"),
    "DER": lambda r, s, _size: encode_dss_signature(r, s),
    "a zero before each": lambda r, s, size: r.to_bytes(size + 1) + s.to_bytes(size + 1),
    "a zero before": lambda r, s, size: b"\0" + r.to_bytes(size) + s.to_bytes(size),
    "a zero behind": lambda r, s, size: r.to_bytes(size) + s.to_bytes(size) + b"\0",
    "an octet less": lambda r, s, size: r.to_bytes(size) + s.to_bytes(size)[:-1],
    "r and the order": lambda r, s, size: (r + ORDERS["ES256"]).to_bytes(size + 1) + s.to_bytes(size + 1),
    "s and the order": lambda r, s, size: r.to_bytes(size + 1) + (s + ORDERS["ES256"]).to_bytes(size + 1),
    "the order less r": lambda r, s, size: (ORDERS["ES256"] - r).to_bytes(size) + s.to_bytes(size),
    "nothing": lambda _r, _s, _size: b"",
}


@pytest.mark.parametrize("twist", TWISTS.values(), ids=TWISTS)
def test_a_twisted_pair_is_no_signature(target, attack, twist):
    allow(target, CURVE_KEYS["ES256"], "ES256")
    assert "signature" in attack(curve_token(target, "ES256", twist)).description


@pytest.mark.parametrize("changes", [{}, {"jti": None}], ids=["with a jti", "without a jti"])
def test_the_other_signature_that_every_pair_has_makes_no_second_token(target, attack, changes):
    """(r, order - s) verifies as well; RFC 7518 does not forbid it, so it must be the same identity token."""
    allow(target, CURVE_KEYS["ES256"], "ES256")
    text = signing_input(target.header(alg="ES256", kid=CURVE_KEYS["ES256"].key_id), target.payload(**changes))
    signature = CURVE_KEYS["ES256"].signature(text.encode(), "ES256")
    other = signature[:32] + (ORDERS["ES256"] - int.from_bytes(signature[32:])).to_bytes(32)
    assert granted(f"{text}.{encoded(other)}")
    status, answer = post("/_/oidc/mint-token", json.dumps({"token": f"{text}.{encoded(signature)}"}).encode())
    assert (status, answer["errors"][0]["code"]) == (422, "invalid-reuse-token")
    assert UploadToken.objects.count() == 1


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512"])
def test_a_curve_has_its_own_function(target, attack, algorithm):
    """The right curve with the digest of another of the three."""
    allow(target, CURVE_KEYS[algorithm], algorithm)
    wrong = {"ES256": hashes.SHA512(), "ES384": hashes.SHA256(), "ES512": hashes.SHA384()}[algorithm]
    key = CURVE_KEYS[algorithm]
    text = signing_input(target.header(alg=algorithm, kid=key.key_id), target.payload())
    assert isinstance(key.private, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.private.sign(text.encode(), ec.ECDSA(wrong)))
    size = SIZES[algorithm]
    assert "signature" in attack(f"{text}.{encoded(r.to_bytes(size) + s.to_bytes(size))}").description


# -- Ed25519 -------------------------------------------------------------------------------------------------------

FIELD = 2**255 - 19
GROUP = 2**252 + 27742317777372353535851937790883648493
ED = SigningKey.new("EdDSA")
# The points whose multiple by eight is nothing, as RFC 8032 writes them: y with the sign of x in the highest bit.
TORSION_Y = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = [
    (y + sign).to_bytes(32, "little")
    for y in (0, 1, FIELD - 1, TORSION_Y, FIELD - TORSION_Y, FIELD, FIELD + 1)
    for sign in (0, 2**255)
]


def ed_token(target: Target, change: Callable[[bytes], bytes]) -> str:
    allow(target, ED, "EdDSA")
    text = signing_input(target.header(alg="EdDSA", kid=ED.key_id), target.payload())
    return f"{text}.{encoded(change(ED.signature(text.encode(), 'EdDSA')))}"


ED_CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "zeros": lambda _signature: bytes(64),
    "S is zero": lambda signature: signature[:32] + bytes(32),
    "R is zero": lambda signature: bytes(32) + signature[32:],
    "S and the order": lambda signature: (
        signature[:32] + (int.from_bytes(signature[32:], "little") + GROUP).to_bytes(32, "little")
    ),
    "the order less S": lambda signature: (
        signature[:32] + (GROUP - int.from_bytes(signature[32:], "little")).to_bytes(32, "little")
    ),
    "S is the order": lambda signature: signature[:32] + GROUP.to_bytes(32, "little"),
    "another sign of R": lambda signature: signature[:31] + bytes([signature[31] ^ 0x80]) + signature[32:],
    "a zero behind": lambda signature: signature + b"\0",
    "an octet less": lambda signature: signature[:-1],
    "swapped": lambda signature: signature[32:] + signature[:32],
    "the public key before": lambda signature: decoded(ED.jwk()["x"]) + signature[32:],
}


@pytest.mark.parametrize("change", ED_CHANGES.values(), ids=ED_CHANGES)
def test_another_pair_is_no_ed25519_signature(target, attack, change):
    assert "signature" in attack(ed_token(target, change)).description
    assert granted(ed_token(target, bytes))


@pytest.mark.parametrize("point", SMALL_ORDER, ids=[point.hex() for point in SMALL_ORDER])
def test_a_point_of_small_order_makes_no_signature(target, attack, point):
    for s in (bytes(32), b"\1" + bytes(31)):
        assert "signature" in attack(ed_token(target, always(point + s))).description


@pytest.mark.parametrize("point", SMALL_ORDER, ids=[point.hex() for point in SMALL_ORDER])
def test_a_key_by_which_everybody_signs_is_not_kept(point):
    """With a public key of small order, the sign of one text is that of many: nobody need have the private part."""
    with pytest.raises(BadKey):
        jwk.clean({"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": encoded(point)})


def test_the_small_points_are_what_they_are_said_to_be():
    """Somebody who has no private key signs under at least one of them: the check above is about something."""
    public = ed25519.Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
    public.verify((1).to_bytes(32, "little") + bytes(32), b"any text")
    assert len({*SMALL_ORDER}) == 14
