"""Counts in shared memory: of a fixed size, over processes and threads, whoever dies."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from registry.counting import in_memory, slices
from registry.counting.in_memory import BUCKETS, ROOM, SIZE, SharedCounts
from registry.rates import Rate
from tests.server import ROOT

TWO, MANY = Rate(2, 60), Rate(1_000_000, 60)


@pytest.fixture
def counts(clock):
    return SharedCounts(clock)


@pytest.fixture
def one_bucket(counts, monkeypatch):
    """All keys come into one bucket, which is full after ROOM of them."""
    monkeypatch.setattr(in_memory, "BUCKETS", 1)
    return counts


def used(counts, key, rate=MANY):
    """How often a key has been counted, without counting it."""
    _, (_, newest, _, *held) = counts._slot(counts._mark(key), counts.clock())
    return sum(slices.aged(held, slices.number(counts.clock(), rate) - newest))


def spend(counts, key, times):
    for _ in range(times):
        assert counts.spend(key, MANY) == 0


def test_so_many_and_no_more(counts):
    assert [counts.spend("a", TWO) for _ in range(4)] == [0, 0, 70, 70]
    assert counts.spend("b", TWO) == 0


def test_what_is_too_much_is_not_counted(counts, clock):
    for _ in range(2):
        counts.spend("a", TWO)
    for _ in range(7):
        assert counts.spend("a", TWO) == 1_000_070 - clock.now
        clock.now += 10
    assert counts.spend("a", TWO) == 0


def test_what_is_old_is_forgotten_bit_by_bit(counts, clock):
    counts.spend("a", TWO)
    clock.now += 30
    counts.spend("a", TWO)
    assert counts.spend("a", TWO) == 40
    clock.now += 40
    assert [counts.spend("a", TWO) for _ in range(2)] == [0, 30]


def test_a_key_that_was_long_silent_begins_anew(counts, clock):
    spend(counts, "a", 9)
    clock.now += 10**8
    assert [counts.spend("a", TWO) for _ in range(3)] == [0, 0, 70]


def test_the_size_is_fixed_and_about_a_mebibyte():
    assert 1_000_000 < SIZE <= 1024 * 1024


def test_ten_thousand_addresses_have_room(counts):
    for number in range(10_000):
        counts.spend(f"address {number}", TWO)
    forgotten = [number for number in range(10_000) if not used(counts, f"address {number}")]
    assert len(forgotten) < 100


def test_a_flood_of_new_keys_does_not_reset_the_busy(one_bucket):
    busy = [f"busy {number}" for number in range(ROOM - 1)]
    for key in busy:
        spend(one_bucket, key, 5)
    for number in range(1000):
        spend(one_bucket, f"flood {number}", 1)
    assert [used(one_bucket, key) for key in busy] == [5] * (ROOM - 1)


def test_not_even_when_each_of_the_flood_comes_nearly_as_often(one_bucket):
    spend(one_bucket, "busy", 5)
    for number in range(100):
        spend(one_bucket, f"flood {number}", 4)
    assert used(one_bucket, "busy") == 5


def test_a_flood_makes_no_newcomer_refused(one_bucket):
    for number in range(ROOM):
        for _ in range(3):
            one_bucket.spend(f"busy {number}", TWO)
    for number in range(100):
        assert one_bucket.spend(f"innocent {number}", TWO) == 0


def test_who_is_forgotten_gives_room_first(one_bucket, clock):
    for number in range(ROOM - 1):
        spend(one_bucket, f"old {number}", 9)
    clock.now += 80
    spend(one_bucket, "young", 1)
    for number in range(ROOM - 1):
        spend(one_bucket, f"new {number}", 1)
    assert used(one_bucket, "young") == 1
    assert [used(one_bucket, f"new {number}") for number in range(ROOM - 1)] == [1] * (ROOM - 1)


def test_of_the_least_busy_the_oldest_gives_way(one_bucket, clock):
    for number in range(ROOM):
        spend(one_bucket, f"key {number}", 1)
        clock.now += 1
    spend(one_bucket, "another", 1)
    assert [used(one_bucket, f"key {number}") for number in range(ROOM)] == [0] + [1] * (ROOM - 1)


def test_the_memory_holds_no_address(counts):
    counts.spend("address 192.0.2.77", TWO)
    assert b"192.0.2.77" not in counts._memory[:]
    assert counts._mark("address 192.0.2.77") != SharedCounts()._mark("address 192.0.2.77")


def test_keys_are_spread_over_the_buckets(counts):
    assert len({counts._mark(f"address {number}") % BUCKETS for number in range(20_000)}) == BUCKETS


@pytest.fixture
def restless():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_threads_lose_no_count(counts, restless):
    begin = threading.Barrier(4)

    def work(_number):
        begin.wait()
        spend(counts, "a", 5000)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert used(counts, "a") == 20_000


def test_it_takes_microseconds(counts):
    began = time.perf_counter()
    for number in range(2000):
        counts.spend(f"address {number}", TWO)
    # Some 10 to 30 microseconds; the bound is one that a busy machine keeps.
    assert (time.perf_counter() - began) / 2000 < 0.001


# In a process of its own: pytest's has threads, and should not be forked.
FORKS = """
import os, sys
from registry.counting.in_memory import SharedCounts
from registry.rates import Rate

counts, rate = SharedCounts(clock=lambda: 1000.0), Rate(1_000_000, 60)

def total(key):
    _, (_, _, _, *held) = counts._slot(counts._mark(key), 1000.0)
    return sum(held)

def forked(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child
"""

SUM = """
def work():
    for number in range(3000):
        counts.spend("shared", rate)
        counts.spend(f"other {number % 50}", rate)

for child in [forked(work) for _ in range(6)]:
    os.waitpid(child, 0)
print(total("shared"), {total(f"other {number}") for number in range(50)})
"""

NO_MORE = """
few = Rate(100, 60)
reader, writer = os.pipe()

def work():
    os.write(writer, b"".join(b"." for _ in range(200) if counts.spend("shared", few) == 0))

children = [forked(work) for _ in range(4)]
os.close(writer)
for child in children:
    os.waitpid(child, 0)
print(len(os.read(reader, 1000)))
"""

KILLED = """
import signal

def work():
    with counts._alone():
        os.kill(os.getpid(), signal.SIGKILL)

counts.spend("shared", rate)
for _ in range(20):
    _, status = os.waitpid(forked(work), 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    counts.spend("shared", rate)
print(total("shared"))
"""

KILLED_ANYWHERE = """
import signal

def work():
    while True:
        counts.spend("shared", rate)

for number in range(60):
    child, before = forked(work), total("shared")
    while total("shared") < before + 3 * number:
        counts.spend("other", rate)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
before = total("shared")
counts.spend("shared", rate)
print(before > 60, total("shared") - before)
"""

LOCKED_THREAD = """
from registry.counting import in_memory

with in_memory._threads:
    child = forked(lambda: counts.spend("shared", rate))
    os.waitpid(child, 0)
print(total("shared"))
"""


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        (SUM, "18000 {360}"),
        (NO_MORE, "100"),
        (KILLED, "21"),
        (KILLED_ANYWHERE, "True 1"),
        (LOCKED_THREAD, "1"),
    ],
    ids=["the sum is right", "no more than the rate", "killed with the lock", "killed anywhere", "forked while locked"],
)
def test_processes_share_it(code, printed):
    ended = subprocess.run(
        [sys.executable, "-c", FORKS + code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout.strip(), ended.stderr) == (printed, "")
