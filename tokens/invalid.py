"""Identity tokens that their issuer signed, but not for this registry, or not for now.

They are refused like others, and recorded like others: only where their workload is known here. Nobody may be let in
by what they say, so it is asked for nothing else.
"""

from collections.abc import Collection

from packaging.utils import NormalizedName

from publishers import matching, oidc
from publishers.errors import InvalidToken
from publishers.models import Publisher
from publishers.oidc import SignedToken
from tokens import redemption, refusing
from tokens.redemption import Attempt, Client


def refuse(
    signed: SignedToken, refusal: InvalidToken, projects: Collection[NormalizedName] | None, client: Client
) -> None:
    """Record that a signed token was refused, if its claims tell of a place where a publisher stands.

    One that an earlier exchange used up is counted there instead.
    """
    attempt = _attempt(signed, client)
    if attempt is None:
        return
    used = redemption.redeemed_before(attempt)
    if used is not None and used.exchange:
        redemption.count_replay(used.exchange)
        refusal.exchange = used.exchange
        return
    standing = matching.candidates(attempt.issuer, attempt.reading, projects)
    if standing or Publisher.objects.at(attempt.issuer, attempt.identity).exists():
        held = [matching.hold_invalid(publisher, attempt.reading, refusal) for publisher in standing]
        refusing.refuse(attempt, refusal, held)


def _attempt(signed: SignedToken, client: Client) -> Attempt | None:
    """What can be read of it; None where that is too little to know the workload."""
    issuer, said = signed.issuer, oidc.refused(signed)
    try:
        return Attempt(issuer, signed.key_id, said, issuer.kind.read(said.claims), client)
    except InvalidToken:
        return None
