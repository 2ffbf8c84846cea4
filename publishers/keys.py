"""The key sets of issuers: stored in the database, and fetched by one process of all at a time.

The right to fetch is a conditional update of the issuer's row. It lapses by itself, so nothing is held over
the network and nothing is stuck when its holder dies. Only the columns in ``COLUMNS`` are written here.
"""

import datetime
import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections, transaction
from django.db.models import Q
from django.utils import timezone

from publishers import fetch, jwk
from publishers.errors import InvalidPayload, InvalidToken, KeysUnavailable
from publishers.fetch import FetchFailed
from publishers.jwk import BadKeySet, Key
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

# A set of this age is refreshed in the background, and of that age no longer serves.
FRESH = datetime.timedelta(hours=1)
USABLE = datetime.timedelta(hours=24)
# Between two fetches from one issuer, however many ask and however the first one ended.
PAUSE = datetime.timedelta(minutes=1)
# For both documents together. Clients give up after 5 seconds.
FETCH_SECONDS = fetch.SECONDS
# After this a fetch that was not reported finished has died with its process.
LAPSE = datetime.timedelta(seconds=FETCH_SECONDS + 1)
POLL_SECONDS = 0.05
# Requests of one process that one issuer, and all of them, may hold up; the others are told to come back.
SEATS_PER_ISSUER, SEATS = 3, 6

logger = logging.getLogger(__name__)


def find(issuer: Issuer, unverified_key_id: str) -> Key:
    """The key of ``issuer`` that a token names, fetched if need be; ``issuer`` is brought up to date by that.

    Raises InvalidToken when the issuer has no such key, KeysUnavailable when that cannot be found out now.
    Must not be called inside a transaction: the network is waited for.
    """
    key = _stored(issuer, unverified_key_id)
    if key is None or not _serves(issuer):
        return _look_again(issuer, unverified_key_id)
    if not issuer.keys_pasted and not _within(issuer.keys_refreshed_at, FRESH):
        _refresh_in_background(issuer)
    return key


def refresh(issuer: Issuer) -> None:
    """Fetch the key set now, for an administrator: without the pause, but never beside another fetch.

    Raises FetchFailed with what went wrong, which is also kept in ``refresh_error``.
    """
    if issuer.keys_pasted:
        raise FetchFailed("These keys were pasted, and pasted keys are never fetched.")
    claim = _claim(issuer, _not_claimed_within(LAPSE) | Q(refresh_finished_at__isnull=False))
    if claim is None:
        raise FetchFailed("The keys are being fetched at this moment; look again in a few seconds.")
    _fetch(issuer, claim)
    _reload(issuer)
    if issuer.refresh_error:
        raise FetchFailed(issuer.refresh_error)


def paste(issuer: Issuer, document: Any) -> bool:
    """Take a JWK set from an administrator, for good: it is never fetched and never grows old.

    Returns whether that changed anything. Raises BadKeySet.
    """
    keys = jwk.read_set(document)
    with transaction.atomic():
        _lock(issuer)
        kept = _kept(issuer, keys)
        if issuer.keys_pasted and kept == issuer.keys:
            return False
        _update(issuer, keys=kept, keys_pasted=True, keys_refreshed_at=timezone.now(), refresh_error="")
    return True


def unpaste(issuer: Issuer) -> bool:
    """Forget pasted keys and go back to discovery at the next token. Returns whether there were any."""
    with transaction.atomic():
        _lock(issuer)
        if not issuer.keys_pasted:
            return False
        _update(issuer, keys={}, keys_pasted=False, keys_refreshed_at=None, refresh_claimed_at=None)
    return True


def drop(issuer: Issuer, key_id: str) -> bool:
    """Never use a key again, under whatever id it comes. Returns whether the issuer had it."""
    with transaction.atomic():
        _lock(issuer)
        if key_id not in issuer.keys:
            return False
        thumbprint = jwk.load(issuer.keys[key_id]["jwk"]).thumbprint
        _update(
            issuer,
            keys={known: entry for known, entry in issuer.keys.items() if known != key_id},
            dropped_keys=sorted({*issuer.dropped_keys, thumbprint}),
        )
    return True


def settle(seconds: float = 10.0) -> None:
    """Wait until the refreshes that run in the background of this process have ended."""
    for thread in list(_in_background):
        thread.join(seconds)


# -- looking ------------------------------------------------------------


def _stored(issuer: Issuer, key_id: str) -> Key | None:
    entry = issuer.keys.get(key_id)
    if entry is None:
        return None
    key = jwk.load(entry["jwk"])
    return None if key.thumbprint in issuer.dropped_keys else key


def _serves(issuer: Issuer) -> bool:
    return issuer.keys_pasted or _within(issuer.keys_refreshed_at, USABLE)


def _look_again(issuer: Issuer, unverified_key_id: str) -> Key:
    if not issuer.keys_pasted:
        _bring_up_to_date(issuer)
    key = _stored(issuer, unverified_key_id)
    if key is not None and _serves(issuer):
        return key
    if issuer.keys_pasted or _ended_well(issuer):
        raise _unknown(issuer, unverified_key_id)
    raise _unavailable(issuer)


def _bring_up_to_date(issuer: Issuer) -> None:
    with _seat(issuer):
        claim = _claim(issuer, _not_claimed_within(PAUSE))
        if claim is None:
            _await_other(issuer)
        else:
            _fetch(issuer, claim)
            _reload(issuer)


def _await_other(issuer: Issuer) -> None:
    """Somebody fetched less than a minute ago, or is fetching: wait for that, no longer than it may take."""
    until = time.monotonic() + LAPSE.total_seconds()
    _reload(issuer)
    while _is_in_flight(issuer) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
        _reload(issuer)


def _is_in_flight(issuer: Issuer) -> bool:
    return issuer.refresh_finished_at is None and _within(issuer.refresh_claimed_at, LAPSE)


def _ended_well(issuer: Issuer) -> bool:
    """Whether the last fetch has ended, and brought the keys that are stored now."""
    return issuer.refresh_finished_at is not None and not issuer.refresh_error and _serves(issuer)


def _unknown(issuer: Issuer, unverified_key_id: str) -> InvalidToken:
    shown = unverified_key_id.encode("ascii", "backslashreplace").decode()[:100]
    return InvalidToken(f"The header's `kid` is `{shown}`, and {issuer.url} has no such key.")


def _unavailable(issuer: Issuer) -> KeysUnavailable:
    """Says nothing of what went wrong: that may speak of the inside of a network."""
    refused = KeysUnavailable(f"The keys of {issuer.url} cannot be had at the moment; try again later.")
    if issuer.refresh_claimed_at is not None:
        left = issuer.refresh_claimed_at + PAUSE - timezone.now()
        refused.retry_after = min(max(int(left.total_seconds()) + 1, 1), int(PAUSE.total_seconds()))
    return refused


_seats = Counter[int]()
_seats_lock = threading.Lock()


@contextmanager
def _seat(issuer: Issuer) -> Iterator[None]:
    """A place to wait for an issuer. They are few: a slow issuer must not hold every thread."""
    with _seats_lock:
        if _seats[issuer.pk] >= SEATS_PER_ISSUER or _seats.total() >= SEATS:
            refused = KeysUnavailable(f"The keys of {issuer.url} are being fetched; try again in a few seconds.")
            refused.retry_after = int(LAPSE.total_seconds())
            raise refused
        _seats[issuer.pk] += 1
    try:
        yield
    finally:
        with _seats_lock:
            _seats[issuer.pk] -= 1


# -- fetching ------------------------------------------------------------


def _claim(issuer: Issuer, free: Q) -> datetime.datetime | None:
    """Take the right to fetch if it is ``free``: when it was taken, or None. Never within a transaction."""
    now = timezone.now()
    with transaction.atomic(durable=True):
        row = Issuer.objects.filter(free, pk=issuer.pk, keys_pasted=False)
        return now if row.update(refresh_claimed_at=now, refresh_finished_at=None) else None


def _not_claimed_within(span: datetime.timedelta) -> Q:
    """Also true of a claim in the future, which a clock that was wrong has left."""
    now = timezone.now()
    past, future = Q(refresh_claimed_at__lte=now - span), Q(refresh_claimed_at__gt=now + span)
    return Q(refresh_claimed_at__isnull=True) | past | future


def _fetch(issuer: Issuer, claim: datetime.datetime) -> None:
    """Fetch and store, or store why not. What comes too late, when another took the right, is thrown away."""
    try:
        keys = _published(issuer)
        _keep(issuer, claim, keys)
        logger.info("The keys of %s were refreshed", issuer.url)
    except (FetchFailed, BadKeySet) as failure:
        logger.warning("The keys of %s could not be refreshed: %s", issuer.url, failure)
        held = Issuer.objects.filter(pk=issuer.pk, refresh_claimed_at=claim)
        held.update(refresh_finished_at=timezone.now(), refresh_error=str(failure)[:300])


def _keep(issuer: Issuer, claim: datetime.datetime, keys: dict[str, dict[str, str]]) -> None:
    with transaction.atomic(durable=True):
        row = (
            Issuer.objects.select_for_update().filter(pk=issuer.pk, refresh_claimed_at=claim, keys_pasted=False).first()
        )
        if row is not None:
            now = timezone.now()
            _update(row, keys=_kept(row, keys), keys_refreshed_at=now, refresh_finished_at=now, refresh_error="")


def _kept(row: Issuer, keys: dict[str, dict[str, str]]) -> dict[str, Any]:
    """The columns' form of ``keys``, without those that were dropped. Raises BadKeySet when none is left."""
    now, kept = timezone.now().isoformat(), {}
    for key_id, key in keys.items():
        known = row.keys.get(key_id)
        if jwk.load(key).thumbprint not in row.dropped_keys:
            kept[key_id] = known if known and known["jwk"] == key else {"jwk": key, "first_seen": now}
    if not kept:
        raise BadKeySet("Every usable key of the key set was dropped by an administrator.")
    return kept


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


def _refresh_in_background(issuer: Issuer) -> None:
    """Only a request that wins the right starts a thread; during the pause none asks the database for it."""
    if _within(issuer.refresh_claimed_at, PAUSE):
        return
    claim = _claim(issuer, _not_claimed_within(PAUSE))
    if claim is not None:
        thread = threading.Thread(target=_run, args=(issuer, claim), name=f"keys of {issuer.url}", daemon=True)
        _in_background.add(thread)
        thread.start()


def _run(issuer: Issuer, claim: datetime.datetime) -> None:
    try:
        _fetch(issuer, claim)
    except Exception:  # a thread has nobody to raise to, and the claim lapses
        logger.exception("The keys of %s could not be refreshed", issuer.url)
    finally:
        connections.close_all()  # this thread's own
        _in_background.discard(threading.current_thread())


# -- the row ------------------------------------------------------------


def _within(moment: datetime.datetime | None, span: datetime.timedelta) -> bool:
    """Whether ``moment`` is less than ``span`` away: one far in the future was written by a wrong clock."""
    return moment is not None and abs(timezone.now() - moment) < span


def _reload(issuer: Issuer) -> None:
    _take_over(issuer, Issuer.objects.filter(pk=issuer.pk))


def _lock(issuer: Issuer) -> None:
    """Bring the columns up to date and keep others from changing them until the transaction ends."""
    _take_over(issuer, Issuer.objects.select_for_update().filter(pk=issuer.pk))


def _take_over(issuer: Issuer, row: Any) -> None:
    found = row.values(*COLUMNS).first()
    if found is None:
        raise InvalidPayload("unknown trusted publishing issuer")
    for name, value in found.items():
        setattr(issuer, name, value)


def _update(issuer: Issuer, **values: Any) -> None:
    Issuer.objects.filter(pk=issuer.pk).update(**values)
    for name, value in values.items():
        setattr(issuer, name, value)
