"""From a match to an upload token: redeem, mint, record, in one transaction."""

import datetime
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from publishers import pinning, sentences
from publishers.errors import InvalidReuseToken
from publishers.matching import Match
from publishers.models import Issuer
from publishers.oidc import LEEWAY, Verified
from publishers.providers.fields import Reading
from registry.actors import Actor
from registry.inserting import insert_together
from registry.models import Event
from tokens import limits, secrets, telling
from tokens.models import REDEMPTION_MARGIN, Exchange, UploadToken


@dataclass(frozen=True)
class Client:
    """Who sent the request."""

    address: str | None
    user_agent: str


@dataclass(frozen=True)
class Attempt:
    """A verified identity token, and who brought it."""

    issuer: Issuer
    key_id: str
    verified: Verified
    reading: Reading
    client: Client

    @property
    def identity(self) -> str:
        """The indexed text of the place that the token speaks of."""
        return self.issuer.kind.identity(self.reading)

    @property
    def once(self) -> bool:
        """Whether its identity token is good for one exchange only."""
        return self.issuer.reuse != Issuer.Reuse.UNTIL_EXPIRY

    @property
    def actor(self) -> Actor:
        """Whom the history names."""
        return Actor(f"{self.issuer.kind.label}: {self.issuer.kind.place(self.reading)}", address=self.client.address)

    def record(self, outcome: str, **columns: Any) -> Exchange:
        """The unsaved row of this attempt."""
        marks = self.issuer.kind.marks(self.verified.claims)
        return Exchange(
            outcome=outcome,
            issuer=self.issuer,
            issuer_url=self.issuer.url,
            provider=self.issuer.provider,
            identity=self.identity,
            identity_token_id=self.verified.identity_token_id,
            key_id=self.key_id[:255],
            commit=marks.commit,
            run=marks.run,
            claims=self.verified.claims,
            address=self.client.address,
            user_agent=self.client.user_agent,
            **columns,
        )


@dataclass(frozen=True)
class Granted:
    """What the CI job gets. ``text`` is the token itself: it leaves in one answer and nowhere else."""

    text: str = field(repr=False)
    expires_at: datetime.datetime
    projects: list[str]
    exchange_id: str
    provider: str


@sensitive_variables("text")
def grant(attempt: Attempt, matches: list[Match], *, single_use: bool) -> Granted:
    """Redeem the identity token, mint an upload token for the matches, and record it all or nothing.

    Raises InvalidReuseToken when the identity token was redeemed before, also a moment ago on another machine, and
    Overtaken when a publisher or its project went or changed since it was read.
    """
    text = secrets.new(secrets.UPLOAD)
    expires_at = timezone.now() + datetime.timedelta(seconds=settings.UPLOAD_TOKEN_TTL)
    exchange = _granted(attempt, matches)
    token = _upload_token(attempt, exchange, matches, text, expires_at, single_use=single_use)
    lines = [_grant_line(attempt, match, str(exchange.pk)) for match in matches]
    news = telling.unknown_environments(matches, attempt.reading)
    more = bool(news) or pinning.has_to_learn(matches, attempt.reading)
    try:
        # These rows are all or none by themselves. What else is written with them needs a transaction, and so does
        # one that is under way: it must survive their conflict with an earlier exchange.
        with transaction.atomic() if more or transaction.get_connection().in_atomic_block else nullcontext():
            insert_together(token, exchange, *lines)
            pinning.learn(matches, attempt.reading)
            telling.environments_used(news)
    except IntegrityError as conflict:
        check_unused(attempt)
        raise pinning.Overtaken from conflict
    return Granted(text, expires_at, exchange.projects, str(exchange.pk), exchange.provider)


def redeemed_before(attempt: Attempt) -> InvalidReuseToken | None:
    """The refusal of an identity token that an earlier exchange used up, which it names; None for another token."""
    if not attempt.once:
        return None
    used = UploadToken.objects.filter(issuer_url=attempt.issuer.url, redeemed=attempt.verified.identity_token_id)
    original = used.first()
    if original is None:
        return None
    refusal = InvalidReuseToken(sentences.used_before())
    refusal.exchange = str(original.exchange_id or "")
    return refusal


def check_unused(attempt: Attempt) -> None:
    """Raise InvalidReuseToken if the identity token was redeemed before; that is counted on the original exchange.

    Raises RateLimited, and counts nothing there, when this workload was refused too often.
    """
    refusal = redeemed_before(attempt)
    if refusal is None:
        return
    limits.count_on_identity(attempt.issuer, attempt.identity)
    count_replay(refusal.exchange)
    raise refusal


def count_replay(exchange_id: str) -> None:
    """An identity token that an exchange used up came once more."""
    if exchange_id:
        Exchange.objects.filter(pk=exchange_id).update(replays=F("replays") + 1)


def _upload_token(
    attempt: Attempt,
    exchange: Exchange,
    matches: list[Match],
    text: str,
    expires_at: datetime.datetime,
    *,
    single_use: bool,
) -> UploadToken:
    return UploadToken(
        exchange=exchange,
        digest=secrets.digest(text),
        issuer=attempt.issuer,
        issuer_url=attempt.issuer.url,
        redeemed=attempt.verified.identity_token_id if attempt.once else None,
        redeemed_until=attempt.verified.expires_at + datetime.timedelta(seconds=LEEWAY) + REDEMPTION_MARGIN,
        grants=[_grant(match) for match in matches],
        single_use=single_use,
        expires_at=expires_at,
    )


def _grant(match: Match) -> dict[str, Any]:
    return {
        "project": match.name,
        "publisher": match.publisher.pk,
        "generation": match.publisher.generation,
        "version": match.version,
    }


def _granted(attempt: Attempt, matches: list[Match]) -> Exchange:
    return attempt.record(
        Exchange.Outcome.GRANTED,
        projects=sorted(match.name for match in matches),
        checks=[as_record(match) for match in matches],
    )


def as_record(match: Match) -> dict[str, Any]:
    """A match as an exchange keeps it."""
    return {
        "project": match.name,
        "publisher": match.publisher.pk,
        "fields": match.publisher.values,
        "dead": match.dead,
        "checks": [check.as_dict() for check in match.checks + match.pins],
    }


def _grant_line(attempt: Attempt, match: Match, exchange_id: str) -> Event:
    details: dict[str, Any] = {
        "exchange": exchange_id,
        "publisher": match.publisher.pk,
        "provider": attempt.issuer.provider,
    }
    if match.publisher.is_pending:
        return Event.line(
            "account:oidc:exchange-granted",
            attempt.actor,
            user=match.publisher.added_by,
            pending=match.publisher.project_name,
            **details,
        )
    # The project was not read; the publisher knows what the line says of it.
    line = Event.line("project:oidc:exchange-granted", attempt.actor, **details)
    line.project_id, line.project_name = match.publisher.project_id, match.publisher.normalized_name
    return line
