"""Counts in Redis, for several machines: one small number for each key and slice, forgotten by itself."""

import functools
import hashlib
import time
from collections.abc import Callable

from django.conf import settings
from django.core.cache import caches

from registry.counting import slices
from registry.rates import Rate

# The cache of this name, in the settings, gives up quickly. It is there when CACHE_URL names a Redis.
CACHE = "counts"
# Seconds by which the machines' clocks may differ.
SKEW = 60


class RedisCounts:
    """``clock`` gives seconds since 1970, on every machine."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock

    def spend(self, key: str, rate: Rate) -> int:
        """Count one more of ``key``; as ``registry.counting.spend``. Raises whatever the Redis client raises.

        Who comes at the same moment as others may find them counted too, never the other way round.
        """
        now, cache = self.clock(), caches[CACHE]
        current, mark = slices.number(now, rate), _mark(key)
        names = [f"{mark}:{current - age}" for age in range(slices.KEPT)]
        found = cache.get_many(names)
        counts = [found.get(name, 0) for name in names]
        wait = slices.wait(counts, now, rate)
        if wait:
            return wait
        cache.add(names[0], 0, timeout=slices.lifetime(rate) + SKEW)
        counts[0] = cache.incr(names[0]) - 1
        return slices.wait(counts, now, rate)


def _mark(key: str) -> str:
    """What stands for a key in Redis, the same on all machines: from it nobody learns an address."""
    return hashlib.blake2b(key.encode(), digest_size=16, key=_secret(settings.SECRET_KEY)).hexdigest()


@functools.cache
def _secret(key: str) -> bytes:
    return hashlib.sha256(f"registry.counting {key}".encode()).digest()
