"""Key sets as issuers publish them (RFC 7517): which of their keys may verify an identity token."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from publishers import base64url
from publishers.letters import has_control

MAX_KEYS = 50
MAX_KEY_ID_LENGTH = 255
MIN_RSA_BITS = 2048
# Above, one verification takes long enough to be felt, and nobody publishes such a key.
MAX_RSA_BITS = 16384
MAX_RSA_EXPONENT = 2**32

RSA_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
# Name: curve, bytes per coordinate, algorithm (RFC 7518 section 3.4).
CURVES: dict[str, tuple[ec.EllipticCurve, int, str]] = {
    "P-256": (ec.SECP256R1(), 32, "ES256"),
    "P-384": (ec.SECP384R1(), 48, "ES384"),
    "P-521": (ec.SECP521R1(), 66, "ES512"),
}
# The prime of Curve25519's field, and what the y of a point of small order is (RFC 8032 section 5.1): under such a
# public key a signature that anybody makes verifies.
_FIELD = 2**255 - 19
_EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _EIGHTH, _FIELD - _EIGHTH})
PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | Ed25519PublicKey


class BadKey(ValueError):
    """A key that is not kept; the message says why."""


class BadKeySet(ValueError):
    """A key set that is not taken at all; the message is a sentence."""


@dataclass(frozen=True)
class Key:
    """A public key, and the algorithms with which it may verify."""

    key_id: str
    public: PublicKey
    algorithms: frozenset[str]
    thumbprint: str


def read_set(document: Any) -> dict[str, dict[str, str]]:
    """The usable keys of a JWK set, as they are stored, by key id. Raises BadKeySet.

    A bad key is left out; a set with no usable key, a key id twice or more than 50 keys is not taken.
    """
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise BadKeySet("The key set has no list of keys.")
    if len(listed) > MAX_KEYS:
        raise BadKeySet(f"The key set has more than {MAX_KEYS} keys.")
    _refuse_repeated_ids(listed)
    kept, refusals = {}, []
    for raw in listed:
        try:
            jwk = clean(raw)
            kept[jwk["kid"]] = jwk
        except BadKey as bad:
            refusals.append(str(bad))
    if not kept:
        raise BadKeySet(f"The key set has no usable key ({refusals[0] if refusals else 'it is empty'}).")
    return kept


def clean(raw: Any) -> dict[str, str]:
    """The public members of one key in their one canonical form. Raises BadKey."""
    if not isinstance(raw, dict):
        raise BadKey("a key is not an object")
    key_id, public = _key_id(raw), _public(raw)
    if raw.get("use", "sig") != "sig":
        raise BadKey("a key is not for signatures")
    if "key_ops" in raw and not (isinstance(raw["key_ops"], list) and "verify" in raw["key_ops"]):
        raise BadKey("a key is not for verifying")
    jwk = {"kid": key_id, **_members(public)}
    if "alg" in raw:
        jwk["alg"] = _algorithm(raw["alg"], public)
    return jwk


def load(jwk: Mapping[str, str]) -> Key:
    """A stored key, ready to verify; the last 256 are kept in memory."""
    return _load(json.dumps(jwk, sort_keys=True))


@lru_cache(maxsize=256)
def _load(text: str) -> Key:
    jwk = json.loads(text)
    public = _public(jwk)
    algorithms = frozenset({jwk["alg"]}) if "alg" in jwk else _algorithms(public)
    return Key(jwk["kid"], public, algorithms & _algorithms(public), _thumbprint(_members(public)))


def _refuse_repeated_ids(listed: list[Any]) -> None:
    ids = [raw["kid"] for raw in listed if isinstance(raw, dict) and isinstance(raw.get("kid"), str)]
    if len(set(ids)) != len(ids):
        raise BadKeySet("The key set names two keys by one key id.")


def _key_id(raw: dict[str, Any]) -> str:
    key_id = raw.get("kid")
    if not isinstance(key_id, str) or not key_id:
        raise BadKey("a key has no key id")
    if len(key_id) > MAX_KEY_ID_LENGTH or has_control(key_id):
        raise BadKey("a key id is too long or has a control character")
    return key_id


def _public(raw: Mapping[str, Any]) -> PublicKey:
    if PRIVATE_MEMBERS & raw.keys():  # everybody who can read the set could sign with it
        raise BadKey("a key is published with its private part")
    readers = {"RSA": _rsa, "EC": _elliptic, "OKP": _edwards}
    kind = raw.get("kty")
    if not isinstance(kind, str) or kind not in readers:
        raise BadKey("a key is of a kind that is not used")
    try:
        return readers[kind](raw)
    except BadKey:
        raise
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("a key cannot be read") from None


def _rsa(raw: Mapping[str, Any]) -> PublicKey:
    modulus = int.from_bytes(_octets(raw, "n"))
    exponent = int.from_bytes(_octets(raw, "e"))
    if not MIN_RSA_BITS <= modulus.bit_length() <= MAX_RSA_BITS:
        raise BadKey(f"an RSA key has {modulus.bit_length()} bits, not {MIN_RSA_BITS} to {MAX_RSA_BITS}")
    if not 3 <= exponent < MAX_RSA_EXPONENT or not exponent % 2 or not modulus % 2:
        raise BadKey("an RSA key has a modulus or an exponent that cannot be one")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _elliptic(raw: Mapping[str, Any]) -> PublicKey:
    name = raw.get("crv")
    if not isinstance(name, str) or name not in CURVES:
        raise BadKey("a key is on a curve that is not used")
    curve, size, _ = CURVES[name]
    x, y = _octets(raw, "x"), _octets(raw, "y")
    if not len(x) == len(y) == size:
        raise BadKey("a key's coordinates have a wrong length")
    # Refuses a point that is not on the curve.
    return ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), curve).public_key()


def _edwards(raw: Mapping[str, Any]) -> PublicKey:
    if raw.get("crv") != "Ed25519":
        raise BadKey("a key is on a curve that is not used")
    point = _octets(raw, "x")
    public = Ed25519PublicKey.from_public_bytes(point)
    y = int.from_bytes(point, "little") % 2**255  # the highest bit is the sign of x
    if y >= _FIELD or y in _SMALL_ORDER:
        raise BadKey("a key is a point with which everybody could sign")
    return public


def _octets(raw: Mapping[str, Any], name: str) -> bytes:
    value = raw.get(name)
    if not isinstance(value, str):
        raise BadKey(f"a key has no text `{name}`")
    return base64url.decode(value.rstrip("="))  # some issuers pad, against the rule; ``_members`` never does


def _members(public: PublicKey) -> dict[str, str]:
    """The members that make the key, each in its shortest form: one key has one thumbprint."""
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", "n": _whole_number(numbers.n), "e": _whole_number(numbers.e)}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        name = _curve_name(public)
        x, y = (base64url.encode(value.to_bytes(CURVES[name][1])) for value in (point.x, point.y))
        return {"kty": "EC", "crv": name, "x": x, "y": y}
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": base64url.encode(public.public_bytes(Encoding.Raw, PublicFormat.Raw)),
    }


def _whole_number(number: int) -> str:
    return base64url.encode(number.to_bytes((number.bit_length() + 7) // 8))


def _curve_name(public: ec.EllipticCurvePublicKey) -> str:
    return next(name for name, (curve, _, _) in CURVES.items() if curve.name == public.curve.name)


def _algorithms(public: PublicKey) -> frozenset[str]:
    if isinstance(public, rsa.RSAPublicKey):
        return RSA_ALGORITHMS
    if isinstance(public, ec.EllipticCurvePublicKey):
        return frozenset({CURVES[_curve_name(public)][2]})
    return frozenset({"EdDSA"})


def _algorithm(stated: Any, public: PublicKey) -> str:
    """The one algorithm that an issuer meant the key for; RFC 9864 says Ed25519 where RFC 8037 said EdDSA."""
    algorithm = "EdDSA" if stated == "Ed25519" else stated
    if not isinstance(algorithm, str) or algorithm not in _algorithms(public):
        raise BadKey("a key is for an algorithm that does not fit it or is not used")
    return algorithm


def _thumbprint(members: Mapping[str, str]) -> str:
    """RFC 7638: SHA-256 over the members in order, without spaces."""
    text = json.dumps(members, sort_keys=True, separators=(",", ":"))
    return base64url.encode(hashlib.sha256(text.encode()).digest())
