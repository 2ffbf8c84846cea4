"""What a project may see of an exchange: its owners and maintainers, on pages and in mails.

Its own publishers, what they expect and which claim failed: always. What the token said, its run and its sender: at
once where nobody can register unasked; else only once a file was uploaded to the project through that publisher, for
anybody may name anybody's repository in a publisher of his. Other projects and other claims: never.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import QuerySet, UUIDField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Replace

from publishers.matching import REGISTERED_ID, Match
from publishers.models import Publisher
from publishers.providers.base import Links
from registry.models import Event, Project
from tokens.models import Exchange, Provenance

SPOKEN_OF = ("project:oidc:exchange-granted", "project:oidc:exchange-refused")


@dataclass(frozen=True)
class Comparison:
    """A publisher of the project held against the token, as the project sees it."""

    publisher: int
    fields: Mapping[str, Any]
    dead: str | None
    # claim, expected and ok; actual only where the project may see it.
    checks: Sequence[Mapping[str, Any]]
    is_another: bool  # whether a pin differs: nothing but that is told then
    shows_actual: bool


@dataclass(frozen=True)
class Seen:
    """An exchange as one project sees it. What it may not see is empty."""

    comparisons: Sequence[Comparison]
    links: Links
    ref: str
    address: str


def shows_actual(publisher: Publisher | None) -> bool:
    """Whether a publisher's project sees what the token said. None: the publisher is gone, and nobody can tell."""
    if not settings.SIGNUP_OPEN:
        return True
    return publisher is not None and publisher.first_upload_at is not None


def of_match(match: Match) -> Comparison:
    """A comparison that was just made."""
    publisher = match.publisher
    checks = [check.as_dict() for check in match.checks + match.pins]
    return _comparison(publisher.pk, publisher.values, match.dead, checks, shows_actual(publisher))


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
    return all_seen_by(project, [exchange])[0]


def all_seen_by(project: Project, exchanges: Sequence[Exchange]) -> list[Seen]:
    """Several, whose publishers are read together."""
    standing = Publisher.objects.in_bulk({record["publisher"] for one in exchanges for record in one.checks})
    return [_seen(project, exchange, standing) for exchange in exchanges]


def _seen(project: Project, exchange: Exchange, standing: Mapping[int, Publisher]) -> Seen:
    comparisons = [
        _comparison(record["publisher"], record["fields"], record["dead"], record["checks"], shows_actual(publisher))
        for record in exchange.checks
        for publisher in [standing.get(record["publisher"])]
        if _is_of(project, record, publisher, exchange)
    ]
    if not shows_context(comparisons):
        return Seen(comparisons, Links(), "", "")
    links = exchange.issuer.kind.links(exchange.claims) if exchange.issuer is not None else Links()
    return Seen(comparisons, links, str(exchange.claims.get("ref") or ""), exchange.address or "")


def shows_context(comparisons: Iterable[Comparison]) -> bool:
    """Whether run, commit, ref and address are told. Strangers' sign-up closed, even of a token with other ids."""
    return any(one.shows_actual and (not one.is_another or not settings.SIGNUP_OPEN) for one in comparisons)


def _is_of(project: Project, record: Mapping[str, Any], publisher: Publisher | None, exchange: Exchange) -> bool:
    """By publisher; where that is gone, by name, unless the name was another project's then."""
    if publisher is not None:
        return publisher.project_id == project.pk
    return bool(record["project"] == project.normalized_name and exchange.created_at >= project.created_at)


def _comparison(
    publisher: int,
    fields: Mapping[str, Any],
    dead: str | None,
    checks: Sequence[Mapping[str, Any]],
    actual: bool,  # noqa: FBT001
) -> Comparison:
    wrong_pins = [check for check in checks if check["expected"] == REGISTERED_ID and not check["ok"]]
    names = ("claim", "expected", "actual", "ok") if actual and not wrong_pins else ("claim", "expected", "ok")
    shown = [{name: check[name] for name in names} for check in wrong_pins or checks]
    return Comparison(publisher, fields, dead, shown, bool(wrong_pins), actual)
