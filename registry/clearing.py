"""Very many old rows, deleted while others go on to write: step by step along an index, in single statements."""

import datetime
from time import monotonic, sleep
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet

from registry.models import Cleared
from registry.postgresql import planning

# So many rows are looked at in one step, whether they go or stay; more where all stayed, as most of the oldest do.
STEP, LONGEST = 500, 4_000
# So many go in a second at most, and after each step that deletes so much of the time that it took is left to others.
PACE, PAUSE = 6_000, 0.25
# Nobody waits for the disk: what a crash brings back is deleted the next time. And what is changed goes to the disk
# little by little: else the end of a checkpoint brings it there at once, and all who commit meanwhile wait for it.
QUIETLY = "SET LOCAL synchronous_commit = off; SET LOCAL backend_flush_after = '256kB'"
INSTANT = datetime.timedelta(microseconds=1)  # the smallest that the databases tell apart


def clear(rows: QuerySet[Any], moment: str, before: datetime.datetime, unsettled: QuerySet[Any]) -> int:
    """Delete ``rows`` whose ``moment``, an indexed column, is before that time, the oldest first; how many went.

    Each step is a transaction, and asks the conditions of ``rows`` anew. No signal is sent, and rows that refer to
    those are left alone: where one is left, the database refuses the step. Those that stay, but are not among the
    ``unsettled``, stay for good: they are not looked at again the next time.
    """
    mark = _settled(rows, moment)
    deleted, last, size = 0, mark, STEP
    while (until := _end_of_step(rows, moment, last, before, size)) is not None:
        began = monotonic()
        step = rows.filter(**{f"{moment}__lte": until, f"{moment}__lt": before})
        gone = _delete(step if last is None else step.filter(**{f"{moment}__gt": last}))
        deleted, last, size = deleted + gone, until, STEP if gone else min(2 * size, LONGEST)
        if gone:
            took = monotonic() - began
            sleep(max(took * PAUSE, gone / PACE - took))
    _remember(unsettled, moment, before, mark)
    return deleted


def _settled(rows: QuerySet[Any], moment: str) -> datetime.datetime | None:
    """Until when all rows that are left stay for good, if that is known."""
    mark = Cleared.objects.filter(table=rows.model._meta.label).first()
    return mark.until if mark and _count(rows, moment, mark.until) == mark.count else None


def _count(rows: QuerySet[Any], moment: str, until: datetime.datetime) -> int:
    """Of all rows until then; many are counted quickly, since the index is enough."""
    count: int = rows.model._default_manager.filter(**{f"{moment}__lte": until}).count()
    return count


def _remember(unsettled: QuerySet[Any], moment: str, before: datetime.datetime, mark: datetime.datetime | None) -> None:
    """Everything before the first of the ``unsettled`` stays. It is written when all is done, never in between."""
    ahead = unsettled.filter(**{f"{moment}__lt": before})
    if mark is not None:
        ahead = ahead.filter(**{f"{moment}__gt": mark})
    with planning.for_their_values():
        first = ahead.order_by(moment).values_list(moment, flat=True).first()
    until = (first or before) - INSTANT
    if mark is None or until > mark:  # a longer retention than the last time's takes nothing back
        values = {"until": until, "count": _count(unsettled, moment, until)}
        Cleared.objects.update_or_create(table=unsettled.model._meta.label, defaults=values)


def _end_of_step(
    rows: QuerySet[Any], moment: str, last: datetime.datetime | None, before: datetime.datetime, size: int
) -> datetime.datetime | None:
    """The time of the last row to look at next, or None if there is none: many rows stay, and are stepped over."""
    ahead = rows.model._default_manager.filter(**{f"{moment}__lt": before})
    if last is not None:
        ahead = ahead.filter(**{f"{moment}__gt": last})
    times = ahead.order_by(moment).values_list(moment, flat=True)
    end: datetime.datetime | None = times[size - 1 : size].first()
    return end or times.last()


def _delete(step: QuerySet[Any]) -> int:
    using = router.db_for_write(step.model)
    with transaction.atomic(using=using), planning.for_their_values():
        if connections[using].vendor == "postgresql":
            with connections[using].cursor() as cursor:
                cursor.execute(QUIETLY)
        return step.order_by()._raw_delete(using)
