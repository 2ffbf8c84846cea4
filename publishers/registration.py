"""Adding, changing and removing publishers: the row and its line in the history, together or not at all."""

import datetime
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from publishers import telling
from publishers.models import Issuer, Publisher, fingerprint_of
from registry.actors import Actor
from registry.models import Event, Project, User
from registry.names import normalize


@dataclass(frozen=True)
class Wanted:
    """What somebody asks of a publisher, validated (``publishers.forms``)."""

    values: Mapping[str, Any]
    # Ids that were given or looked up. A pin that is not among them stays what it is.
    pins: Mapping[str, str] = field(default_factory=dict)
    label: str = ""
    enabled: bool = True
    expires_at: datetime.datetime | None = None
    # The ``state`` that was looked at before it was changed; whatever stands is changed if it is not known.
    based_on: str = ""


class AlreadyRegistered(Exception):
    """The same publisher stands already; the message names it."""

    def __init__(self, standing: Publisher) -> None:
        name = f"'{standing.label}'" if standing.label else standing.description
        super().__init__(f"This publisher is registered already: {name}.")
        self.standing = standing


class TooManyPending(Exception):
    """The user's pending publishers are at their limit."""

    def __init__(self) -> None:
        super().__init__(
            f"A user may have at most {settings.PENDING_PUBLISHERS_PER_USER} pending publishers. "
            "Remove one, or publish with one of them first."
        )


class IssuerChanged(Exception):
    """The issuer's identity claims are no longer those that the publisher was asked for with."""

    def __init__(self) -> None:
        super().__init__("The issuer's identity claims were changed meanwhile: open this form again.")


class ChangedMeanwhile(Exception):
    """Somebody else changed the publisher after it was looked at."""

    def __init__(self) -> None:
        super().__init__("Somebody else changed this publisher meanwhile. Open this form again to see what it is now.")


def state(publisher: Publisher) -> str:
    """What people decided about a publisher, as a digest: another after each change.

    Without the ids: an exchange records them, and a change leaves those that it does not name as they are.
    """
    decided = {name: value for name, value in in_words(publisher).items() if name != "pins"}
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()


def standing(
    issuer: Issuer, values: Mapping[str, Any], *, project: Project | None, user: User | None, project_name: str = ""
) -> Publisher | None:
    """The same publisher, where it is registered already (a pending one that expired does not count)."""
    same = Publisher.objects.select_related("issuer").filter(fingerprint=fingerprint_of(issuer, dict(values)))
    if project is not None:
        return same.filter(project=project).first()
    waiting = same.pending().filter(normalized_name=normalize(project_name), added_by=user)
    return next((publisher for publisher in waiting if publisher.waits_until() > timezone.now()), None)


def pending_count(user: User) -> int:
    """For how many projects ``user`` waits; what expired does not count."""
    oldest = timezone.now() - datetime.timedelta(days=settings.PENDING_PUBLISHER_TTL_DAYS)
    return Publisher.objects.pending().filter(added_by=user, created_at__gt=oldest).count()


def check_pending_limit(user: User) -> None:
    """Raise TooManyPending unless ``user`` may wait for one more project."""
    if pending_count(user) >= settings.PENDING_PUBLISHERS_PER_USER:
        raise TooManyPending


def add(project: Project, issuer: Issuer, wanted: Wanted, actor: Actor) -> Publisher:
    """Register a trusted publisher. Raises IssuerChanged; AlreadyRegistered, also when another one won the race.

    Raises Project.DoesNotExist where the project was deleted meanwhile: only the end of the transaction tells.
    """
    publisher = _row(issuer, wanted, project=project, added_by=actor.user)
    try:
        with transaction.atomic():
            _hold_claims(issuer)
            _insert(publisher)
            Event.objects.record("project:oidc:publisher-added", actor, project=project, **in_words(publisher))
            telling.added(publisher, actor)
    except IntegrityError:
        Project.objects.get(pk=project.pk)
        raise
    return publisher


def add_pending(project_name: str, user: User, issuer: Issuer, wanted: Wanted, actor: Actor) -> Publisher:
    """Let the first upload of ``project_name`` create it for ``user``.

    Raises AlreadyRegistered, TooManyPending, IssuerChanged, User.DoesNotExist.
    """
    publisher = _row(issuer, wanted, project_name=project_name, added_by=user)
    with transaction.atomic():
        _hold_claims(issuer)
        # Two additions of one user wait for each other here, so that both cannot take the last place.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _remove_expired(publisher, actor)
        check_pending_limit(user)
        _insert(publisher)
        record(publisher, "added", actor, in_words(publisher))
    return publisher


def change(publisher: Publisher, wanted: Wanted, actor: Actor) -> bool:
    """Make a publisher what is wanted; True if something changed.

    A publisher that moves to another place loses the ids of the old one. Upload tokens that it was credited with
    hold its generation of before: they no longer open its project. Raises AlreadyRegistered, ChangedMeanwhile,
    Publisher.DoesNotExist.
    """
    with transaction.atomic():
        row = locked(publisher)
        if wanted.based_on and wanted.based_on != state(row):
            raise ChangedMeanwhile
        before, moved = in_words(row), row.issuer.kind.identity(wanted.values) != row.identity
        _apply(row, wanted, moved=moved)
        after = in_words(row)
        if before == after:
            return False
        if moved:
            row.renamed_to = None
            row.environments_told = []
            row.first_upload_at = None  # of the other workload: it must not go before those that uploaded from here
        if moved or before["pins"] != after["pins"] or (row.enabled and not before["enabled"]):
            row.unpinned_since = None  # saving starts the time anew where nothing is pinned
        update(row)
        record(row, "changed", actor, difference(before, after))
        telling.changed(row, before, after, actor)
    publisher.refresh_from_db()
    return True


def clear_pins(publisher: Publisher, actor: Actor) -> bool:
    """Forget the recorded ids: the next granted exchange records them anew. True if there were any."""
    with transaction.atomic():
        row = locked(publisher)
        if not row.pins:
            return False
        before = in_words(row)
        row.pins, row.unpinned_since, row.renamed_to = {}, None, None
        row.save()
        record(row, "changed", actor, difference(before, in_words(row)))
        telling.ids_forgotten(row, before["pins"], actor)
    return True


def accept_names(publisher: Publisher, seen: Mapping[str, Any], actor: Actor) -> bool:
    """Call a publisher's repository what a token with its ids called it; True unless that is no longer ``seen``.

    The ids stay, and so does the place that the first upload gave it. Raises AlreadyRegistered, Publisher.DoesNotExist.
    """
    with transaction.atomic():
        row = locked(publisher)
        if not row.renamed_to or row.renamed_to != seen:
            return False
        before, was = in_words(row), row.place
        row.values, row.renamed_to = {**row.values, **row.renamed_to}, None
        update(row)
        record(row, "renamed", actor, difference(before, in_words(row)))
        telling.renamed(row, was, actor)
    return True


def remove(publisher: Publisher, actor: Actor) -> None:
    """Delete a publisher, unless it went meanwhile."""
    with transaction.atomic():
        try:
            # Read anew: a pending one may have become a project's a moment ago.
            row = locked(publisher)
        except Publisher.DoesNotExist:
            return
        record(row, "removed", actor, in_words(row))
        telling.removed(row, actor)
        row.delete()


def expire(publisher: Publisher, actor: Actor) -> bool:
    """Delete a pending publisher that waited in vain; True unless it became a project's, or went, meanwhile."""
    with transaction.atomic():
        try:
            row = locked(publisher)
        except Publisher.DoesNotExist:
            return False
        if not row.is_pending or row.waits_until() > timezone.now():
            return False
        record(row, "expired", actor, in_words(row))
        telling.expired(row)
        row.delete()
    return True


def in_words(publisher: Publisher) -> dict[str, Any]:
    """All that people decided about a publisher, as an event keeps it."""
    return {
        "publisher": publisher.pk,
        "provider": publisher.issuer.provider,
        "issuer": publisher.issuer.url,
        "label": publisher.label,
        "enabled": publisher.enabled,
        "expires_at": publisher.expires_at.isoformat() if publisher.expires_at else None,
        "fields": publisher.values,
        "pins": publisher.pins,
    }


def locked(publisher: Publisher) -> Publisher:
    """The row as it is now, kept from others until the transaction ends. Raises Publisher.DoesNotExist."""
    # Without joins: after the wait for a lock PostgreSQL gives the row as it is now, but joins what it saw before.
    return Publisher.objects.select_for_update(no_key=True).get(pk=publisher.pk)


def update(publisher: Publisher) -> None:
    """Save a changed row. Raises AlreadyRegistered."""
    try:
        with transaction.atomic():
            publisher.save(force_update=True)
    except IntegrityError as conflict:
        raise _already(publisher, conflict) from conflict


def record(publisher: Publisher, what: str, actor: Actor, details: dict[str, Any]) -> None:
    """Add a line to the project's history, or to that of the user who waits."""
    if publisher.project is not None:
        Event.objects.record(f"project:oidc:publisher-{what}", actor, project=publisher.project, **details)
        return
    details = {"name": publisher.project_name, **details}
    Event.objects.record(f"account:oidc:pending-publisher-{what}", actor, user=publisher.added_by, **details)


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Both sides of a change, as an event keeps them."""
    which = ("publisher", "provider", "issuer")
    return {**{name: after[name] for name in which}, "before": before, "after": after}


def _row(issuer: Issuer, wanted: Wanted, **columns: Any) -> Publisher:
    publisher = Publisher(issuer=issuer, **columns)
    _apply(publisher, wanted, moved=True)
    return publisher


def _hold_claims(issuer: Issuer) -> None:
    """Let a change of the issuer's identity claims wait until the publisher stands (``publishers.issuers.save``)."""
    if not issuer.identity_claims:
        return
    locked = Issuer.objects.select_for_update(no_key=True).get(pk=issuer.pk)
    if locked.identity_claims != issuer.identity_claims:
        raise IssuerChanged


def _apply(row: Publisher, wanted: Wanted, *, moved: bool) -> None:
    row.values = dict(wanted.values)
    row.pins = dict(wanted.pins) if moved else {**row.pins, **wanted.pins}
    row.label, row.enabled, row.expires_at = wanted.label, wanted.enabled, wanted.expires_at


def _insert(publisher: Publisher) -> None:
    try:
        with transaction.atomic():
            publisher.save(force_insert=True)
    except IntegrityError as conflict:
        raise _already(publisher, conflict) from conflict


def _already(publisher: Publisher, conflict: IntegrityError) -> Exception:
    other = standing(
        publisher.issuer,
        publisher.values,
        project=publisher.project,
        user=publisher.added_by,
        project_name=publisher.project_name,
    )
    return AlreadyRegistered(other) if other is not None else conflict


def _remove_expired(publisher: Publisher, actor: Actor) -> None:
    name = normalize(publisher.project_name)
    same = Publisher.objects.pending().filter(normalized_name=name, added_by=publisher.added_by)
    for other in same:
        expire(other, actor)
