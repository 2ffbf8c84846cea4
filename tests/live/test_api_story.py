"""The commands of docs/api.md, run as they stand against the server."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from publishers.models import Publisher
from registry.actors import Actor
from tokens.creating import create_api_token

pytestmark = pytest.mark.django_db(transaction=True)

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "api.md"
# The document uses jq, which a machine may lack.
WITHOUT_JQ = "python3 -c 'import json, sys; print(json.load(sys.stdin)[\"id\"])'"


def test_the_story_runs_as_it_is_written(job):
    job.world.publisher.delete()
    token = create_api_token(job.world.owner, name="tool", scopes=["manage", "read"], actor=Actor("test"))
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL))
    assert commands.count("curl ") == 10
    script = commands.replace("https://packages.example.com", job.server.url).replace("jq .id", WITHOUT_JQ)
    environment = {**os.environ, "GATEHOUSE_TOKEN": token, "CURL_CA_BUNDLE": job.trust}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert '"environment"' in done.stdout
    assert not Publisher.objects.filter(project=job.world.project).exists()
    assert Publisher.objects.pending().get().project_name == "brand-new"
    assert token not in done.stdout
