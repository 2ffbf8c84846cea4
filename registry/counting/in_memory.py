"""Counts in a piece of memory that a process shares with all it forks, of a fixed size whatever comes.

The memory is a table: the hash of a key names a bucket, which has room for ROOM keys. Into a full bucket a new key
comes in the place of the one with the lowest count. It takes that count not over, so a flood of keys makes nobody
refused; nor does it push out who was counted more often than each of them: to displace a key that was counted 120
times takes ROOM others in its bucket that were too, and which bucket that is only the secret tells.
"""

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from registry.counting import slices
from registry.rates import Rate

# Of the key, the number of the newest slice, the second at which all is forgotten; then the counts, newest first.
_SLOT = struct.Struct(f"=QII{slices.KEPT}I")
ROOM = 16
BUCKETS = 1024 * 1024 // (_SLOT.size * ROOM)
SIZE = BUCKETS * ROOM * _SLOT.size

_Slot = tuple[int, ...]
# One for all tables: while a process waits for a lock of the kernel's it holds none, or two could wait for each other.
_threads = threading.Lock()


class SharedCounts:
    """Make it before forking. Safe between processes and threads, and when one of them is killed at any point.

    ``clock`` gives seconds and must be the same in all processes, as ``time.monotonic`` is on one machine.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._secret = secrets.token_bytes(32)
        self._file = _anonymous_file()
        os.ftruncate(self._file, SIZE)
        self._memory = mmap.mmap(self._file, SIZE)
        weakref.finalize(self, os.close, self._file).atexit = False

    def spend(self, key: str, rate: Rate) -> int:
        """Count one more of ``key``; as ``registry.counting.spend``. Takes microseconds. Raises OSError."""
        mark = self._mark(key)
        with self._alone():
            now = self.clock()
            at, (_, newest, _, *counts) = self._slot(mark, now)
            current = slices.number(now, rate)
            counts = list(slices.aged(counts, current - newest))
            wait = slices.wait(counts, now, rate)
            if wait == 0:
                counts[0] += 1
                until = int(now) + slices.lifetime(rate) + 1
                self._memory[at : at + _SLOT.size] = _SLOT.pack(mark, current, until, *counts)
        return wait

    def _mark(self, key: str) -> int:
        """What stands for a key in the table: from it nobody learns an address."""
        return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8, key=self._secret).digest())

    def _slot(self, mark: int, now: float) -> tuple[int, _Slot]:
        """Where a key's slot is and what is in it; for a new key the least busy one of its bucket, as if empty."""
        start = mark % BUCKETS * ROOM * _SLOT.size
        slots = list(_SLOT.iter_unpack(self._memory[start : start + ROOM * _SLOT.size]))
        for place, slot in enumerate(slots):
            if slot[0] == mark:
                return start + place * _SLOT.size, slot
        place = min(range(ROOM), key=lambda place: _busyness(slots[place], now))
        return start + place * _SLOT.size, (mark, 0, 0, *(0 for _ in range(slices.KEPT)))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes out. The kernel gives the lock back when its holder dies."""
        with _threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)


def _busyness(slot: _Slot, now: float) -> tuple[int, int]:
    """Slots that are forgotten come first, then those with the fewest counts, the oldest of them first."""
    _, _, until, *counts = slot
    return (0 if until <= now else sum(counts)), until


def _anonymous_file() -> int:
    """A descriptor of a file without a name, which is gone with the last process that has it."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("counts")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _after_fork() -> None:
    """A thread that the child does not have may have held the lock at the fork."""
    global _threads
    _threads = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
