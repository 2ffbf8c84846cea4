"""The whole way from an identity token to an upload token."""

from collections.abc import Collection
from dataclasses import dataclass

from packaging.utils import NormalizedName

from publishers import keys, matching, oidc
from publishers.errors import Refused
from publishers.models import Issuer, Publisher
from publishers.pinning import Overtaken
from tokens import redemption
from tokens.redemption import Attempt, Client, Granted


@dataclass(frozen=True)
class Wanted:
    """What the request asks for besides the token: None means every project that the token may publish to."""

    projects: Collection[NormalizedName] | None = None
    single_use: bool = False


def exchange(unverified_text: str, wanted: Wanted, client: Client) -> Granted:
    """Turn an identity token into an upload token. Raises Refused with the reason.

    Find the issuer that it names, verify it against that issuer's keys, read its claims in the words of our
    form, find the publishers that they match; then, in one transaction, redeem, mint and record.
    """
    unverified = oidc.peek(unverified_text)
    issuer = Issuer.objects.trusted(unverified.issuer)
    verified = oidc.verify(unverified, issuer, keys.find(issuer, unverified.key_id))
    reading = issuer.kind.read(verified.claims)
    attempt = Attempt(issuer, unverified.key_id, verified, reading, client)
    try:
        return _match_and_grant(attempt, wanted)
    except Overtaken:  # by an exchange that pinned the publisher's ids a moment ago: hold the token against those
        return _match_and_grant(attempt, wanted)


def _match_and_grant(attempt: Attempt, wanted: Wanted) -> Granted:
    issuer, reading = attempt.issuer, attempt.reading
    standing = matching.candidates(issuer, reading, wanted.projects)
    try:
        matches = matching.credited(issuer, standing, reading, wanted.projects)
    except Refused as refusal:
        if standing or Publisher.objects.at(issuer, attempt.identity).exists():
            checks = [redemption.as_record(matching.hold(publisher, reading)) for publisher in standing[:20]]
            redemption.refuse(attempt, refusal, standing, checks)
        raise
    return redemption.grant(attempt, matches, single_use=wanted.single_use)
