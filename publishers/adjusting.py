"""Small changes of a publisher, made to what its row says at that moment, whatever somebody else changed before."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import transaction

from publishers import registration, telling
from publishers.models import Publisher
from registry.actors import Actor


def switch(publisher: Publisher, actor: Actor, *, on: bool) -> bool:
    """Switch a publisher on or off; True if it was not so before. Raises Publisher.DoesNotExist."""

    def set_switch(row: Publisher) -> None:
        if on and not row.enabled:
            row.unpinned_since = None  # the time to be used in begins anew
        row.enabled = on

    return _adjust(publisher, actor, set_switch)


def narrow(publisher: Publisher, constraints: Mapping[str, Any], actor: Actor) -> bool:
    """Set constraints that are not set yet; True if there was one. One that is set stays what it is.

    Raises AlreadyRegistered, Publisher.DoesNotExist.
    """

    def set_constraints(row: Publisher) -> None:
        row.values = {**constraints, **{name: value for name, value in row.values.items() if value}}

    return _adjust(publisher, actor, set_constraints)


def _adjust(publisher: Publisher, actor: Actor, set_columns: Callable[[Publisher], None]) -> bool:
    with transaction.atomic():
        row = registration.locked(publisher)
        before = registration.in_words(row)
        set_columns(row)
        after = registration.in_words(row)
        if before == after:
            return False
        registration.update(row)
        registration.record(row, "changed", actor, registration.difference(before, after))
        telling.changed(row, before, after, actor)
    return True
