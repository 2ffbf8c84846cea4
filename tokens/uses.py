"""When a project's publishers were last used, and by which run (PUBLISHER_USES); when an issuer's keys (KEY_USES)."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Max
from django.db.models.fields.json import KT
from django.utils import timezone

from publishers.models import Issuer, Publisher
from publishers.uses import Use
from registry.models import Event, Project
from tokens import tallies
from tokens.disclosure import shows_actual
from tokens.models import Exchange


def last_uses(project: Project, publishers: Sequence[Publisher]) -> Mapping[int, Use]:
    """By the publishers' keys. The run is told where the project may see it (``tokens.disclosure``)."""
    events = _last_grants(project)
    claims = _claims([event.details["exchange"] for event in events.values()])
    return {
        publisher.pk: Use(event.time, _run(publisher, claims.get(event.details["exchange"])))
        for publisher in publishers
        for event in [events.get(publisher.pk)]
        if event is not None
    }


def key_uses(issuer: Issuer) -> dict[str, datetime.datetime]:
    """By key id, in the hours that are not over or not counted yet; what came before is in the issuer's row."""
    now = timezone.now()
    since = max(filter(None, (tallies.counted_until(), now - tallies.LIVE)))
    return tallies.last_key_uses(since, now, issuer=issuer).get(issuer.pk, {})


def _last_grants(project: Project) -> dict[int, Event]:
    granted = Event.objects.filter(project=project, tag="project:oidc:exchange-granted").order_by()
    last = granted.annotate(publisher=KT("details__publisher")).values("publisher").annotate(last=Max("pk"))
    return {event.details["publisher"]: event for event in Event.objects.filter(pk__in=last.values("last"))}


def _claims(exchanges: Sequence[str]) -> dict[str, dict[str, Any]]:
    rows = Exchange.objects.filter(pk__in=exchanges).values_list("pk", "claims")
    return {str(pk): claims for pk, claims in rows}


def _run(publisher: Publisher, claims: dict[str, Any] | None) -> str:
    if claims is None or not shows_actual(publisher):
        return ""
    return publisher.issuer.kind.links(claims).run
