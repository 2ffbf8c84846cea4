"""Of refused exchanges a project's owners are told once, and then at most once a day."""

import datetime
from collections.abc import Iterable

from django.utils import timezone

from publishers.models import Issuer
from registry.models import Project
from tokens.models import RefusalNotice

PAUSE = datetime.timedelta(days=1)
NEVER = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def take_turn(projects: Iterable[Project], issuer: Issuer, identity: str) -> list[Project]:
    """Those of ``projects`` whose owners are to be told now, by whoever gets them: nobody else does for a day.

    In the caller's transaction, and in the order of their keys, so that two refusals never wait for each other.
    """
    ordered = sorted(projects, key=lambda project: project.pk)
    rows = [RefusalNotice(project=one, issuer=issuer, identity=identity, told_at=NEVER) for one in ordered]
    RefusalNotice.objects.bulk_create(rows, ignore_conflicts=True)
    standing = RefusalNotice.objects.filter(project__in=ordered, issuer=issuer, identity=identity)
    due = standing.filter(told_at__lte=timezone.now() - PAUSE).order_by("project_id").select_for_update(no_key=True)
    turn = set(due.values_list("project_id", flat=True))
    if turn:
        standing.filter(project__in=turn).update(told_at=timezone.now())
    return [project for project in ordered if project.pk in turn]
