"""MINT_RATE at the production server: one count for all its workers, and for several machines by Redis."""

import os
import re
import secrets
import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.issuers import eventually
from tests.machine import needs_redis
from tests.server import free_port

MINT = "/_/oidc/mint-token"
REDIS = "redis://127.0.0.1:6379/0"


def refused(job, times):
    """The statuses of requests that are refused, each on a connection of its own."""
    return [job.post(MINT, {"token": "a.b.c"}).status_code for _ in range(times)]


def workers(server):
    """The process ids of the workers."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    mailing = re.findall(r"The mail worker started with pid (\d+)", server.log())
    return [int(number) for number in children if mailing and number not in mailing]


@pytest.fixture
def pause(start):
    """Stop a process; it goes on at the end of the test."""
    with ExitStack() as stack:

        def paused(process):
            os.kill(process, signal.SIGSTOP)
            stack.callback(resume, process)

        yield paused


def resume(process):
    """Let a process go on, unless it is gone."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGCONT)


def test_the_workers_share_the_limit_and_keep_it_when_one_is_killed(job_at, start, pause):
    job = job_at(start(MINT_RATE="10/min"))
    eventually(lambda: len(workers(job.server)) == 2)
    first, second = workers(job.server)
    pause(second)
    assert refused(job, 6) == [422] * 6
    resume(second)
    pause(first)
    assert refused(job, 6) == [422] * 4 + [429] * 2
    os.kill(first, signal.SIGKILL)
    pause(second)
    eventually(lambda: set(workers(job.server)) - {first, second})
    assert refused(job, 2) == [429] * 2, "the worker in its place knows the counts"
    assert job.mint(), "a good token is exchanged all the same"


def test_without_the_setting_120_a_minute_are_told_why(job_at, start):
    job = job_at(start(MINT_RATE=""))
    began = time.monotonic()
    assert refused(job, 120) == [422] * 120
    answer = job.post(MINT, {"token": "a.b.c"})
    # A machine on which that takes a minute is told all of them.
    assert answer.status_code == 429 or time.monotonic() - began > 60
    assert 1 <= int(answer.headers["Retry-After"]) <= 70
    assert answer.json()["errors"][0]["code"] == "rate-limited"
    assert job.mint()


@needs_redis
def test_machines_share_the_limit_by_redis(job_at, start):
    # Keys are named by the secret, so that nobody else's count in this Redis.
    shared = {"CACHE_URL": REDIS, "MINT_RATE": "10/min", "SECRET_KEY": secrets.token_urlsafe(50)}
    first = job_at(start(**shared))
    assert refused(first, 6) == [422] * 6
    second = first.at(start(**shared))
    assert refused(second, 6) == [422] * 4 + [429] * 2
    assert refused(first, 1) == [429]
    assert first.mint()
    assert second.mint()


def test_without_its_redis_the_server_limits_nobody(job_at, start):
    job = job_at(start(CACHE_URL=f"redis://127.0.0.1:{free_port()}/0", MINT_RATE="2/min"))
    began = time.monotonic()
    assert refused(job, 20) == [422] * 20
    assert time.monotonic() - began < 10
    assert job.mint()
    assert 1 <= job.server.log().count("The counts cannot be had") <= 2 * 8
