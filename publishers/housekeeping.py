"""What time alone makes of publishers: reminders, the end of those that wait in vain, the switching off of unused ones.

The mail worker does it once an hour and ``manage.py prune`` whenever it is called, on several machines at once too:
each step looks again, under a lock or by a conditional update, before it does something.
"""

import datetime
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from publishers import pending, registration, telling
from publishers.models import UNPINNED_LIFETIME, Publisher
from registry.actors import Actor
from registry.signals import hour_passed

# A pending publisher's user is reminded so long before its end, or in the middle of a life that is not longer.
REMINDER_LEAD = datetime.timedelta(days=5)


def connect() -> None:
    """Hear the hours pass."""
    hour_passed.connect(each_hour, dispatch_uid="publishers whose time has come")


def each_hour(**_kwargs: Any) -> None:
    """Do all of it."""
    for _done in keep(Actor("housekeeping")):
        pass


def keep(actor: Actor) -> Iterator[tuple[str, int]]:
    """Do it step by step: what was done, in words, and how often."""
    yield "reminders of pending publishers", _each(_expiring(), _remind)
    yield "expired pending publishers", _each(_expired(), lambda row: registration.expire(row, actor))
    yield "pending publishers whose name is lost", pending.invalidate_lost(Publisher.objects.pending(), actor)
    yield "pending publishers that lost their name long ago", _forget_invalidated()
    yield "unused publishers switched off", _each(_unused(), lambda row: _switch_off(row, actor))


def _each(rows: "QuerySet[Publisher]", do: Callable[[Publisher], bool]) -> int:
    return sum(do(row) for row in list(rows.select_related("issuer", "project", "added_by").order_by("pk")))


def _lifetime() -> datetime.timedelta:
    return datetime.timedelta(days=settings.PENDING_PUBLISHER_TTL_DAYS)


def _expired() -> "QuerySet[Publisher]":
    return Publisher.objects.pending().filter(created_at__lte=timezone.now() - _lifetime())


def _expiring() -> "QuerySet[Publisher]":
    lifetime = _lifetime()
    age = lifetime - REMINDER_LEAD if lifetime > REMINDER_LEAD else lifetime / 2
    now = timezone.now()
    old = Publisher.objects.pending().filter(created_at__lte=now - age, created_at__gt=now - lifetime)
    return old.filter(reminded_at__isnull=True)


def _unused() -> "QuerySet[Publisher]":
    return Publisher.objects.standing().filter(enabled=True, unpinned_since__lte=timezone.now() - UNPINNED_LIFETIME)


def _forget_invalidated() -> int:
    """Their users were told when it happened."""
    ended = Publisher.objects.invalidated().filter(invalidated_at__lte=timezone.now() - _lifetime())
    return ended.delete()[0]


def _remind(publisher: Publisher) -> bool:
    with transaction.atomic():
        waiting = Publisher.objects.pending().filter(pk=publisher.pk, reminded_at__isnull=True)
        if not waiting.update(reminded_at=timezone.now()):
            return False
        telling.expiring(publisher)
    return True


def _switch_off(publisher: Publisher, actor: Actor) -> bool:
    """Switched on again, it has as much time once more (``registration.change``)."""
    with transaction.atomic():
        row = _unused().select_for_update(no_key=True).filter(pk=publisher.pk).first()
        if row is None:
            return False
        before = registration.in_words(row)
        row.enabled = False
        registration.update(row)
        registration.record(row, "changed", actor, registration.difference(before, registration.in_words(row)))
        telling.unused(row, actor)
    return True
