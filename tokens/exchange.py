"""The whole way from an identity token to an upload token."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.views.decorators.debug import sensitive_variables
from packaging.utils import NormalizedName

from publishers import keys, matching, oidc
from publishers.errors import (
    Busy,
    InvalidPendingPublisher,
    InvalidPublisher,
    InvalidToken,
    KeysUnavailable,
    ReadOnly,
    Refused,
)
from publishers.models import Issuer, Publisher
from publishers.oidc import SignedToken, UnverifiedToken
from publishers.pinning import Overtaken
from tokens import invalid, limits, redemption, refusing
from tokens.redemption import Attempt, Client, Granted

# An exchange that pins a publisher's ids may be overtaken by another one, which then has pinned them.
TRIES = 3
# Where a token is only looked at.
NOBODY = Client(None, "")


@dataclass(frozen=True)
class Wanted:
    """What the request asks for besides the token: None means every project that the token may publish to."""

    projects: Collection[NormalizedName] | None = None
    single_use: bool = False


@sensitive_variables()
def exchange(unverified_text: str, wanted: Wanted, client: Client) -> Granted:
    """Turn an identity token into an upload token. Raises Refused with the reason.

    Find the issuer that it names, verify it against that issuer's keys, read its claims in the words of our
    form, find the publishers that they match; then, in one transaction, redeem, mint and record.
    """
    authentic = authenticate(unverified_text, client)
    try:
        return _exchange(authentic, wanted, client)
    except Refused as refusal:
        refusal.provider = authentic.issuer.provider
        raise


def _exchange(authentic: SignedToken, wanted: Wanted, client: Client) -> Granted:
    if authentic.issuer.writing_off:  # type: ignore[attr-defined]  # by ``IssuerQuerySet.trusted``
        raise ReadOnly
    try:
        attempt = read(authentic, client)
    except InvalidToken as refusal:
        limits.count_on_token(authentic, client.address)
        invalid.refuse(authentic, refusal, wanted.projects, client)
        raise
    for _ in range(TRIES):
        try:
            return _match_and_grant(attempt, wanted)
        except Overtaken:
            continue
    return _grant_undisturbed(attempt, wanted)


@sensitive_variables()
def authenticate(unverified_text: str, client: Client) -> SignedToken:
    """The token, once its signature is that of the issuer that it names. Raises Refused."""
    with limits.of_address(client.address):
        return signed(oidc.peek(unverified_text))


def signed(unverified: UnverifiedToken) -> SignedToken:
    """The same for a token that was looked into; nothing is counted. Raises Refused."""
    issuer = Issuer.objects.trusted(unverified.issuer)
    try:
        key = keys.find(issuer, unverified.key_id)
    except KeysUnavailable as unavailable:
        unavailable.provider = issuer.provider
        raise
    return oidc.authenticate(unverified, issuer, key)


def read(authentic: SignedToken, client: Client) -> Attempt:
    """What a token that is valid here and now says, in the words of our form. Raises InvalidToken."""
    verified, issuer = oidc.accept(authentic), authentic.issuer
    return Attempt(issuer, authentic.key_id, verified, issuer.kind.read(verified.claims), client)


def _match_and_grant(attempt: Attempt, wanted: Wanted) -> Granted:
    issuer, reading = attempt.issuer, attempt.reading
    standing = matching.candidates(issuer, reading, wanted.projects)
    try:
        matches = matching.credited(issuer, standing, reading, wanted.projects)
    except Refused as refusal:
        redemption.check_unused(attempt)
        limits.count_on_identity(issuer, attempt.identity)
        concerned = standing + matching.further(issuer, reading, wanted.projects, refusal)
        if concerned or Publisher.objects.at(issuer, attempt.identity).exists():
            refusing.refuse(attempt, refusal, [matching.hold(one, reading) for one in concerned])
        raise
    return redemption.grant(attempt, matches, single_use=wanted.single_use)


def _grant_undisturbed(attempt: Attempt, wanted: Wanted) -> Granted:
    """The same while nobody can change the publishers: who changes his own again and again must not stop others."""
    try:
        with transaction.atomic():
            standing = matching.candidates(attempt.issuer, attempt.reading, wanted.projects, lock=True)
            matches = matching.credited(attempt.issuer, standing, attempt.reading, wanted.projects)
            return redemption.grant(attempt, matches, single_use=wanted.single_use)
    except (Overtaken, InvalidPublisher, InvalidPendingPublisher, IntegrityError):
        raise Busy("The publishers of this workload are being changed at this moment; try again.") from None
