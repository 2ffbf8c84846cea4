"""Keys that sign identity tokens."""

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | Ed25519PrivateKey
CURVES: dict[str, ec.EllipticCurve] = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


@dataclass(frozen=True)
class SigningKey:
    """A key of an issuer, its id, and the algorithm that it signs with."""

    private: PrivateKey = field(repr=False)
    algorithm: str
    key_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @classmethod
    def new(cls, algorithm: str = "RS256", *, bits: int = 2048) -> "SigningKey":
        """A fresh key for an algorithm of RFC 7518, or for EdDSA."""
        if algorithm in CURVES:
            return cls(ec.generate_private_key(CURVES[algorithm]), algorithm)
        if algorithm == "EdDSA":
            return cls(Ed25519PrivateKey.generate(), algorithm)
        return cls(rsa.generate_private_key(65537, bits), algorithm)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Its public half, as a key set lists it; a change to None leaves a member out."""
        public = jwt.get_algorithm_by_name(self.algorithm).to_jwk(self.private.public_key(), as_dict=True)
        public.pop("key_ops", None)
        return changed({**public, "use": "sig", "alg": self.algorithm, "kid": self.key_id}, changes)

    def signature(self, signing_input: bytes, algorithm: str) -> bytes:
        """Sign with this key, by an algorithm that fits it."""
        return bytes(jwt.get_algorithm_by_name(algorithm).sign(signing_input, self.private))


def encoded(data: bytes) -> str:
    """Base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``members`` with ``changes``; what is changed to None is left out."""
    return {name: value for name, value in {**members, **changes}.items() if value is not None}
