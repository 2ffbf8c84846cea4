"""Of refused exchanges a project's owners, and who waits for a project, are told once, then at most once a day."""

import datetime
from collections.abc import Iterable
from typing import TypeVar

from django.utils import timezone

from publishers.models import Issuer
from registry.models import Project, User
from tokens.models import RefusalNotice

PAUSE = datetime.timedelta(days=1)
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
Told = TypeVar("Told", Project, User)


def take_turn(projects: Iterable[Project], issuer: Issuer, identity: str) -> list[Project]:
    """Those of ``projects`` whose owners are to be told now, by whoever gets them: nobody else does for a day.

    In the caller's transaction, and in the order of their keys, so that two refusals never wait for each other.
    """
    return _take_turn("project", projects, issuer, identity)


def take_turn_of_people(people: Iterable[User], issuer: Issuer, identity: str) -> list[User]:
    """The same for those who wait there with a pending publisher."""
    return _take_turn("user", people, issuer, identity)


def _take_turn(column: str, told: Iterable[Told], issuer: Issuer, identity: str) -> list[Told]:
    ordered = sorted(told, key=lambda one: one.pk)
    rows = [RefusalNotice(**{column: one}, issuer=issuer, identity=identity, told_at=NEVER) for one in ordered]
    RefusalNotice.objects.bulk_create(rows, ignore_conflicts=True)
    standing = RefusalNotice.objects.filter(**{f"{column}__in": ordered}, issuer=issuer, identity=identity)
    due = standing.filter(told_at__lte=timezone.now() - PAUSE).order_by(f"{column}_id").select_for_update(no_key=True)
    turn = set(due.values_list(f"{column}_id", flat=True))
    if turn:
        standing.filter(**{f"{column}__in": turn}).update(told_at=timezone.now())
    return [one for one in ordered if one.pk in turn]
