"""What "at most so many in any minute" means, and when one more may come.

A span is cut into SLICES of equal length. The current slice counts beside all SLICES before it, in full: together they
cover the span wherever it begins, so that never more than ``rate.most`` fall into any of them. (Two windows that
meet would let through twice as many around the moment at which one ends, and so would an estimate that takes the last
window to have been filled evenly.) The price: what was counted is forgotten after the span and at most one slice more.
"""

import math
from collections.abc import Sequence

from registry.rates import Rate

SLICES = 6
KEPT = SLICES + 1


def number(now: float, rate: Rate) -> int:
    """The number of the slice that holds ``now``, in seconds of whatever clock."""
    return int(now * SLICES / rate.seconds)


def lifetime(rate: Rate) -> int:
    """Seconds after which a slice that has just begun counts no more."""
    return math.ceil(rate.seconds * KEPT / SLICES)


def aged(counts: Sequence[int], by: int) -> tuple[int, ...]:
    """``counts``, newest slice first, when ``by`` further slices have begun."""
    return (*(0 for _ in range(min(by, KEPT))), *counts)[:KEPT]


def wait(counts: Sequence[int], now: float, rate: Rate) -> int:
    """Whole seconds until one more may come if nothing else does; 0 when it may now. ``counts``: newest slice first."""
    left, age = sum(counts), len(counts)
    if left < rate.most:
        return 0
    while left >= rate.most:
        age -= 1
        left -= counts[age]
    forgotten_at = (number(now, rate) - age + KEPT) * rate.seconds / SLICES
    return max(1, math.ceil(forgotten_at - now))
