"""Counting what somebody does, over all workers, without the database: ``spend`` says when it is too much.

Where CACHE_URL names a Redis the counts are there, for all machines. Otherwise they are in memory that the workers
share because it was there before they were forked: importing this package makes it (``registry.apps`` does, and the
server loads the application first). They are forgotten at a restart.
"""

import logging
import time

from django.conf import settings

from registry.counting.in_memory import SharedCounts
from registry.counting.in_redis import CACHE, RedisCounts
from registry.rates import Rate

# After a failure nobody is counted for so many seconds: neither time nor the log is wasted on each request.
PAUSE = 30.0

logger = logging.getLogger(__name__)


def spend(key: str, rate: Rate) -> int:
    """Count one more of ``key``: 0, or, when ``rate`` is used up, the seconds until it may be counted.

    What is too much is not counted, so the answer stays true for who keeps trying. Where the counts cannot be had at
    the moment the answer is 0. Raises nothing.
    """
    if _paused.until > time.monotonic():
        return 0
    try:
        return _counts().spend(key, rate)
    except Exception:  # whatever it is: a counter that fails must not be felt
        _paused.until = time.monotonic() + PAUSE
        logger.exception("The counts cannot be had: nobody is limited for %d seconds", PAUSE)
        return 0


class _Pause:
    until = 0.0


_paused = _Pause()
_in_memory, _in_redis = SharedCounts(), RedisCounts()


def _counts() -> SharedCounts | RedisCounts:
    return _in_redis if CACHE in settings.CACHES else _in_memory
