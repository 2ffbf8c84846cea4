"""The commands of docs/api.md, run as they stand against the server."""

import datetime
import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import Client
from django.utils import timezone

from publishers.models import Publisher
from registry.actors import Actor
from registry.models import Event
from tests.live.conftest import Job
from tests.live.test_at_once import at_once
from tokens.creating import create_api_token
from tokens.models import ApiToken

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "jq"))), reason="curl or jq is not installed"),
]

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "api.md"
TESTER = Actor("test")


def blocks(language: str) -> list[str]:
    """What the document has of it."""
    return re.findall(rf"```{language}\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


def run(job: Job, script: str, **given: str) -> str:
    """What it prints, in a shell that stops at the first failure."""
    environment = {**os.environ, "CURL_CA_BUNDLE": job.trust, **given}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def token(job):
    """The tool's, and another that nobody needs any more."""
    job.world.publisher.delete()
    Event.objects.record("project:create", TESTER, project=job.world.project)
    Event.objects.update(time=timezone.now() - datetime.timedelta(minutes=5))
    create_api_token(job.world.owner, name="old laptop", scopes=["upload"], actor=TESTER)
    return create_api_token(job.world.owner, name="tool", scopes=["manage", "read"], actor=TESTER)


def test_the_story_runs_as_it_is_written(job, token):
    script = "\n".join(blocks("sh")).replace("https://packages.example.com", job.server.url)
    assert script.count("curl ") == 18
    said = run(job, script, GATEHOUSE_TOKEN=token)
    assert "\n200\n" in said  # the same publisher again
    assert '"label":"releases"' in said
    assert '"trusted_publishing_only":true' in said
    assert "project:create" in said  # what is younger may be held back
    assert '"live": false' in said
    assert token not in said
    assert not Publisher.objects.exists()
    assert ApiToken.objects.get(name="tool").is_live()
    tags = ["project:oidc:publisher-added", "project:oidc:publisher-changed", "project:oidc:publisher-removed"]
    told = Event.objects.filter(project=job.world.project, tag__in=tags).order_by("pk")
    assert [event.tag for event in told] == tags


def test_the_problem_is_told_as_it_is_written(job, token):
    (command,) = (block for block in blocks("sh") if "WRONG=" in block)
    setting = next(block for block in blocks("sh") if "API=" in block)
    script = (setting + command).replace("https://packages.example.com", job.server.url)
    (written,) = blocks("json")
    told, expected = json.loads(run(job, script, GATEHOUSE_TOKEN=token)), json.loads(written)
    assert len(told.pop("request_id")) == len(expected.pop("request_id"))
    assert told == expected


@pytest.mark.parametrize("scope", ["read", "manage"])
def test_what_the_page_of_a_new_token_says_lists_the_projects(job, settings, scope):
    settings.SITE_URL = job.server.url
    client = Client()
    client.force_login(job.world.owner)
    address = "/manage/account/token/add/"
    (key,) = re.findall(r'name="key" value="([0-9a-f-]+)"', client.get(address).content.decode())
    filled = {"name": "tool", "scopes": [scope], "reach": "all", "expiry": "7", "key": key}
    page = client.post(address, filled).content.decode()
    (command,) = (line for line in map(unescape, re.findall(r"<code>(.*?)</code></pre>", page)) if "curl" in line)
    assert [one["name"] for one in json.loads(run(job, command))["results"]] == ["sampleproject"]


@pytest.mark.parametrize("path", ["projects/sampleproject/publishers/", "pending-publishers/"])
def test_of_eight_that_create_the_same_one_does(job, token, path):
    named = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
    body: dict[str, Any] = {"provider": "github", **named, "pin_at_first_use": True}
    if path.startswith("pending"):
        body["project_name"] = "brand-new"

    def create(_number):
        headers = {"Authorization": f"Bearer {token}"}
        return requests.post(
            f"{job.server.url}/api/v1/{path}", json=body, headers=headers, verify=job.trust, timeout=60
        )

    answers = at_once(8, create)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201], [one.text for one in answers]
    assert len({answer.json()["id"] for answer in answers}) == Publisher.objects.count() == 1
