"""What an exchange would do: the same way, which stops before anything is written."""

from dataclasses import dataclass, field, replace

from django.views.decorators.debug import sensitive_variables

from publishers import matching
from publishers.errors import InvalidToken, ReadOnly, Refused
from publishers.matching import Match
from tokens import limits, redemption
from tokens.exchange import Wanted, authenticate, read
from tokens.redemption import Attempt, Client

# So many publishers are shown with their checks.
MAX_SHOWN = 20


@dataclass(frozen=True)
class Checked:
    """What mint-token would answer, and why."""

    wanted: Wanted
    refusals: list[Refused] = field(default_factory=list)
    projects: list[str] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)  # those that match first, then the nearest

    @property
    def would_mint(self) -> bool:
        """Whether an exchange would be granted now."""
        return not self.refusals


@sensitive_variables()
def check(unverified_text: str, wanted: Wanted, client: Client) -> Checked:
    """Say what the exchange would do with an identity token, and why; nothing is used up or written.

    Raises Refused for a token that fails before its signature is verified: strangers are told no more than there;
    and RateLimited for a workload that is checked too often, also if an exchange would be granted.
    """
    signed = authenticate(unverified_text, client)
    limits.count_on_token(signed, client.address)
    try:
        checked = compare(read(signed, client), wanted)
    except InvalidToken as refusal:
        checked = Checked(wanted, [refusal])
    if signed.issuer.writing_off:  # type: ignore[attr-defined]  # by ``IssuerQuerySet.trusted``
        # What mint-token says before anything else; what it would say afterwards is told with it.
        return replace(checked, refusals=[ReadOnly(), *checked.refusals], projects=[])
    return checked


def compare(attempt: Attempt, wanted: Wanted) -> Checked:
    """What the exchange would do with a token that was read; nothing is counted."""
    issuer, reading = attempt.issuer, attempt.reading
    standing = matching.candidates(issuer, reading, wanted.projects)
    used = redemption.redeemed_before(attempt)
    refusals: list[Refused] = [] if used is None else [used]
    covered: list[Match] = []
    try:
        covered = matching.credited(issuer, standing, reading, wanted.projects)
    except Refused as refusal:
        refusals.append(refusal)
        standing += matching.further(issuer, reading, wanted.projects, refusal)
    projects = [] if refusals else sorted(match.name for match in covered)
    return Checked(wanted, refusals, projects, matching.nearest(standing, reading)[:MAX_SHOWN])
