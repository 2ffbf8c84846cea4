"""The mails that tell people of publishers and issuers. Each is written where its event is recorded.

Pending publishers are their users' own business: of adding, changing and removing one only the history tells.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from publishers.differences import differences, spoken
from publishers.models import Issuer, Publisher, SwitchedOff
from registry import addresses, mails
from registry.actors import Actor
from registry.models import Project, User


def added(publisher: Publisher, actor: Actor) -> None:
    """A project got a publisher."""
    _owners("publisher-added", publisher, actor)


def changed(publisher: Publisher, before: Mapping[str, Any], after: Mapping[str, Any], actor: Actor) -> None:
    """A publisher was changed; ``before`` and ``after`` are as its event keeps them."""
    _owners("publisher-changed", publisher, actor, changes=differences(_flat(before), _flat(after)))


def removed(publisher: Publisher, actor: Actor) -> None:
    """A publisher is about to go."""
    _owners("publisher-removed", publisher, actor)


def ids_forgotten(publisher: Publisher, pins: Mapping[str, str], actor: Actor) -> None:
    """The recorded ids of a publisher were cleared."""
    _owners("publisher-ids-forgotten", publisher, actor, pins=[f"{name}: {spoken(pins[name])}" for name in pins])


def renamed(publisher: Publisher, was: str, actor: Actor) -> None:
    """The new name of a publisher's repository was accepted."""
    _owners("publisher-renamed", publisher, actor, was=was)


def unused(publisher: Publisher, actor: Actor) -> None:
    """A publisher was switched off because it was not used in time, and its ids are not known."""
    if publisher.project is not None:
        _owners("publisher-unused", publisher, actor)
    else:
        _waiting("pending-unused", publisher)


def used(publisher: Publisher, project: Project) -> None:
    """The first upload created the project that a user waited for."""
    _waiting("pending-used", publisher, project=project, page=addresses.page_of(project))


def expiring(publisher: Publisher) -> None:
    """A pending publisher has not long to live."""
    _waiting("pending-expiring", publisher, until=publisher.waits_until())


def expired(publisher: Publisher) -> None:
    """A pending publisher waited in vain."""
    lived = publisher.waits_until() - publisher.created_at
    _waiting("pending-expired", publisher, days=lived // datetime.timedelta(days=1))


def invalidated(publisher: Publisher, reason: str) -> None:
    """The name that a user waited for cannot be had any more."""
    _waiting("pending-invalidated", publisher, reason=reason)


def issuer_changed(issuer: Issuer, what: str, actor: Actor, changes: Sequence[str] = ()) -> None:
    """Whose word is taken, or by which keys, has changed: ``what`` says it (``was added``)."""
    _superusers("issuer-changed", actor, issuer=issuer, what=what, changes=changes)


def provider_switched(switch: SwitchedOff, actor: Actor, *, on: bool) -> None:
    """A provider was switched off at once, or on again."""
    _superusers("provider-switched", actor, switch=switch, on=on)


def described(publisher: Publisher) -> list[str]:
    """What a publisher trusts, one line for each field that is set."""
    kind = publisher.issuer.kind
    values = {part.label: publisher.values.get(part.name) for part in kind.fields}
    fields = [f"{label}: {spoken(value)}" for label, value in values.items() if value]
    label = [f"Label: {publisher.label}"] if publisher.label else []
    return [f"Provider: {kind.label} ({publisher.issuer.url})", *fields, *label]


def _owners(name: str, publisher: Publisher, actor: Actor, **context: Any) -> None:
    project = publisher.project
    if project is None:
        return
    context |= {"project": project, "actor": actor, "publishing": addresses.publishing(project)}
    mails.post(name, project.owners(), publisher=publisher, trusts=described(publisher), **context)


def _waiting(name: str, publisher: Publisher, **context: Any) -> None:
    people = [publisher.added_by] if publisher.added_by else []
    context |= {"pending": addresses.pending_publishers(), "trusts": described(publisher)}
    mails.post(name, people, publisher=publisher, **context)


def _superusers(name: str, actor: Actor, **context: Any) -> None:
    mails.post(name, User.objects.filter(is_superuser=True), actor=actor, **context)


def _flat(words: Mapping[str, Any]) -> dict[str, Any]:
    rest = {name: value for name, value in words.items() if name not in {"fields", "pins"}}
    return {**rest, **words["fields"], **words["pins"]}
