"""What the admin's front page says: how exchanges went, and what wants to be looked at."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone

from publishers import attention
from publishers.models import Issuer
from registry.models import User
from tokens import tallies
from tokens.models import ApiToken, Exchange, Tally

DAYS = 30
LIVE = tallies.LIVE
# Beyond this "many" is enough to know.
MOST = 1000

_EXCHANGES, _UPLOADS = "admin:tokens_exchange_changelist", "admin:tokens_provenance_changelist"
_SEE_PUBLISHERS = "publishers.view_publisher"


@dataclass
class Day:
    """What a day saw."""

    date: datetime.date
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def granted(self) -> int:
        """Exchanges that were granted."""
        return self.counts[Tally.What.GRANTED]

    @property
    def refused(self) -> int:
        """Exchanges that were refused and recorded."""
        return self.counts[Tally.What.REFUSED]

    @property
    def uploaded(self) -> int:
        """Files."""
        return self.counts[Tally.What.UPLOADED]

    def exchanges_url(self) -> str:
        """The day's exchanges."""
        return _listed(_EXCHANGES, **self._within("created_at"))

    def uploads_url(self) -> str:
        """The day's uploads."""
        return _listed(_UPLOADS, **self._within("uploaded_at"))

    def _within(self, column: str) -> dict[str, str]:
        return {f"{column}__gte": _start(self.date), f"{column}__lt": _start(self.date + datetime.timedelta(days=1))}


@dataclass(frozen=True)
class Share:
    """A provider's or a code's part of the exchanges."""

    name: str
    counts: dict[str, int]
    url: str

    @property
    def total(self) -> int:
        """Of all outcomes."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Concern:
    """Rows that want to be looked at."""

    words: str
    count: int
    url: str

    @property
    def shown(self) -> str:
        """The count, or that there are many."""
        return f"{MOST:,}+" if self.count > MOST else f"{self.count:,}"


@dataclass(frozen=True)
class Overview:
    """The whole page."""

    days: list[Day]
    providers: list[Share]
    codes: list[Share]
    counted_until: datetime.datetime | None
    is_behind: bool


def overview() -> Overview:
    """The last DAYS days."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - datetime.timedelta(days=DAYS - 1)
    days = {day.date: day for day in (Day((first + datetime.timedelta(days=n)).date()) for n in range(DAYS))}
    providers: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    codes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    until = tallies.counted_until()
    start = max(until or first, timezone.now() - LIVE, first)
    for date, what, provider, code, count in [*_tallied(first), *_live(start)]:
        days[date].counts[what] += count
        if what != Tally.What.UPLOADED:
            providers[provider][what] += count
        if what == Tally.What.REFUSED:
            codes[code][what] += count
    return Overview(
        [*days.values()],
        _shares(providers, "provider", first.date(), [Tally.What.GRANTED, Tally.What.REFUSED]),
        _shares(codes, "code", first.date(), [Tally.What.REFUSED]),
        until,
        is_behind=_is_behind(until),
    )


def concerns(user: User) -> list[Concern]:
    """What wants to be looked at, of what ``user`` may see; nothing where all is well."""
    rows: list[tuple[str, str, Callable[[], QuerySet[Any]], str, dict[str, str]]] = [
        ("publishers that nothing narrows", _SEE_PUBLISHERS, attention.unnarrowed, *_publishers("unnarrowed")),
        ("publishers not used for 90 days", _SEE_PUBLISHERS, attention.unused, *_publishers("unused")),
        ("pending publishers that expire soon", _SEE_PUBLISHERS, attention.expiring, *_publishers("expiring")),
        (
            "API tokens that upload to projects with trusted publishers",
            "tokens.view_apitoken",
            _needless_tokens,
            "admin:tokens_apitoken_changelist",
            {"publishers_told_at__isnull": "False", "revoked_at__isnull": "True"},
        ),
    ]
    found = [
        Concern(words, _count(find()), _listed(page, **query))
        for words, permission, find, page, query in rows
        if user.has_perm(permission)
    ]
    return [concern for concern in found if concern.count]


def troubled_issuers() -> list[Issuer]:
    """Issuers whose keys could not be refreshed."""
    return list(attention.troubled()[:20])


def _publishers(which: str) -> tuple[str, dict[str, str]]:
    return "admin:publishers_publisher_changelist", {"attention": which}


def _needless_tokens() -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(publishers_told_at__isnull=False, revoked_at__isnull=True)


def _count(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: MOST + 1].count()


def _tallied(first: datetime.datetime) -> Iterable[tuple[datetime.date, str, str, str, int]]:
    rows = Tally.objects.filter(hour__gte=first).order_by().annotate(date=TruncDate("hour"))
    return rows.values_list("date", "what", "provider", "code").annotate(total=Sum("count"))


def _live(since: datetime.datetime) -> Iterable[tuple[datetime.date, str, str, str, int]]:
    for hour, what, provider, code, count in tallies.counts(since, timezone.now()):
        yield hour.date(), what, provider, code, count


def _is_behind(until: datetime.datetime | None) -> bool:
    """Whether hours in which something happened are missing, because no worker has counted them."""
    since = {} if until is None else {"created_at__gte": until}
    return Exchange.objects.filter(created_at__lt=timezone.now() - LIVE, **since).exists()


def _shares(
    counted: dict[str, dict[str, int]], parameter: str, since: datetime.date, outcomes: Sequence[Tally.What]
) -> list[Share]:
    shares = [
        Share(
            name,
            {str(what): counts[what] for what in outcomes},
            _listed(_EXCHANGES, **{parameter: name, "created_at__gte": _start(since)}),
        )
        for name, counts in counted.items()
    ]
    return sorted(shares, key=lambda share: (-share.total, share.name))


def _start(date: datetime.date) -> str:
    """As the admin's filters take it."""
    return f"{date:%Y-%m-%d} 00:00:00+00:00"


def _listed(page: str, **query: str) -> str:
    return f"{reverse(page)}?{urlencode(query)}"
