"""Very many old rows, deleted while others go on to write: step by step along an index, in single statements."""

import datetime
from time import monotonic, sleep
from typing import Any

from django.db import connections, router, transaction
from django.db.models import QuerySet

# So many rows are looked at in one step, whether they go or stay.
STEP = 1_000
# After a step so much of the time that it took is left to others.
PAUSE = 0.5


def clear(rows: QuerySet[Any], moment: str, before: datetime.datetime) -> int:
    """Delete ``rows`` whose ``moment``, an indexed column, is before that time, the oldest first; how many went.

    Each step is a transaction, and asks the conditions of ``rows`` anew. No signal is sent, and rows that refer to
    those are left alone: where one is left, the database refuses the step.
    """
    deleted, last = 0, None
    while (until := _end_of_step(rows, moment, last, before)) is not None:
        began = monotonic()
        step = rows.filter(**{f"{moment}__lte": until, f"{moment}__lt": before})
        deleted += _delete(step if last is None else step.filter(**{f"{moment}__gt": last}))
        last = until
        sleep((monotonic() - began) * PAUSE)
    return deleted


def _end_of_step(
    rows: QuerySet[Any], moment: str, last: datetime.datetime | None, before: datetime.datetime
) -> datetime.datetime | None:
    """The time of the last row to look at next, or None if there is none: many rows stay, and are stepped over."""
    ahead = rows.model._default_manager.filter(**{f"{moment}__lt": before})
    if last is not None:
        ahead = ahead.filter(**{f"{moment}__gt": last})
    times = ahead.order_by(moment).values_list(moment, flat=True)
    end: datetime.datetime | None = times[STEP - 1 : STEP].first()
    return end or times.last()


def _delete(step: QuerySet[Any]) -> int:
    using = router.db_for_write(step.model)
    with transaction.atomic(using=using):
        if connections[using].vendor == "postgresql":
            # Nobody waits for the disk: what a crash brings back is deleted the next time.
            with connections[using].cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = off")
        return step.order_by()._raw_delete(using)
