"""An identity token that an administrator pasted: what it says, whether it is good, what an exchange would do with it.

The same way as ``tokens.checking``, but nothing is counted, and all that is known is said.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model
from django.views.decorators.debug import sensitive_variables

from publishers import oidc
from publishers.errors import InvalidToken, Refused
from publishers.matching import Match
from publishers.oidc import SignedToken, UnverifiedToken
from tokens import checking, exchange
from tokens.models import Exchange, UploadToken

_JWT = re.compile(r"ey[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
# Among other words: both parts begin as JSON objects do, so that no file's name is taken for one.
_AMONG = re.compile(r"(?<![A-Za-z0-9_.-])eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Explained:
    """What is known of an identity token. Its text and its signature are not part of it."""

    verdict: str
    tone: str = "bad"
    is_signed: bool = False  # whether the claims are the issuer's words
    claims: Mapping[str, Any] = field(default_factory=dict)
    matches: Sequence[Match] = ()
    rows: Sequence[Model] = ()  # the exchange that used it up, and what that gave


def looks_like_one(text: str) -> bool:
    """Whether the text has the form of a JWT."""
    return _JWT.fullmatch(text) is not None


@sensitive_variables()
def among(text: str) -> list[str]:
    """The JWTs in a longer text, such as a header or a log."""
    return _AMONG.findall(text)


@sensitive_variables()
def explain(text: str) -> Explained:
    """Decode, verify and compare it; nothing is written and nothing is used up."""
    try:
        unverified = oidc.peek(text)
    except Refused as refusal:
        return Explained(refusal.description)
    try:
        signed = exchange.signed(unverified)
    except Refused as refusal:
        verdict = f"Nothing below is proven: {refusal.description}"
        return Explained(verdict, claims=unverified.claims)
    rows = _used_by(signed)
    try:
        checked = checking.compare(exchange.read(signed, exchange.NOBODY), exchange.Wanted())
    except InvalidToken as refusal:
        return Explained(
            f"An exchange would refuse it: {refusal.description}", "good", True, unverified.claims, (), rows
        )
    if checked.would_mint:
        verdict = f"It is good now: an exchange would cover {', '.join(checked.projects)}."
        return Explained(verdict, "bad", True, unverified.claims, checked.matches, rows)
    why = " ".join(refusal.description for refusal in checked.refusals)
    return Explained(f"An exchange would refuse it: {why}", "good", True, unverified.claims, checked.matches, rows)


def _used_by(signed: SignedToken) -> list[Model]:
    """The exchanges of this very token, the upload token that it became, and its files."""
    key = _key_of(signed.unverified)
    if key is None:
        return []
    url = signed.issuer.url
    tokens = list(UploadToken.objects.filter(issuer_url=url, redeemed=key).select_related("exchange"))
    refused = Exchange.objects.filter(issuer_url=url, identity_token_id=key, outcome=Exchange.Outcome.REFUSED)
    given = [token.exchange for token in tokens if token.exchange is not None]
    files = [row for token in tokens for row in token.provenance.defer("claims", "publisher")[:20]]
    return [*refused, *given, *tokens, *files]


def _key_of(unverified: UnverifiedToken) -> str | None:
    try:
        return oidc.identity_token_id(unverified)
    except InvalidToken:
        return None
