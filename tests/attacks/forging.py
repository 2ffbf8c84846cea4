"""Tokens that no honest issuer makes: every part of a JWT in the attacker's hands, and what happens to it here."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.test import Client

from demo.issuer import LocalIssuer
from demo.signing import SigningKey, changed, encoded
from publishers import keys
from publishers.models import Issuer, Publisher

MINT, CHECK = "/_/oidc/mint-token", "/_/oidc/check"
# The codes of a token that fails before its signature is verified and after; both mint nothing.
PAYLOAD, TOKEN, PUBLISHER = "invalid-payload", "invalid-token", "invalid-publisher"


def compact(header: Any, payload: Any, signature: bytes) -> str:
    """A compact JWS of two documents (a text or bytes are taken as they are) and any signature at all."""
    return f"{signing_input(header, payload)}.{encoded(signature)}"


def signing_input(header: Any, payload: Any) -> str:
    """The two segments that are signed."""
    return ".".join(encoded(_octets(document)) for document in (header, payload))


def decoded(segment: str) -> bytes:
    """The octets of a base64url segment."""
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, payload and signature of a token."""
    header, payload, signature = token.split(".")
    return json.loads(decoded(header)), json.loads(decoded(payload)), decoded(signature)


def _octets(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    return document.encode() if isinstance(document, str) else json.dumps(document).encode()


@dataclass(frozen=True)
class Target:
    """A trusted issuer, whose key the attacker does not have unless a case says so, and a publisher there."""

    local: LocalIssuer
    issuer: Issuer
    publisher: Publisher

    def token(self, **options: Any) -> str:
        """A token that is granted unless ``options`` (of ``LocalIssuer.sign``) spoil it."""
        return self.local.sign(self.local.github_claims(), **options)

    @cached_property
    def honest(self) -> tuple[dict[str, Any], dict[str, Any], bytes]:
        """Header, payload and signature of one token."""
        return parts(self.token())

    def header(self, **changes: Any) -> dict[str, Any]:
        """An honest header, changed."""
        return changed(self.honest[0], changes)

    def payload(self, **changes: Any) -> dict[str, Any]:
        """An honest payload, changed."""
        return changed(self.honest[1], changes)

    def stolen(self, header: Any, payload: Any, *, key: SigningKey | None = None, algorithm: str = "RS256") -> str:
        """These very documents, signed with the issuer's own key: the signature is right, and the rest is not."""
        text = signing_input(header, payload)
        return f"{text}.{encoded((key or self.local.key).signature(text.encode(), algorithm))}"

    def hmac(self, secret: bytes, algorithm: str = "HS256") -> str:
        """A token whose MAC has ``secret`` as its key, which may be something that everybody knows."""
        text = signing_input(self.header(alg=algorithm), self.payload())
        return f"{text}.{encoded(hmac.digest(secret, text.encode(), f'sha{algorithm[2:]}'))}"

    def public_texts(self) -> dict[str, bytes]:
        """The public key in all the spellings that somebody may have taken for a shared secret."""
        public = self.local.key.private.public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        jwk = self.local.key.jwk()
        return {
            "PEM": pem,
            "PEM without its last line break": pem.rstrip(),
            "PEM with carriage returns": pem.replace(b"\n", b"\r\n"),
            "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "PKCS #1 PEM": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
            "PKCS #1 DER": public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
            "JWK": json.dumps(jwk).encode(),
            "JWK without spaces": json.dumps(jwk, separators=(",", ":"), sort_keys=True).encode(),
            "JWK set": json.dumps({"keys": [jwk]}).encode(),
            "modulus": decoded(jwk["n"]),
            "modulus in base64url": jwk["n"].encode(),
            "key id": jwk["kid"].encode(),
            "nothing": b"",
        }


Make = Callable[[Target], str]


@dataclass(frozen=True)
class Attack:
    """A hostile token: what it is, how it is made, and the code with which it must be refused."""

    name: str
    make: Make
    code: str = TOKEN

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Answers:
    """What mint-token and check said to one body."""

    mint: dict[str, Any]
    check: dict[str, Any]

    @property
    def code(self) -> str:
        """The first code of the refusal at mint-token; empty if it was granted."""
        return str(self.mint["errors"][0]["code"]) if "errors" in self.mint else ""

    @property
    def description(self) -> str:
        """Its sentence."""
        return str(self.mint["errors"][0]["description"]) if "errors" in self.mint else ""


def post(path: str, body: bytes, **headers: Any) -> tuple[int, dict[str, Any]]:
    """Status and document of an answer to these very bytes."""
    headers = {"content_type": "application/json", "CONTENT_LENGTH": str(len(body)), **headers}
    response = Client().generic("POST", path, body, **headers)
    return response.status_code, response.json()


def granted(token: str) -> bool:
    """Whether mint-token takes it."""
    return post(MINT, json.dumps({"token": token}).encode())[0] == 200


def allow(target: Target, key: SigningKey, algorithm: str) -> None:
    """Let the issuer sign so, with a key that is not bound to one algorithm."""
    row = target.issuer
    row.algorithms = [algorithm]
    row.save(update_fields=["algorithms"])
    keys.paste(row, {"keys": [key.jwk(alg=None)]})
