"""What the page of a new API token says to copy works as it stands: real uv, twine, pip and curl, over HTTPS."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from django.test import Client

from registry.models import File
from tests.live.conftest import BIN, Job

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

Say = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture
def blocks(job: Job, settings) -> list[str]:
    """What stands to copy on the page, for the server of the job."""
    settings.SITE_URL = job.server.url
    client = Client()
    client.force_login(job.world.owner)
    (key,) = re.findall(r'name="key" value="([0-9a-f-]+)"', client.get("/manage/account/token/add/").content.decode())
    filled = {
        "name": "laptop",
        "scopes": ["upload", "download"],
        "reach": "named",
        "projects": ["sampleproject"],
        "expiry": "7",
        "key": key,
    }
    page = client.post("/manage/account/token/add/", filled).content.decode()
    return [unescape(block) for block in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.DOTALL)]


@pytest.fixture
def say(job: Job) -> Say:
    """A shell of a person who has nothing but the tools and this page."""
    (job.folder / "dist").mkdir()
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(job.folder),
        "SSL_CERT_FILE": job.trust,
        "REQUESTS_CA_BUNDLE": job.trust,
        "CURL_CA_BUNDLE": job.trust,
        "PIP_CERT": job.trust,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_NO_CONFIG": "1",
        "UV_CACHE_DIR": str(job.folder / "cache"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "NO_COLOR": "1",
        "COLUMNS": "400",
    }

    def shell(script: str) -> "subprocess.CompletedProcess[str]":
        command = ["/bin/sh", "-e", "-c", script]
        return subprocess.run(
            command, env=environment, cwd=job.folder, capture_output=True, text=True, timeout=120, check=False
        )

    return shell


def the(blocks: list[str], words: str) -> str:
    return next(block for block in blocks if words in block)


@pytest.mark.parametrize("client", ["uv publish", "twine upload"])
def test_it_uploads(job: Job, blocks: list[str], say: Say, client: str):
    wheel = job.wheel()
    wheel.rename(job.folder / "dist" / wheel.name)
    done = say(the(blocks, client))
    assert done.returncode == 0, done.stdout + done.stderr
    assert File.objects.get().filename == wheel.name


@pytest.mark.parametrize("client", ["pip install", "uv pip install"])
def test_it_installs_where_reading_needs_a_token(
    job: Job, blocks: list[str], say: Say, start: Callable[..., object], client: str
):
    wheel = job.wheel()
    job.upload(wheel.read_bytes(), wheel.name, job.mint())
    closed: object = start(ANONYMOUS_READ="false")
    command = the(blocks, client if client.startswith("uv") else "pip install --index-url")
    if client == "pip install":
        command = next(block for block in blocks if block.startswith("pip install"))
    command = command.replace(job.server.url, closed.url)  # type: ignore[attr-defined]
    target = job.folder / "installed"
    refused = say(f"{command} --target {target}")
    assert refused.returncode != 0
    netrc = Path(job.folder / ".netrc")
    netrc.write_text(the(blocks, "machine "), encoding="utf-8")
    netrc.chmod(0o600)
    done = say(f"{command} --target {target}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (target / "sampleproject" / "__init__.py").exists()
