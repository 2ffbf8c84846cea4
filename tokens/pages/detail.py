"""What a project's people are told of one exchange."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from publishers.errors import InvalidToken
from publishers.models import Publisher
from publishers.providers.fields import Reading
from registry.manage.access import Place
from registry.models import Project
from tokens import disclosure, explaining
from tokens.disclosure import Comparison, Seen
from tokens.models import Exchange, Provenance
from tokens.pages import fixes
from tokens.pages.fixes import Fix

MAX_FILES = 25


@dataclass(frozen=True)
class Row:
    """A line of the claims table."""

    claim: str
    expected: Sequence[str]
    actual: str | None  # None: not shown
    ok: bool


@dataclass(frozen=True)
class Held:
    """A publisher of the project held against the token: what was compared, what differs, what could be changed."""

    comparison: Comparison
    publisher: Publisher | None  # None: it is gone
    rows: Sequence[Row]
    reasons: Sequence[str]
    fixes: Sequence[Fix]
    trusts_now: bool  # it was changed since


@dataclass(frozen=True)
class Detail:
    """An exchange as its page shows it."""

    exchange: Exchange
    seen: Seen
    forbidden: str | None
    held: Sequence[Held]
    files: Sequence[Provenance]
    more_files: int

    @property
    def granted(self) -> bool:
        """Whether an upload token was minted."""
        return self.exchange.outcome == Exchange.Outcome.GRANTED


def detail_of(place: Place, exchange_id: UUID) -> Detail | None:
    """None if it does not concern the project."""
    exchange = Exchange.objects.select_related("issuer", "upload_token").filter(pk=exchange_id).first()
    if exchange is None:
        return None
    seen = disclosure.seen_by(place.project, exchange)
    if not seen.comparisons:
        return None
    reading = explaining.reading_of(exchange)
    forbidden = explaining.forbidden(exchange, seen, reading)
    standing = _standing(place.project, seen)
    held = []
    for comparison in seen.comparisons:
        publisher = standing.get(comparison.publisher)
        reasons = [] if forbidden else explaining.reasons(exchange, comparison, reading)
        offered = None if forbidden else _offered(exchange.code, publisher, comparison, reading)
        shown = offered or [] if place.is_owner else []
        held.append(Held(comparison, publisher, _rows(comparison), reasons, shown, trusts_now=offered == []))
    files = _files(place.project, exchange)
    more = max(0, files.count() - MAX_FILES)
    return Detail(exchange, seen, forbidden, held, list(files[:MAX_FILES]), more)


def _offered(
    code: str, publisher: Publisher | None, comparison: Comparison, reading: Reading | None
) -> list[Fix] | None:
    """What could be changed: [] if that was done since, None if there is nothing to change."""
    if code == InvalidToken.code or publisher is None or reading is None or comparison.ok:
        return None
    return fixes.offered(publisher, comparison, reading)


def _standing(project: Project, seen: Seen) -> dict[int, Publisher]:
    named = [one.publisher for one in seen.comparisons]
    return Publisher.objects.filter(project=project).select_related("issuer", "project").in_bulk(named)


def _rows(comparison: Comparison) -> list[Row]:
    """Those that failed first."""
    rows = [Row(check["claim"], _texts(check["expected"]), _shown(check), check["ok"]) for check in comparison.checks]
    return sorted(rows, key=lambda row: row.ok)


def _shown(check: Any) -> str | None:
    return ", ".join(_texts(check["actual"])) if "actual" in check else None


def _texts(value: Any) -> list[str]:
    if value in (None, ""):
        return []
    return [str(member) for member in value] if isinstance(value, list) else [str(value)]


def _files(project: Project, exchange: Exchange) -> QuerySet[Provenance]:
    """What its upload token uploaded to this project, and not to an earlier one of the same name."""
    uploads = Provenance.objects.filter(exchange=exchange, project_name=project.normalized_name)
    return uploads.filter(uploaded_at__gte=project.created_at).select_related("file")
