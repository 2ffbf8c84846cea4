"""How exchanges are found from other ends: by project, by repository."""

import uuid

from django.db.models import Q

from publishers.places import known_identities
from registry import names
from registry.admin import searching
from registry.models import Event
from tokens.models import Exchange

# The history knows which exchanges were a project's; of a project with more, the newest are found.
NEWEST = 1_000
TAGS = ("project:oidc:exchange-granted", "project:oidc:exchange-refused")


def at_place(text: str) -> list[Q]:
    """Those from a repository, at any provider: one alternative for each way in which it may be written."""
    return [Q(identity=identity) for identity in known_identities(text)]


def of_project(text: str) -> Q:
    """Those that the history of a project names, also of one that is gone."""
    return Q(pk__in=exchanges_of(text))


def newest(*alternatives: Q) -> list[uuid.UUID]:
    """The ids of exchanges: so many that to ask for what hangs off them is quick."""
    which = searching.either(Exchange, alternatives)
    rows = Exchange.objects.none() if which is None else Exchange.objects.filter(which)
    return list(rows.order_by("-created_at").values_list("pk", flat=True)[:NEWEST])


def exchanges_of(name: str) -> list[uuid.UUID]:
    """The ids of the newest exchanges of a project."""
    lines = Event.objects.filter(project_name=names.normalize(name), tag__in=TAGS).order_by("-time", "-pk")
    told = lines.values_list("details__exchange", flat=True)[:NEWEST]
    return [key for key in map(_as_id, told) if key is not None]


def _as_id(text: object) -> uuid.UUID | None:
    try:
        return uuid.UUID(str(text))
    except ValueError:
        return None
