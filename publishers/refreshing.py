"""The fetching of key sets: by one process of all at a time, and stored in the issuer's row.

The right to fetch is a conditional update of the row. It lapses by itself, so nothing is held over the network
and nothing is stuck when its holder dies. Only the columns in ``COLUMNS`` are written here.
"""

import datetime
import logging
import threading
import time
from typing import Any

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from publishers import fetch, jwk, metrics
from publishers.errors import InvalidPayload
from publishers.fetch import FetchFailed
from publishers.jwk import BadKeySet
from publishers.models import Issuer

COLUMNS = (
    "keys",
    "dropped_keys",
    "keys_pasted",
    "keys_refreshed_at",
    "refresh_claimed_at",
    "refresh_finished_at",
    "refresh_error",
)

# Between two fetches from one issuer, however many ask and however the first one ended.
PAUSE = datetime.timedelta(minutes=1)
# For both documents together. Clients give up after 5 seconds.
FETCH_SECONDS = fetch.SECONDS
# After this a fetch that was not reported finished has died with its process.
LAPSE = datetime.timedelta(seconds=FETCH_SECONDS + 1)

logger = logging.getLogger(__name__)


def take_right(issuer: Issuer, free: Q) -> datetime.datetime | None:
    """Take the right to fetch if it is ``free``: when it was taken, or None. Never within a transaction."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        row = Issuer.objects.filter(free, pk=issuer.pk, keys_pasted=False)
        return now if row.update(refresh_claimed_at=now, refresh_finished_at=None) else None


def not_claimed_within(span: datetime.timedelta) -> Q:
    """Also true of a claim in the future, which a clock that was wrong has left."""
    now = timezone.now()
    past, future = Q(refresh_claimed_at__lte=now - span), Q(refresh_claimed_at__gt=now + span)
    return Q(refresh_claimed_at__isnull=True) | past | future


def fetch_now(issuer: Issuer, claim: datetime.datetime) -> None:
    """Fetch and store, or store why not. What comes too late, when another took the right, is thrown away."""
    try:
        keys = _published(issuer)
        _keep(issuer, claim, keys)
        metrics.key_refreshes.labels(issuer.url, "succeeded").inc()
        logger.info("The keys of %s were refreshed", issuer.url)
    except (FetchFailed, BadKeySet) as failure:
        metrics.key_refreshes.labels(issuer.url, "failed").inc()
        logger.warning("The keys of %s could not be refreshed: %s", issuer.url, failure)
        held = Issuer.objects.filter(pk=issuer.pk, refresh_claimed_at=claim)
        held.update(refresh_finished_at=timezone.now(), refresh_error=str(failure)[:300])


def _keep(issuer: Issuer, claim: datetime.datetime, keys: dict[str, dict[str, str]]) -> None:
    with transaction.atomic(durable=True):
        held = Issuer.objects.filter(pk=issuer.pk, refresh_claimed_at=claim, keys_pasted=False)
        row = held.select_for_update(no_key=True).first()
        if row is not None:
            now = timezone.now()
            update(row, keys=kept(row, keys), keys_refreshed_at=now, refresh_finished_at=now, refresh_error="")


def kept(row: Issuer, keys: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The columns' form of ``keys``, without those that were dropped. Raises BadKeySet when none is left."""
    now, left = timezone.now().isoformat(), {}
    for key_id, key in keys.items():
        known = row.keys.get(key_id)
        if jwk.load(key).thumbprint not in row.dropped_keys:
            left[key_id] = known if known and known["jwk"] == key else {"jwk": key, "first_seen": now}
    if not left:
        raise BadKeySet("Every usable key of the key set was dropped by an administrator.")
    return left


def _published(issuer: Issuer) -> dict[str, dict[str, str]]:
    """The usable keys that the issuer publishes now. Both documents together take at most FETCH_SECONDS."""
    until = time.monotonic() + FETCH_SECONDS
    # OpenID Connect Discovery 1.0 section 4: one slash at the end is removed before the path is appended.
    place = f"{issuer.url.removesuffix('/')}/.well-known/openid-configuration"
    discovery = _document(issuer, place, until)
    if discovery.get("issuer") != issuer.url:
        raise FetchFailed(f"{place} is not the discovery document of {issuer.url}.")
    address = discovery.get("jwks_uri")
    if not isinstance(address, str):
        raise FetchFailed(f"{place} names no `jwks_uri`.")
    return jwk.read_set(_document(issuer, address, until))


def _document(issuer: Issuer, url: str, until: float) -> dict[str, Any]:
    answer = fetch.get_json(
        url,
        ca_file=issuer.ca_file,
        allow_http_loopback=issuer.allow_http_loopback,
        seconds=until - time.monotonic(),
    )
    if answer.status != 200 or not isinstance(answer.document, dict):
        raise FetchFailed(f"{url[:200]} answered with status {answer.status} and no JSON object.")
    return answer.document


_in_background: set[threading.Thread] = set()


def refresh_in_background(issuer: Issuer) -> None:
    """Only a request that wins the right starts a thread; during the pause none asks the database for it."""
    if within(issuer.refresh_claimed_at, PAUSE):
        return
    claim = take_right(issuer, not_claimed_within(PAUSE))
    if claim is not None:
        thread = threading.Thread(target=_run, args=(issuer, claim), name=f"keys of {issuer.url}", daemon=True)
        _in_background.add(thread)
        thread.start()


def _run(issuer: Issuer, claim: datetime.datetime) -> None:
    try:
        fetch_now(issuer, claim)
    except Exception:  # a thread has nobody to raise to, and the claim lapses
        logger.exception("The keys of %s could not be refreshed", issuer.url)
    finally:
        connections.close_all()  # this thread's own
        _in_background.discard(threading.current_thread())


def settle(seconds: float = 10.0) -> None:
    """Wait until the refreshes that run in the background of this process have ended."""
    for thread in list(_in_background):
        thread.join(seconds)


def within(moment: datetime.datetime | None, span: datetime.timedelta) -> bool:
    """Whether ``moment`` is less than ``span`` away: one far in the future was written by a wrong clock."""
    return moment is not None and abs(timezone.now() - moment) < span


def reload(issuer: Issuer) -> None:
    """Bring the columns of ``issuer`` up to date."""
    _take_over(issuer, Issuer.objects.filter(pk=issuer.pk))


def lock(issuer: Issuer) -> None:
    """Bring the columns up to date and keep others from changing them until the transaction ends."""
    _take_over(issuer, Issuer.objects.select_for_update(no_key=True).filter(pk=issuer.pk))


def _take_over(issuer: Issuer, row: Any) -> None:
    found = row.values(*COLUMNS).first()
    if found is None:
        raise InvalidPayload("unknown trusted publishing issuer")
    for name, value in found.items():
        setattr(issuer, name, value)


def update(issuer: Issuer, **values: Any) -> None:
    """Write columns, to the row and to ``issuer``."""
    Issuer.objects.filter(pk=issuer.pk).update(**values)
    for name, value in values.items():
        setattr(issuer, name, value)
