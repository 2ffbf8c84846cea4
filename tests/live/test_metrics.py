"""The metrics of a server with several workers, and what its log says of a request."""

import json
import os
import re
import signal

import pytest
import requests

from tests.issuers import eventually

pytestmark = pytest.mark.django_db(transaction=True)

GRANTED = 'gatehouse_exchanges_total{code="",outcome="granted",provider="github"}'

BOOTED = r"Booting worker with pid: (\d+)"


def value(job, name: str) -> float:
    answer = requests.get(f"{job.server.url}/metrics", verify=job.trust, timeout=30)
    assert answer.status_code == 200, answer.text
    found = [line for line in answer.text.splitlines() if line.startswith(f"{name} ")]
    return float(found[0].rpartition(" ")[2]) if found else 0.0


def test_what_all_workers_counted_is_added_up(job):
    before = value(job, GRANTED)
    for _ in range(12):
        job.mint()
    # Whichever worker answers.
    assert {value(job, GRANTED) - before for _ in range(6)} == {12.0}


def test_a_worker_that_ended_leaves_its_counts(job):
    job.mint()
    before = value(job, GRANTED)
    booted = re.findall(BOOTED, job.server.log())
    os.kill(int(booted[-1]), signal.SIGTERM)
    eventually(lambda: len(re.findall(BOOTED, job.server.log())) > len(booted))
    assert value(job, GRANTED) == before


def test_each_answer_has_a_line_with_its_id(job):
    job.server.mark()
    answer = requests.get(f"{job.server.url}/nowhere?secret=sesame", verify=job.trust, timeout=30)
    eventually(lambda: '"path": "/nowhere"' in job.server.news())  # the line follows the answer
    lines = [json.loads(line) for line in job.server.news().splitlines() if line.startswith("{")]
    (line,) = (line for line in lines if line.get("path") == "/nowhere")
    assert line["request_id"] == answer.headers["X-Request-ID"]
    assert (line["method"], line["status"], line["address"]) == ("GET", 404, "127.0.0.1")
    assert "sesame" not in job.server.news()
