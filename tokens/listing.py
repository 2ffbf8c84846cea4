"""A project's exchanges, the newest first, as the people of the project see them.

Each exchange leaves a line in the history of each project that it concerns, which names it. The list reads those
lines, by their index of project and time: the exchanges' own lists of projects have none, and a row more for each
project would make every exchange dearer.
"""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from publishers.models import Publisher
from registry.models import Event, Project
from tokens import disclosure
from tokens.disclosure import Comparison
from tokens.models import Exchange

TAGS = {
    Exchange.Outcome.GRANTED: "project:oidc:exchange-granted",
    Exchange.Outcome.REFUSED: "project:oidc:exchange-refused",
}


@dataclass(frozen=True)
class Listed:
    """An exchange in a project's list. ``exchange`` is None once it is no longer kept."""

    time: datetime.datetime
    outcome: str
    code: str
    exchange: Exchange | None
    nearest: Comparison | None  # the publisher that was credited, or that differed least
    run: str

    @property
    def failing(self) -> dict[str, str] | None:
        """The first claim that differed: its name, what was expected, and what the token said if that may be told."""
        checks = self.nearest.checks if self.nearest is not None else ()
        failing = next((check for check in checks if not check["ok"]), None)
        return None if failing is None else {name: _text(failing.get(name)) for name in ("claim", "expected", "actual")}


def of_project(
    project: Project,
    *,
    outcome: str = "",
    publisher: int | None = None,
    code: str = "",
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
) -> QuerySet[Event]:
    """The lines of a project's exchanges: of one outcome, publisher or code, and of a time, if given."""
    tags = [TAGS[Exchange.Outcome(outcome)]] if outcome else [*TAGS.values()]
    lines = Event.objects.filter(project=project, tag__in=tags)
    given = {"details__publisher": publisher, "details__code": code or None, "time__gte": since, "time__lt": until}
    return lines.filter(**{lookup: value for lookup, value in given.items() if value is not None})


def listed(project: Project, lines: Sequence[Event]) -> list[Listed]:
    """What the project sees of the exchanges that ``lines`` name."""
    kept = _kept(lines)
    seen = disclosure.all_seen_by(project, list(kept.values()))
    return [_listed(line, kept.get(_named(line)), seen.get(_named(line))) for line in lines]


def publishers_of(project: Project, most: int) -> list[Publisher]:
    """The publishers that stand, to choose from."""
    return list(Publisher.objects.filter(project=project).select_related("issuer")[:most])


def _kept(lines: Iterable[Event]) -> dict[UUID, Exchange]:
    return Exchange.objects.select_related("issuer").in_bulk([_named(line) for line in lines])


def _named(line: Event) -> UUID:
    return UUID(line.details["exchange"])


def _listed(line: Event, exchange: Exchange | None, seen: disclosure.Seen | None) -> Listed:
    outcome = Exchange.Outcome.GRANTED if line.tag == TAGS[Exchange.Outcome.GRANTED] else Exchange.Outcome.REFUSED
    comparisons = seen.comparisons if seen is not None else ()
    credited = [one for one in comparisons if one.publisher == line.details.get("publisher")]
    nearest = next(iter([*credited, *comparisons]), None)
    run = seen.links.run if seen is not None else ""
    return Listed(line.time, outcome, line.details.get("code", ""), exchange, nearest, run)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(map(str, value))
    return "" if value is None else str(value)
