"""Counts in Redis, and what happens when it does not answer."""

import logging
import socket
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import caches

from registry import counting
from registry.counting.in_memory import SharedCounts
from registry.counting.in_redis import CACHE, RedisCounts
from registry.rates import Rate
from tests.machine import needs_redis

TWO = Rate(2, 60)
URL = "redis://127.0.0.1:6379/0"


@pytest.fixture
def use(settings):
    """Keep the counts in the Redis at some address, under a prefix of the test's own."""

    def at(url: str) -> None:
        settings.CACHES = {
            **settings.CACHES,
            CACHE: {
                "BACKEND": "django.core.cache.backends.redis.RedisCache",
                "LOCATION": url,
                "KEY_PREFIX": str(uuid.uuid4()),
                "OPTIONS": settings.REDIS_OPTIONS,
            },
        }

    return at


@pytest.fixture
def counts(use, clock):
    use(URL)
    return RedisCounts(clock)


def kept():
    """A Redis client, and the names under which it keeps what the test counted."""
    cache: Any = caches[CACHE]
    client = cache._cache.get_client()
    return client, client.keys(f"{cache.key_prefix}:*")


@needs_redis
def test_so_many_and_no_more(counts):
    assert [counts.spend("a", TWO) for _ in range(4)] == [0, 0, 70, 70]
    assert counts.spend("b", TWO) == 0


@needs_redis
def test_what_is_old_is_forgotten_bit_by_bit(counts, clock):
    counts.spend("a", TWO)
    clock.now += 30
    assert [counts.spend("a", TWO) for _ in range(2)] == [0, 40]
    clock.now += 40
    assert [counts.spend("a", TWO) for _ in range(2)] == [0, 30]


@needs_redis
def test_machines_share_the_counts_and_lose_none(counts, clock):
    machines, rate = [RedisCounts(clock) for _ in range(8)], Rate(100, 60)
    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda number: machines[number % 8].spend("a", rate), range(100)))
    assert spent == [0] * 100
    assert counts.spend("a", rate) == 70


@needs_redis
def test_many_at_the_same_moment_are_never_let_through_too_often(counts, clock):
    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda _number: RedisCounts(clock).spend("a", Rate(50, 60)), range(200)))
    assert spent.count(0) <= 50
    assert counts.spend("a", Rate(50, 60))


@needs_redis
def test_it_holds_no_address_and_forgets_by_itself(counts):
    counts.spend("address 192.0.2.77", TWO)
    client, (name,) = kept()
    assert b"192.0.2.77" not in name
    assert 70 <= client.ttl(name) <= 130


@needs_redis
def test_it_is_used_when_it_is_in_the_settings(use):
    use(URL)
    assert [counting.spend("a", TWO) for _ in range(2)] == [0, 0]
    assert 50 < counting.spend("a", TWO) <= 70
    use(URL)
    assert counting.spend("a", TWO) == 0, "under another prefix nothing was counted yet"


@pytest.fixture
def failures(caplog, monkeypatch):
    """What was logged; afterwards counting goes on."""
    monkeypatch.setattr(counting, "_paused", counting._Pause())
    with caplog.at_level(logging.ERROR, logger="registry.counting"):
        yield caplog


def test_a_redis_that_is_down_limits_nobody_and_is_told_once(use, failures):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    use(f"redis://:sesame@127.0.0.1:{port}/0")
    began = time.monotonic()
    assert [counting.spend("a", TWO) for _ in range(500)] == [0] * 500
    assert time.monotonic() - began < 10
    assert failures.messages == ["The counts cannot be had: nobody is limited for 30 seconds"]
    assert "sesame" not in failures.text


def test_a_redis_that_does_not_answer_is_not_waited_for(use, failures):
    with socket.create_server(("127.0.0.1", 0)) as server:
        use(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        began = time.monotonic()
        assert [counting.spend("a", TWO) for _ in range(500)] == [0] * 500
        assert time.monotonic() - began < 20
    assert len(failures.records) == 1


@needs_redis
def test_a_redis_that_holds_nonsense_limits_nobody(use, failures, clock, monkeypatch):
    use(URL)
    monkeypatch.setattr(counting, "_in_redis", RedisCounts(clock))
    counting.spend("a", TWO)
    client, (name,) = kept()
    client.set(name, b"nonsense", ex=60)
    assert counting.spend("a", TWO) == 0
    assert len(failures.records) == 1


@needs_redis
def test_when_it_is_back_it_counts_again(use, failures, monkeypatch):
    monkeypatch.setattr(counting, "PAUSE", 0.0)
    use("redis://127.0.0.1:1/0")
    assert counting.spend("a", TWO) == 0
    use(URL)
    assert [bool(counting.spend("a", TWO)) for _ in range(3)] == [False, False, True]


def test_memory_that_fails_is_not_felt_either(failures, monkeypatch):
    def full(*_arguments):
        raise OSError("No locks available")

    monkeypatch.setattr(counting, "_in_memory", SharedCounts())
    monkeypatch.setattr("registry.counting.in_memory.fcntl.lockf", full)
    assert [counting.spend("a", TWO) for _ in range(5)] == [0] * 5
    assert len(failures.records) == 1
