"""The record of a refusal: an exchange, a line for each project and person that it concerns, and their mails."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import prefetch_related_objects

from publishers import matching, renaming
from publishers.errors import Refused
from publishers.matching import Match
from registry.models import Event
from tokens import telling
from tokens.models import Exchange
from tokens.redemption import Attempt, as_record

# Of a refusal so many publishers are kept with their checks.
MAX_RECORDED = 20
MAX_LINES = 100  # in the histories of projects, and as many in people's


def refuse(attempt: Attempt, refusal: Refused, held: Sequence[Match]) -> None:
    """Record a refusal once per identity token, with a line in the history of each project or person it concerns.

    ``held`` are the publishers that it concerns, held against the token.
    """
    prefetch_related_objects([match.publisher for match in held], "project")
    prefetch_related_objects([match.publisher for match in held if match.publisher.project is None], "added_by")
    checks = [as_record(match) for match in held[:MAX_RECORDED]]
    exchange = attempt.record(
        Exchange.Outcome.REFUSED, code=refusal.code, description=refusal.description, checks=checks
    )
    try:
        with transaction.atomic():
            exchange.save(force_insert=True)
            renaming.note(held, attempt.reading)
            Event.objects.bulk_create([*_of_projects(attempt, held, exchange), *_of_people(attempt, held, exchange)])
            telling.refused(exchange, held, attempt.reading)
    except IntegrityError:
        earlier = Exchange.objects.filter(
            outcome=Exchange.Outcome.REFUSED,
            issuer_url=exchange.issuer_url,
            identity_token_id=exchange.identity_token_id,
        )
        refusal.exchange = str(earlier.values_list("pk", flat=True).first() or "")
    else:
        refusal.exchange = str(exchange.pk)


def _of_projects(attempt: Attempt, held: Sequence[Match], exchange: Exchange) -> Iterator[Event]:
    for project, matches in islice(matching.nearest_of_projects(held).items(), MAX_LINES):
        details = _details(matches[0], exchange)
        yield Event.line("project:oidc:exchange-refused", attempt.actor, project=project, **details)


def _of_people(attempt: Attempt, held: Sequence[Match], exchange: Exchange) -> Iterator[Event]:
    for user, matches in islice(matching.nearest_of_people(held).items(), MAX_LINES):
        details = {"pending": matches[0].publisher.project_name, **_details(matches[0], exchange)}
        yield Event.line("account:oidc:exchange-refused", attempt.actor, user=user, **details)


def _details(nearest: Match, exchange: Exchange) -> dict[str, Any]:
    return {
        "exchange": str(exchange.pk),
        "publisher": nearest.publisher.pk,
        "code": exchange.code,
        "provider": exchange.provider,
    }
