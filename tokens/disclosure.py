"""What a project may see of an exchange: its owners and maintainers, on pages and in mails.

Its own publishers, what they expect and which claim failed: always. What the token said, its run and its sender: at
once where nobody can register unasked; else only once a file was uploaded to the project through that publisher, for
anybody may name anybody's repository in a publisher of his. Other projects and other claims: never.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet, UUIDField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Replace

from publishers.matching import REGISTERED_ID, Match
from publishers.models import Issuer, Publisher
from publishers.providers.base import Links
from registry.models import Event, Project
from tokens.models import Exchange, Provenance

SPOKEN_OF = ("project:oidc:exchange-granted", "project:oidc:exchange-refused")


@dataclass(frozen=True)
class Comparison:
    """A publisher of the project held against the token, as the project sees it."""

    publisher: int
    words: str  # the publisher in one line
    fields: Mapping[str, Any]
    dead: str | None
    # claim, expected and ok; actual only where the project may see it.
    checks: Sequence[Mapping[str, Any]]
    is_another: bool  # whether a pin differs: nothing but that is told then
    shows_actual: bool

    @property
    def ok(self) -> bool:
        """Whether the publisher trusts the token."""
        return self.dead is None and all(check["ok"] for check in self.checks)

    @property
    def tells_all(self) -> bool:
        """Whether what the token said may be told, and what could be changed so that it is trusted."""
        return self.shows_actual and not self.is_another


@dataclass(frozen=True)
class Seen:
    """An exchange as one project sees it. What it may not see is empty."""

    comparisons: Sequence[Comparison]
    in_context: bool  # whether its run and its sender are told
    links: Links = field(default_factory=Links)
    ref: str = ""
    address: str = ""
    client: str = ""


def shows_actual(publisher: Publisher | None) -> bool:
    """Whether a publisher's project sees what the token said. None: the publisher is gone, and nobody can tell."""
    return publisher.tells_actual if publisher is not None else not settings.SIGNUP_OPEN


def told_senders(events: Iterable[Event]) -> set[int]:
    """Of which events of CI jobs a history tells who it was and from where, by their keys.

    A job is named by what its token said, such as the new name of a repository that was renamed.

    Where strangers may register, only of a person's doing, or once a file was uploaded through the publisher.
    """
    of_jobs = [event for event in events if event.actor_id is None]
    told = {event.pk for event in events} - {event.pk for event in of_jobs}
    standing = Publisher.objects.in_bulk(
        {event.details["publisher"] for event in of_jobs if "publisher" in event.details}
    )
    return told | {event.pk for event in of_jobs if shows_actual(standing.get(event.details.get("publisher")))}


def of_match(match: Match) -> Comparison:
    """A comparison that was just made."""
    publisher = match.publisher
    checks = [check.as_dict() for check in match.checks + match.pins]
    told = shows_actual(publisher)
    return _comparison(publisher.pk, publisher.description, publisher.values, match.dead, checks, told)


def exchanges_of(project: Project) -> QuerySet[Exchange]:
    """Those that the project's history speaks of, and those by which a file came to it: the first may have waited."""
    spoken_of = Event.objects.filter(project=project, tag__in=SPOKEN_OF).order_by()
    hexadecimal = Replace(KT("details__exchange"), Value("-"), Value(""))
    ids = spoken_of.annotate(exchange=Cast(hexadecimal, UUIDField())).values("exchange")
    # By name, for files may be gone; since the project began, for another may have had the name.
    files = Provenance.objects.filter(project_name=project.normalized_name, uploaded_at__gte=project.created_at)
    uploaded = files.filter(exchange__isnull=False).order_by().values("exchange")
    return Exchange.objects.filter(pk__in=ids.union(uploaded))


def seen_by(project: Project, exchange: Exchange) -> Seen:
    """A recorded exchange, of which ``project`` sees its part."""
    return all_seen_by(project, [exchange])[exchange.pk]


def all_seen_by(project: Project, exchanges: Collection[Exchange]) -> dict[UUID, Seen]:
    """The same for many, by their ids, at the price of one."""
    named = {record["publisher"] for exchange in exchanges for record in exchange.checks}
    standing = Publisher.objects.in_bulk(named)
    return {exchange.pk: _seen(project, exchange, standing) for exchange in exchanges}


def _seen(project: Project, exchange: Exchange, standing: Mapping[int, Publisher]) -> Seen:
    comparisons = [
        _recorded(exchange, record, publisher)
        for record in exchange.checks
        for publisher in [standing.get(record["publisher"])]
        if _is_of(project, record, publisher, exchange)
    ]
    if not shows_context(comparisons):
        return Seen(comparisons, in_context=False)
    links = exchange.issuer.kind.links(exchange.claims) if exchange.issuer is not None else Links()
    ref, address = str(exchange.claims.get("ref") or ""), exchange.address or ""
    return Seen(comparisons, True, links, ref, address, exchange.user_agent)


def shows_context(comparisons: Iterable[Comparison]) -> bool:
    """Whether run, commit, ref and address are told. Strangers' sign-up closed, even of a token with other ids."""
    return any(one.shows_actual and (not one.is_another or not settings.SIGNUP_OPEN) for one in comparisons)


def _is_of(project: Project, record: Mapping[str, Any], publisher: Publisher | None, exchange: Exchange) -> bool:
    """By publisher; where that is gone, by name, unless the name was another project's then."""
    if publisher is not None:
        return publisher.project_id == project.pk
    return bool(record["project"] == project.normalized_name and exchange.created_at >= project.created_at)


def _recorded(exchange: Exchange, record: Mapping[str, Any], publisher: Publisher | None) -> Comparison:
    fields, told = record["fields"], shows_actual(publisher)
    words = _described(exchange.issuer, fields)
    return _comparison(record["publisher"], words, fields, record["dead"], record["checks"], told)


def _described(issuer: Issuer | None, fields: Mapping[str, Any]) -> str:
    """A publisher of then in the words of its provider, unless that is gone or has other fields now."""
    try:
        return issuer.kind.describe(fields) if issuer is not None else " ".join(map(str, fields.values()))
    except KeyError:
        return " ".join(map(str, fields.values()))


def _comparison(
    publisher: int,
    words: str,
    fields: Mapping[str, Any],
    dead: str | None,
    checks: Sequence[Mapping[str, Any]],
    actual: bool,  # noqa: FBT001
) -> Comparison:
    wrong_pins = [check for check in checks if check["expected"] == REGISTERED_ID and not check["ok"]]
    names = ("claim", "expected", "actual", "ok") if actual and not wrong_pins else ("claim", "expected", "ok")
    shown = [{name: check[name] for name in names} for check in wrong_pins or checks]
    return Comparison(publisher, words, fields, dead, shown, bool(wrong_pins), actual)
