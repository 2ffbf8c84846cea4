"""The key sets of issuers: which key a token names, and what an administrator may do about them."""

import datetime
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from publishers import jwk, refreshing
from publishers.errors import InvalidToken, KeysUnavailable
from publishers.fetch import FetchFailed
from publishers.jwk import Key
from publishers.models import Issuer

# A set of this age is refreshed in the background, and of that age no longer serves.
FRESH = datetime.timedelta(hours=1)
USABLE = datetime.timedelta(hours=24)
POLL_SECONDS = 0.05
# A fetch that began so long ago is a slow one; most have ended by then, and until then anybody may wait for it.
GRACE = datetime.timedelta(seconds=1)
# So many eighths of a process's threads may wait for one slow issuer, and for all; others are told to come back.
EIGHTHS_PER_ISSUER, EIGHTHS = 3, 6


def find(issuer: Issuer, unverified_key_id: str) -> Key:
    """The key of ``issuer`` that a token names, fetched if need be; ``issuer`` is brought up to date by that.

    Raises InvalidToken when the issuer has no such key, KeysUnavailable when that cannot be found out now.
    Must not be called inside a transaction: the network is waited for.
    """
    key = _stored(issuer, unverified_key_id)
    if key is None or not _serves(issuer):
        return _look_again(issuer, unverified_key_id)
    if not issuer.keys_pasted and not refreshing.within(issuer.keys_refreshed_at, FRESH):
        refreshing.refresh_in_background(issuer)
    return key


def refresh(issuer: Issuer) -> None:
    """Fetch the key set now, for an administrator: without the pause, but never beside another fetch.

    Raises FetchFailed with what went wrong, which is also kept in ``refresh_error``.
    """
    if issuer.keys_pasted:
        raise FetchFailed("These keys were pasted, and pasted keys are never fetched.")
    claim = refreshing.take_right(
        issuer, refreshing.not_claimed_within(refreshing.LAPSE) | Q(refresh_finished_at__isnull=False)
    )
    if claim is None:
        raise FetchFailed("The keys are being fetched at this moment; look again in a few seconds.")
    refreshing.fetch_now(issuer, claim)
    refreshing.reload(issuer)
    if issuer.refresh_error:
        raise FetchFailed(issuer.refresh_error)


def paste(issuer: Issuer, document: Any) -> bool:
    """Take a JWK set from an administrator, for good: it is never fetched and never grows old.

    Returns whether that changed anything. Raises BadKeySet.
    """
    keys = jwk.read_set(document)
    with transaction.atomic():
        refreshing.lock(issuer)
        kept = refreshing.kept(issuer, keys)
        if issuer.keys_pasted and kept == issuer.keys:
            return False
        refreshing.update(issuer, keys=kept, keys_pasted=True, keys_refreshed_at=timezone.now(), refresh_error="")
    return True


def unpaste(issuer: Issuer) -> bool:
    """Forget pasted keys and go back to discovery at the next token. Returns whether there were any."""
    with transaction.atomic():
        refreshing.lock(issuer)
        if not issuer.keys_pasted:
            return False
        refreshing.update(issuer, keys={}, keys_pasted=False, keys_refreshed_at=None, refresh_claimed_at=None)
    return True


def drop(issuer: Issuer, key_id: str) -> bool:
    """Never use a key again, under whatever id it comes. Returns whether the issuer had it."""
    with transaction.atomic():
        refreshing.lock(issuer)
        if key_id not in issuer.keys:
            return False
        thumbprint = jwk.load(issuer.keys[key_id]["jwk"]).thumbprint
        refreshing.update(
            issuer,
            keys={known: entry for known, entry in issuer.keys.items() if known != key_id},
            dropped_keys=sorted({*issuer.dropped_keys, thumbprint}),
        )
    return True


def _stored(issuer: Issuer, key_id: str) -> Key | None:
    entry = issuer.keys.get(key_id)
    if entry is None:
        return None
    key = jwk.load(entry["jwk"])
    return None if key.thumbprint in issuer.dropped_keys else key


def _serves(issuer: Issuer) -> bool:
    return issuer.keys_pasted or refreshing.within(issuer.keys_refreshed_at, USABLE)


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
    """Have the keys fetched, and wait for that. Strangers can ask for this: during the pause it costs them, not us.

    The fetch has a thread of its own, also for who caused it, so that many slow issuers do not hold all of ours.
    """
    if refreshing.within(issuer.refresh_claimed_at, refreshing.PAUSE) and not _is_in_flight(issuer):
        return
    refreshing.refresh_in_background(issuer)
    _await(issuer, GRACE)
    if _is_in_flight(issuer):
        with _seat(issuer):
            _await(issuer, refreshing.LAPSE)


def _await(issuer: Issuer, span: datetime.timedelta) -> None:
    """Wait for a fetch that is under way, here or elsewhere, until ``span`` after its begin.

    Counted from there, and not from now: else those who keep coming would hold all threads while it lasts.
    """
    refreshing.reload(issuer)
    while _is_in_flight(issuer) and refreshing.within(issuer.refresh_claimed_at, span):
        time.sleep(POLL_SECONDS)
        refreshing.reload(issuer)


def _is_in_flight(issuer: Issuer) -> bool:
    """Whether a fetch is under way that somebody still needs: pasted keys are there without it."""
    if issuer.keys_pasted or issuer.refresh_finished_at is not None:
        return False
    return refreshing.within(issuer.refresh_claimed_at, refreshing.LAPSE)


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
        left = issuer.refresh_claimed_at + refreshing.PAUSE - timezone.now()
        refused.retry_after = min(max(int(left.total_seconds()) + 1, 1), int(refreshing.PAUSE.total_seconds()))
    return refused


_seats = Counter[int]()
_seats_lock = threading.Lock()


@contextmanager
def _seat(issuer: Issuer) -> Iterator[None]:
    """A place to wait for an issuer. They are few: a slow issuer must not hold every thread."""
    with _seats_lock:
        if _seats[issuer.pk] >= _eighths(EIGHTHS_PER_ISSUER) or _seats.total() >= _eighths(EIGHTHS):
            refused = KeysUnavailable(f"The keys of {issuer.url} are being fetched; try again in a few seconds.")
            refused.retry_after = int(refreshing.LAPSE.total_seconds())
            raise refused
        _seats[issuer.pk] += 1
    try:
        yield
    finally:
        with _seats_lock:
            _seats[issuer.pk] -= 1


def _eighths(count: int) -> int:
    return int(settings.THREADS * count // 8)
