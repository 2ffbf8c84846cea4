"""The upload API as real clients reach it: over TLS, through the production server."""

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
from django.test.client import BOUNDARY, MULTIPART_CONTENT

from registry.creation import create_project
from registry.models import File, Release, User
from tests.environment import FOLDER
from tests.registry.uploads import making
from tests.server import RegistryServer

pytestmark = pytest.mark.django_db(transaction=True)

WHEEL, SDIST = "sampleproject-1.0-py3-none-any.whl", "sampleproject-1.0.tar.gz"
BIN = Path(sys.executable).parent
MIB = 1024 * 1024
FORBIDDEN = "Invalid or non-existent authentication information."


@pytest.fixture
def token(transactional_db: None) -> str:
    """Alice's API token, for another process to see."""
    return making.api_token(User.objects.create_user("alice"))


@pytest.fixture
def legacy(registry_server: RegistryServer) -> str:
    """The upload URL."""
    return f"{registry_server.url}/legacy/"


def run(server: RegistryServer, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a client that trusts the server's certificate, with nothing of this machine's configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    quiet = {"HOME": os.devnull, "NO_COLOR": "1", "COLUMNS": "400", "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1"}
    trust = {"SSL_CERT_FILE": server.ca_file, "REQUESTS_CA_BUNDLE": server.ca_file}
    program, *arguments = map(str, command)
    return subprocess.run(
        [BIN / program, *arguments],
        env=kept | quiet | trust | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def uv_publish(server: RegistryServer, token: str, *files: Path) -> subprocess.CompletedProcess[str]:
    return run(server, "uv", "publish", "--publish-url", f"{server.url}/legacy/", "--token", token, *files)


def twine_upload(server: RegistryServer, token: str, *files: Path) -> subprocess.CompletedProcess[str]:
    quiet = ("--non-interactive", "--disable-progress-bar", "--config-file", os.devnull)
    where = ("--repository-url", f"{server.url}/legacy/")
    return run(
        server,
        *("twine", "upload", *quiet, *where, *files),
        TWINE_USERNAME="__token__",
        TWINE_PASSWORD=token,
        PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
    )


def written(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def incoming() -> list[Path]:
    """What the server has not finished: it uses the test run's FILES_URL, not this process's."""
    folder = FOLDER / "files" / "incoming"
    return list(folder.iterdir()) if folder.is_dir() else []


@pytest.mark.parametrize("publish", [uv_publish, twine_upload])
def test_what_a_build_backend_makes_is_taken(registry_server: RegistryServer, token: str, tmp_path: Path, publish):
    project = tmp_path / "project"
    (project / "sample_project").mkdir(parents=True)
    (project / "sample_project" / "__init__.py").write_text('"""Ünïcode ☃."""\n')
    (project / "README.md").write_text("# Hello ☃\n")
    (project / "LICENSE").write_text("Do.\n")
    (project / "pyproject.toml").write_text(
        "[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
        "[project]\nname = 'Sample.Project'\nversion = '1.0rc1+local.2'\nreadme = 'README.md'\nlicense = 'MIT'\n"
        "license-files = ['LICENSE']\nrequires-python = '>=3.8'\n"
        "dependencies = ['packaging>=20; python_version>\"3\"']\n"
        "keywords = ['a', 'b']\nauthors = [{name = 'Zoë', email = 'zoe@example.org'}]\n"
        "urls = {Homepage = 'https://example.org', Docs = 'https://example.org/docs'}\n"
        "[project.optional-dependencies]\nextra = ['attrs']\n[project.scripts]\nsample = 'sample_project:main'\n"
    )
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path / "dist"), str(project)]
    subprocess.run(build, check=True, capture_output=True, timeout=120)
    done = publish(registry_server, token, *sorted((tmp_path / "dist").iterdir()))
    assert done.returncode == 0, done.stdout + done.stderr
    names = {"sample_project-1.0rc1+local.2-py3-none-any.whl", "sample_project-1.0rc1+local.2.tar.gz"}
    assert set(File.objects.values_list("filename", flat=True)) == names
    assert set(File.objects.values_list("requires_python", flat=True)) == {">=3.8"}
    release = Release.objects.get()
    assert release.metadata["description"] == "# Hello ☃\n"
    assert release.metadata["project_urls"]["Docs"] == "https://example.org/docs"


def test_uv_prints_the_sentence_of_a_bad_token_after_50_megabytes(registry_server: RegistryServer, tmp_path: Path):
    big = written(tmp_path, WHEEL, making.wheel(extra={"noise.bin": os.urandom(50_000_000)}))
    done = uv_publish(registry_server, "gth_api_" + "0" * 49, big)
    assert done.returncode != 0
    assert FORBIDDEN in done.stderr


@pytest.mark.parametrize("publish", [uv_publish, twine_upload])
def test_the_reason_of_a_refusal_is_printed(registry_server: RegistryServer, token: str, tmp_path: Path, publish):
    assert publish(registry_server, token, written(tmp_path, WHEEL, making.wheel())).returncode == 0
    other = written(tmp_path, WHEEL, making.wheel(extra={"x.py": b""}))
    done = publish(registry_server, token, other)
    assert done.returncode != 0
    assert f"File already exists ('{WHEEL}', with blake2_256 hash" in done.stdout + done.stderr


def test_a_file_over_the_limit_is_explained(registry_server: RegistryServer, token: str, tmp_path: Path):
    create_project(
        "sampleproject", owners=[User.objects.get(username="alice")], actor=making.somebody(), max_file_size=5 * MIB
    )
    big = written(tmp_path, WHEEL, making.wheel(extra={"noise.bin": os.urandom(20_000_000)}))
    done = twine_upload(registry_server, token, big)
    assert "File too large. Limit for project 'sampleproject' is 5 MiB." in done.stdout


def test_a_refusal_in_the_middle_of_the_form_is_heard(registry_server: RegistryServer, token: str, legacy: str):
    fields = making.form(making.wheel(), WHEEL, description="x" * (30 * MIB))
    file = fields.pop("content")
    answer = requests.post(
        legacy,
        data=fields,
        files={"content": (WHEEL, file)},
        auth=("__token__", token),
        verify=registry_server.ca_file,
        timeout=60,
    )
    assert (answer.status_code, answer.reason) == (
        400,
        "The metadata is too large. The fields beside the file may have 4 MiB.",
    )


def test_a_torn_upload_stores_nothing(registry_server: RegistryServer, token: str):
    before = set(incoming())  # of servers that other tests killed
    body = making.body(making.form(making.wheel(), WHEEL))[0]
    head = (
        f"POST /legacy/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: {making.basic(token)}\r\n"
        f"Content-Type: {MULTIPART_CONTENT}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    assert BOUNDARY in MULTIPART_CONTENT
    trusting = ssl.create_default_context(cafile=registry_server.ca_file)
    for cut in (5, 100, len(body) // 2):
        with (
            socket.create_connection(("localhost", registry_server.port), timeout=30) as plain,
            trusting.wrap_socket(plain, server_hostname="localhost") as client,
        ):
            client.sendall(head.encode() + body[:-cut])
    deadline = time.monotonic() + 20
    while set(incoming()) - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert set(incoming()) <= before
    assert not File.objects.exists()


def test_a_hundred_mebibytes_leave_a_worker_small(registry_server: RegistryServer, token: str, tmp_path: Path):
    assert twine_upload(registry_server, token, written(tmp_path, SDIST, making.sdist())).returncode == 0
    noise = os.urandom(99 * MIB)
    big = written(tmp_path, WHEEL, making.zipped(making.recorded({"noise.bin": noise, **making.wheel_files()}), 0))
    del noise
    before = resident(registry_server.pid, "VmRSS")
    for worker in before:
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # VmHWM begins anew (proc(5))
    done = twine_upload(registry_server, token, big)
    assert done.returncode == 0, done.stdout
    after = resident(registry_server.pid, "VmHWM")
    assert len(before) >= 2
    assert max(after[worker] - before[worker] for worker in before) < 16 * MIB


def resident(parent: int, line: str) -> dict[int, int]:
    """How much memory each worker of the server has resident now (VmRSS), or had at most (VmHWM), in bytes."""
    found: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if int(lines["PPid"]) == parent:
            found[int(lines["Pid"])] = int(lines[line].split()[0]) * 1024
    return found
