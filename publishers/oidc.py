"""Identity tokens: looked into before, and believed only after, their signature is verified.

The only file that imports jwt. Rules: RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (best current practices).
"""

import datetime
import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from publishers import base64url, sentences
from publishers.errors import InvalidPayload, InvalidToken
from publishers.jwk import MAX_KEY_ID_LENGTH, Key
from publishers.letters import has_control
from publishers.models import SIGNING_ALGORITHMS, Issuer
from publishers.providers import of_other_credential
from publishers.providers.claims import MAX_CLAIM_LENGTH
from registry import strictjson

# Seconds by which clocks may differ, here and in how long a used token is remembered.
LEEWAY = 30
MAX_TOKEN_LENGTH = 64 * 1024
# The last second that a datetime can hold; also far beyond any date that a token may carry.
MAX_DATE = 253_402_300_799
MAX_TOLD = 200  # characters of a claim, in a sentence

_SEGMENTS = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
# An access token or a logout token of the same issuer says another type (RFC 8725 section 3.11).
_TYPES = frozenset({"jwt", "application/jwt"})
# What registered claims must be, as sentences and the record say it.
_DATE = "a number of seconds since 1970"
_PAST = "in the past"
_ID = f"a text of 1 to {MAX_CLAIM_LENGTH} printable characters"


@dataclass(frozen=True)
class UnverifiedToken:
    """What a text that looks like a JWT says. Anybody may have written it: no signature was verified yet."""

    issuer: str
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def algorithm(self) -> str:
        """``alg`` of the header. Raises InvalidToken when no issuer may sign with such a header."""
        _check_header(self.header)
        return str(self.header["alg"])

    @property
    def key_id(self) -> str:
        """``kid`` of the header. Raises InvalidToken when no key could make such a header good."""
        _check_header(self.header)
        return str(self.header["kid"])


@dataclass(frozen=True)
class SignedToken:
    """A token whose signature is its issuer's. For whom it was issued, and until when, was not looked at yet."""

    unverified: UnverifiedToken = field(repr=False)
    issuer: Issuer

    @property
    def key_id(self) -> str:
        """``kid`` of the key that made it good."""
        return self.unverified.key_id


@dataclass(frozen=True)
class Verified:
    """What the issuer says, once its signature, audience and dates are right."""

    claims: dict[str, Any]
    # SHA-256 in hex of the ``jti``, or of the signing input where there is none: the same for every spelling.
    identity_token_id: str
    expires_at: datetime.datetime


def peek(text: str) -> UnverifiedToken:
    """Look into a compact JWT without believing it. Raises InvalidPayload if it is none or has no issuer."""
    if len(text) > MAX_TOKEN_LENGTH:
        raise InvalidPayload(f"The token is longer than {MAX_TOKEN_LENGTH} characters.")
    segments = _SEGMENTS.fullmatch(text)
    if segments is None:
        other = of_other_credential(text)
        if other is not None:
            raise InvalidPayload(f"The token is not a JWT. {sentences.other_credential(other)}")
        raise InvalidPayload("The token is not a JWT: three base64url segments, not padded, joined by dots.")
    header, claims = _document("header", segments[1]), _document("payload", segments[2])
    signature = _decoded("signature", segments[3])
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or has_control(issuer):
        raise InvalidPayload("unknown trusted publishing issuer: the claim `iss` is no text without control characters")
    return UnverifiedToken(issuer, header, claims, f"{segments[1]}.{segments[2]}".encode(), signature)


def verify(unverified: UnverifiedToken, issuer: Issuer, key: Key) -> Verified:
    """The claims of a token that ``issuer`` signed with ``key`` for this registry. Raises InvalidToken."""
    return accept(authenticate(unverified, issuer, key))


def authenticate(unverified: UnverifiedToken, issuer: Issuer, key: Key) -> SignedToken:
    """The same token, once it is sure that ``issuer`` signed it with ``key``. Raises InvalidToken."""
    _check_signature(unverified, issuer, key)
    if unverified.issuer != issuer.url:
        raise InvalidToken(f"The claim `iss` is {_shown(unverified.issuer)}, not {issuer.url}.")
    return SignedToken(unverified, issuer)


def accept(signed: SignedToken) -> Verified:
    """The claims of a signed token that is for this registry and valid now. Raises InvalidToken."""
    unverified, issuer = signed.unverified, signed.issuer
    claims = dict(unverified.claims)
    _check_audience(claims, issuer.expected_audience)
    expires_at = _check_dates(claims, issuer.max_token_age)
    _check_storable(claims)
    return Verified(claims, identity_token_id(unverified), expires_at)


def refused(signed: SignedToken) -> Verified:
    """What the record of a signed token keeps that ``accept`` refuses. It opens nothing: it is over at once.

    PostgreSQL stores no NUL, so claims that have one are left out. A token without a ``jti`` that can be used is known
    by its signing input.
    """
    said = signed.unverified.claims
    claims = {name: value for name, value in said.items() if not _has_nul(name, value)}
    try:
        token_id = identity_token_id(signed.unverified)
    except InvalidToken:
        token_id = _of_signing_input(signed.unverified)
    return Verified(claims, token_id, datetime.datetime.now(datetime.UTC))


def _document(name: str, segment: str) -> dict[str, Any]:
    try:
        document = strictjson.parse(_decoded(name, segment), with_nul=name == "payload")
    except strictjson.NotStrict as wrong:
        raise InvalidPayload(f"The token is not a JWT: its {name} is not taken, because {wrong}.") from None
    if not isinstance(document, dict):
        raise InvalidPayload(f"The token is not a JWT: its {name} is not a JSON object.")
    return document


def _decoded(name: str, segment: str) -> bytes:
    try:
        return base64url.decode(segment)
    except ValueError:
        raise InvalidPayload(f"The token is not a JWT: its {name} is not base64url.") from None


def _check_header(header: Mapping[str, Any]) -> None:
    """Members that bring keys (jwk, jku, x5u, x5c) are not looked at; what must be understood is refused."""
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in SIGNING_ALGORITHMS:
        raise InvalidToken(f"The header's `alg` is {_shown(algorithm)}, which is never accepted.")
    for name in {"crit", "b64"} & header.keys():
        raise InvalidToken(f"The header has `{name}`, which is not understood here.")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise InvalidToken(f"The header's `typ` is {_shown(kind)}, not `JWT`.")
    if not isinstance(key_id, str) or not key_id:
        raise InvalidToken("The header has no `kid`, the id of the key that signed it.")
    if len(key_id) > MAX_KEY_ID_LENGTH or has_control(key_id):
        raise InvalidToken("The header's `kid` is too long or has a control character.")


def _check_signature(unverified: UnverifiedToken, issuer: Issuer, key: Key) -> None:
    """By the issuer's algorithms and the key's: the token chooses among them and never adds one."""
    algorithm = unverified.algorithm
    if algorithm not in issuer.algorithms:
        allowed = ", ".join(issuer.algorithms)
        raise InvalidToken(
            f"The header's `alg` is `{algorithm}`, but tokens of {issuer.url} are signed with {allowed}."
        )
    if unverified.key_id != key.key_id or algorithm not in key.algorithms:
        raise InvalidToken(f"The header's `alg` (`{algorithm}`) does not fit the key that its `kid` names.")
    if not _is_signed(unverified, algorithm, key):
        raise InvalidToken("The signature is not one of the key that the header's `kid` names.")


def _is_signed(unverified: UnverifiedToken, algorithm: str, key: Key) -> bool:
    scheme = jwt.get_algorithm_by_name(algorithm)
    try:
        return scheme.verify(unverified.signing_input, scheme.prepare_key(key.public), unverified.signature)
    except jwt.PyJWTError:
        return False


def _check_audience(claims: Mapping[str, Any], expected: str) -> None:
    audience = claims.get("aud")
    if audience is None:
        raise InvalidToken(sentences.no_audience(expected), "aud", expected)
    if audience not in (expected, [expected]):
        raise InvalidToken(sentences.wrong_audience(expected, _shown(audience)), "aud", expected, _told(audience))


def _check_dates(claims: Mapping[str, Any], max_age: int) -> datetime.datetime:
    now = time.time()
    issued, expires = _date(claims, "iat"), _date(claims, "exp")
    if issued > now + LEEWAY:
        wrong = "The claim `iat` is in the future: the token is not issued yet."
        raise InvalidToken(wrong, "iat", _PAST, _told(issued))
    if expires <= now - LEEWAY:
        raise InvalidToken(sentences.expired(), "exp", "in the future", _told(expires))
    if not 0 < expires - issued <= max_age:
        wrong = f"The claim `exp` must be after `iat`, by at most {max_age} seconds."
        raise InvalidToken(wrong, "exp", f"at most {max_age} seconds after iat", _told(expires))
    if "nbf" in claims and _date(claims, "nbf") > now + LEEWAY:
        wrong = "The claim `nbf` is in the future: the token is not valid yet."
        raise InvalidToken(wrong, "nbf", _PAST, _told(claims["nbf"]))
    return datetime.datetime.fromtimestamp(expires, datetime.UTC)


def _date(claims: Mapping[str, Any], name: str) -> float:
    """A NumericDate (RFC 7519 section 2): seconds since 1970, perhaps with a fraction."""
    if name not in claims:
        raise InvalidToken(f"The token has no claim `{name}`.", name, _DATE)
    value = claims[name]
    # True is a number to Python; a NaN, which strictjson refuses, would fail the comparison.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_DATE:
        raise InvalidToken(f"The claim `{name}` must be {_DATE}.", name, _DATE, _told(value))
    return value


def _check_storable(claims: Mapping[str, Any]) -> None:
    """PostgreSQL stores no NUL, so none may be in what an exchange keeps, a claim that nobody looks at included."""
    if "\\u0000" not in json.dumps(claims):  # as JSON spells it
        return
    for name, value in claims.items():
        if _has_nul(name, value):
            wrong = f"The claim {_shown(name)} has a NUL character in it."
            raise InvalidToken(wrong, _told(name), "without NUL characters", _told(value))


def _has_nul(name: str, value: Any) -> bool:
    return any("\x00" in text for text in strictjson.strings({name: value}))


def identity_token_id(unverified: UnverifiedToken) -> str:
    """Never from the token's text or its signature, both of which have several spellings that verify."""
    if "jti" not in unverified.claims:
        return _of_signing_input(unverified)
    jti = unverified.claims["jti"]
    if not isinstance(jti, str) or not 0 < len(jti) <= MAX_CLAIM_LENGTH or has_control(jti):
        raise InvalidToken(f"The claim `jti` must be {_ID}.", "jti", _ID, _told(jti))
    return hashlib.sha256(b"jti\0" + jti.encode()).hexdigest()


def _of_signing_input(unverified: UnverifiedToken) -> str:
    return hashlib.sha256(b"signing input\0" + unverified.signing_input).hexdigest()


def _shown(value: Any) -> str:
    """What a stranger wrote, fit for a sentence: printable ASCII, and not much of it."""
    return f"`{_told(value)}`"


def _told(value: Any) -> str:
    text = json.dumps(value)
    if len(text) > MAX_TOLD:
        return f"{text[:MAX_TOLD]}…"
    return text[1:-1] if isinstance(value, str) else text
