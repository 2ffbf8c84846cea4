"""Counting by the hour, once an hour is over: a dashboard must not count millions of rows each time it is opened.

The mail worker does it, on several machines at once too: an hour that is over has one count, and is stored once.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Min, Q
from django.db.models.functions import TruncHour
from django.utils import timezone

from publishers.models import Issuer, Publisher
from publishers.uses import note_key_uses
from registry.signals import hour_passed
from tokens.models import Exchange, Provenance, Tally

HOUR = datetime.timedelta(hours=1)
# An exchange is stored a moment after the time that it carries.
SETTLED = datetime.timedelta(minutes=5)
# What is not counted yet is counted when a page is opened; more hours than these are left to the worker.
LIVE = datetime.timedelta(hours=3)
# So much is counted in one transaction.
STRIDE = datetime.timedelta(hours=6)

Row = tuple[datetime.datetime, str, str, str, int]


def connect() -> None:
    """Hear the hours pass."""
    hour_passed.connect(lambda **_kwargs: roll_up(), weak=False, dispatch_uid="hours that are counted")


def roll_up() -> int:
    """Count every hour that is over and not counted yet; how many rows it made."""
    start, end = _start(), _hour_of(timezone.now() - SETTLED)
    made = 0
    while start is not None and start < end:
        until = min(start + STRIDE, end)
        made += _store(start, until)
        start = until
    return made


def counted_until() -> datetime.datetime | None:
    """The end of the last hour that was counted; None if none was."""
    last = Tally.objects.aggregate(last=Max("hour"))["last"]
    return last + HOUR if last is not None else None


def counts(since: datetime.datetime, until: datetime.datetime) -> Iterator[Row]:
    """Each hour's exchanges and uploads, counted now: (hour, what, provider, code, how many)."""
    exchanges = Exchange.objects.filter(created_at__gte=since, created_at__lt=until).order_by()
    grouped = exchanges.annotate(hour=TruncHour("created_at")).values_list("hour", "outcome", "provider", "code")
    yield from grouped.annotate(count=Count("pk"))
    uploads = Provenance.objects.filter(uploaded_at__gte=since, uploaded_at__lt=until).order_by()
    for hour, count in uploads.annotate(hour=TruncHour("uploaded_at")).values_list("hour").annotate(count=Count("pk")):
        yield hour, Tally.What.UPLOADED, "", "", count


def _start() -> datetime.datetime | None:
    first = Exchange.objects.aggregate(first=Min("created_at"))["first"]
    upload = Provenance.objects.aggregate(first=Min("uploaded_at"))["first"]
    begun = [moment for moment in (first, upload) if moment is not None]
    return counted_until() or (_hour_of(min(begun)) if begun else None)


def _store(since: datetime.datetime, until: datetime.datetime) -> int:
    rows = [
        Tally(hour=hour, what=what, provider=provider, code=code, count=count)
        for hour, what, provider, code, count in counts(since, until)
    ]
    with transaction.atomic():
        Tally.objects.bulk_create(rows, ignore_conflicts=True)
        _note_last_uses(since, until)
        for issuer, seen in sorted(last_key_uses(since, until).items()):
            note_key_uses(issuer, seen)
    return len(rows)


def last_key_uses(
    since: datetime.datetime, until: datetime.datetime, **which: Issuer
) -> dict[int, dict[str, datetime.datetime]]:
    """The last recorded exchange of each key, by issuer and key id: granted or refused, its signature was right."""
    seen = Exchange.objects.filter(created_at__gte=since, created_at__lt=until, issuer__isnull=False, **which)
    rows = seen.exclude(key_id="").order_by().values_list("issuer", "key_id").annotate(last=Max("created_at"))
    uses: dict[int, dict[str, datetime.datetime]] = defaultdict(dict)
    for issuer, key_id, last in rows:
        uses[issuer][key_id] = last
    return uses


def _note_last_uses(since: datetime.datetime, until: datetime.datetime) -> None:
    """Write down which publishers were used: one statement for each hour in which some were."""
    granted = Exchange.objects.filter(created_at__gte=since, created_at__lt=until, outcome=Exchange.Outcome.GRANTED)
    used: dict[datetime.datetime, set[int]] = defaultdict(set)
    rows: Any = granted.order_by("created_at").values_list("created_at", "checks")
    last = {record["publisher"]: created_at for created_at, checks in rows.iterator() for record in checks}
    for publisher, created_at in last.items():
        used[_hour_of(created_at)].add(publisher)
    for hour, publishers in used.items():
        earlier = Q(last_used_at__isnull=True) | Q(last_used_at__lt=hour)
        Publisher.objects.filter(earlier, pk__in=publishers).update(last_used_at=hour)


def _hour_of(moment: datetime.datetime) -> datetime.datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
