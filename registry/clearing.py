"""Very many old rows, deleted while others go on to write: step by step along an index, in single statements."""

import datetime
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet

from registry.models import Cleared
from registry.postgresql import planning

# So many rows are looked at in one step, whether they go or stay; more where all stayed, as most of the oldest do.
STEP, LONGEST = 500, 4_000
# So many go in a second at most, and after each step that deletes so much of the time that it took is left to others.
PACE, PAUSE = 5_800, 0.25
# Nobody waits for the disk: what a crash brings back is deleted the next time. And what is changed goes to the disk
# little by little: else the end of a checkpoint brings it there at once, and all who commit meanwhile wait for it.
QUIETLY = "SET LOCAL synchronous_commit = off; SET LOCAL backend_flush_after = '256kB'"
# Others have the other cores.
ALONE = "SET LOCAL max_parallel_workers_per_gather = 0"


@dataclass
class _Settled:
    """How far all rows that are left stay for good, and how many they are."""

    until: datetime.datetime | None = None
    count: int = 0
    ended: bool = False

    def take_in(self, looked_at: QuerySet[Any], unsettled: QuerySet[Any], until: datetime.datetime) -> None:
        """Go on over the rows of one step, unless one of them, or one before, stays only for the moment."""
        self.ended = self.ended or unsettled.exists()
        if not self.ended:
            self.until, self.count = until, self.count + looked_at.count()


def clear(rows: QuerySet[Any], moment: str, before: datetime.datetime, unsettled: QuerySet[Any]) -> int:
    """Delete ``rows`` whose ``moment``, an indexed column, is before that time, the oldest first; how many went.

    Each step is a transaction, and asks the conditions of ``rows`` anew. No signal is sent, and rows that refer to
    those are left alone: where one is left, the database refuses the step. Those that stay, but are not among the
    ``unsettled``, stay for good: they are not looked at again the next time.
    """
    table = rows.model._meta.label
    settled = _remembered(rows, moment, table)
    deleted, last, size = 0, settled.until, STEP
    began = monotonic()
    while (until := _end_of_step(rows, moment, last, before, size)) is not None:
        within = {f"{moment}__lte": until, f"{moment}__lt": before}
        within |= {} if last is None else {f"{moment}__gt": last}
        gone = _delete(rows.filter(**within))
        with planning.for_their_values():
            settled.take_in(rows.model._default_manager.filter(**within), unsettled.filter(**within), until)
        deleted, last, size = deleted + gone, until, STEP if gone else min(2 * size, LONGEST)
        if gone:
            took = monotonic() - began
            sleep(max(took * PAUSE, gone / PACE - took))
        began = monotonic()
    if settled.until is not None:
        values = {"until": settled.until, "count": settled.count}
        Cleared.objects.update_or_create(table=table, defaults=values)
    return deleted


def _remembered(rows: QuerySet[Any], moment: str, table: str) -> _Settled:
    """What an earlier run found, if there are still as many rows, which are counted quickly: the index is enough."""
    mark = Cleared.objects.filter(table=table).first()
    if mark is None:
        return _Settled()
    with transaction.atomic(using=router.db_for_write(rows.model)):
        _tell(rows, ALONE)
        count = rows.model._default_manager.filter(**{f"{moment}__lte": mark.until}).count()
    return _Settled(mark.until, mark.count) if count == mark.count else _Settled()


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
        _tell(step, QUIETLY)
        return step.order_by()._raw_delete(using)


def _tell(rows: QuerySet[Any], settings: str) -> None:
    """Give PostgreSQL settings for the rest of the transaction."""
    connection = connections[router.db_for_write(rows.model)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(settings)
