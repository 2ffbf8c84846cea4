"""How often anybody is told why they are refused (MINT_RATE): beyond that the answer is 429, and nothing is written.

Refusals before the signature is verified count on the client's address; verified refusals, and checks whatever they
find, on the issuer and identity of the token. A granted exchange is neither counted nor ever limited: a farm of jobs
behind one address notices nothing as long as its tokens are good. What is answered by 429 is not counted either, so
the Retry-After is true for who keeps trying.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from publishers import sentences
from publishers.errors import InvalidToken, KeysUnavailable, RateLimited, Refused
from publishers.models import Issuer
from publishers.oidc import SignedToken
from registry import counting


@contextmanager
def of_address(address: str | None) -> Iterator[None]:
    """Count a refusal within on the client's address. Raises RateLimited in the place of one too many."""
    try:
        yield
    except Refused as refusal:
        # Other statuses (a body without a length, or too long) tell nothing that anybody could be looking for.
        if refusal.status == Refused.status or isinstance(refusal, KeysUnavailable):
            _count_on_address(address)
        raise


def count_on_identity(issuer: Issuer, identity: str) -> None:
    """Count a refusal or a check of a verified token, before anything of it is written. Raises RateLimited."""
    _count(f"identity {issuer.url} {identity}", sentences.identity_is_limited)


def count_on_token(signed: SignedToken, address: str | None) -> None:
    """The same for a token that may be wrong: on its identity where it tells one, else on the client's address."""
    kind = signed.issuer.kind
    try:
        identity = kind.identity(kind.read(signed.unverified.claims))
    except InvalidToken:
        _count_on_address(address)
    else:
        count_on_identity(signed.issuer, identity)


def network(address: str | None) -> str:
    """What counts as one address: of IPv6 the /64, which is what one customer has; empty where none is known."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if parsed.version == 6 and parsed.ipv4_mapped is None:
        return f"{int(parsed) >> 64:016x}::/64"
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _count_on_address(address: str | None) -> None:
    _count(f"address {network(address)}", sentences.address_is_limited)


def _count(key: str, sentence: sentences.Limited) -> None:
    rate = settings.MINT_RATE
    seconds = counting.spend(key, rate) if rate is not None else 0
    if seconds:
        raise RateLimited(sentence(str(rate), seconds), seconds) from None
