"""The real pip and the real uv read from this registry."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.signals import request_started
from django.utils import timezone

from registry.models import Release
from tests.factories import make_file, make_project, make_sdist, make_user
from tokens import secrets
from tokens.models import ApiToken

pytestmark = pytest.mark.django_db(transaction=True)

UV = Path(sys.executable).with_name("uv")


@pytest.fixture
def server(live_server, settings):
    """A server that says its own address."""
    settings.SITE_URL = live_server.url
    return live_server


@pytest.fixture
def asked():
    """The addresses that were asked for, in order."""
    paths: list[str] = []

    def note(environ, **_kwargs):
        paths.append(environ["PATH_INFO"])

    request_started.connect(note)
    yield paths
    request_started.disconnect(note)


@pytest.fixture
def run(tmp_path):
    """Run a program that knows nothing of this machine's configuration and caches; gives what it printed."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "NO_PROXY": "*",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
    }

    def run(*command, check=True):
        done = subprocess.run(
            [str(part) for part in command], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120
        )
        printed = done.stdout + done.stderr
        assert not check or done.returncode == 0, printed
        return printed

    return run


def pip(*arguments):
    return [sys.executable, "-m", "pip", *arguments]


def install(tool, index, here, *what):
    """The command that installs ``what`` from an index into the folder ``here``."""
    if tool == "pip":
        return pip("install", "--index-url", index, "--target", here, *what)
    return [UV, "pip", "install", "--python", sys.executable, "--default-index", index, "--target", here, *what]


def installed_version(folder):
    return (folder / "sampleproject" / "__init__.py").read_text()


both = pytest.mark.parametrize("tool", ["pip", "uv"])


@both
def test_a_wheel_is_installed_with_what_it_needs(server, run, tmp_path, tool):
    make_file(make_project(), "1.0")
    make_file(make_project("Needs.It"), "1!1.0+local", requires_dist=["sampleproject>=1"])
    run(*install(tool, f"{server.url}/simple/", tmp_path / "here", "needs_it"))
    assert installed_version(tmp_path / "here") == 'version = "1.0"\n'


@both
def test_hashes_are_required_and_right(server, run, tmp_path, tool):
    file = make_file(make_project(), "1.0")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"sampleproject==1.0 --hash=sha256:{file.sha256}\n")
    run(*install(tool, f"{server.url}/simple/", tmp_path / "here", "--require-hashes", "-r", requirements))
    assert installed_version(tmp_path / "here") == 'version = "1.0"\n'


@both
def test_other_bytes_are_refused(server, run, tmp_path, tool):
    make_file(make_project(), "1.0")
    requirements = tmp_path / "requirements.txt"
    requirements.write_text(f"sampleproject==1.0 --hash=sha256:{'0' * 64}\n")
    command = install(tool, f"{server.url}/simple/", tmp_path / "here", "--require-hashes", "-r", requirements)
    printed = run(*command, check=False)
    assert "hash" in printed.lower()
    assert not (tmp_path / "here" / "sampleproject").exists()


def test_pip_fetches_an_sdist(server, run, tmp_path, asked):
    file = make_sdist(make_project(), "1.0")
    # Its build backend does not exist; the file comes before that is found out.
    command = pip("download", "--no-deps", "--index-url", f"{server.url}/simple/", "-d", tmp_path, "sampleproject")
    run(*command, check=False)
    assert f"/files/{file.path}" in asked


def test_uv_resolves_by_metadata_alone(server, run, tmp_path, asked):
    make_file(make_project(), "1.0")
    needs = make_file(make_project("needs"), "1.0", requires_dist=["sampleproject>=1"])
    (tmp_path / "requirements.in").write_text("needs\n")
    printed = run(UV, "pip", "compile", "requirements.in", "--default-index", f"{server.url}/simple/")
    assert "sampleproject==1.0" in printed
    assert f"/files/{needs.path}.metadata" in asked
    assert not [path for path in asked if path.endswith(".whl")]


def test_pip_resolves_by_metadata_alone(server, run, asked):
    make_file(make_project(), "1.0")
    needs = make_file(make_project("needs"), "1.0", requires_dist=["sampleproject>=1"])
    index = f"{server.url}/simple/"
    printed = run(*pip("install", "--dry-run", "--ignore-installed", "--index-url", index, "needs"))
    assert "Would install needs-1.0 sampleproject-1.0" in printed
    assert f"/files/{needs.path}.metadata" in asked
    assert not [path for path in asked if path.endswith(".whl")]


@both
def test_a_file_is_installed_as_soon_as_it_is_there(server, run, tmp_path, tool):
    project = make_project()
    for version in ("1.0", "2.0"):
        make_file(project, version)
        # Both keep their caches from one turn to the next.
        run(*install(tool, f"{server.url}/simple/", tmp_path / version, "sampleproject"))
        assert installed_version(tmp_path / version) == f'version = "{version}"\n'


@both
def test_yanked_releases_and_other_pythons_are_passed_over(server, run, tmp_path, tool):
    project = make_project()
    make_file(project, "1.0")
    make_file(project, "2.0")
    make_file(project, "3.0", requires_python=">=99")
    Release.objects.filter(version="2.0").update(yanked_at=timezone.now(), yanked_reason="broken")
    run(*install(tool, f"{server.url}/simple/", tmp_path / "here", "sampleproject"))
    assert installed_version(tmp_path / "here") == 'version = "1.0"\n'


class TestClosed:
    """ANONYMOUS_READ=false."""

    @pytest.fixture(autouse=True)
    def closed(self, settings):
        settings.ANONYMOUS_READ = False

    @pytest.fixture
    def token(self):
        """A token that may download the one project."""
        text, user = secrets.new(secrets.API), make_user()
        scopes = [ApiToken.Scope.DOWNLOAD]
        ApiToken.objects.create(digest=secrets.digest(text), user=user, username="alice", scopes=scopes)
        make_file(make_project("sampleproject", user), "1.0")
        return text

    @both
    def test_a_token_opens_it(self, server, token, run, tmp_path, tool):
        index = f"{server.url.replace('://', f'://__token__:{token}@')}/simple/"
        run(*install(tool, index, tmp_path / "here", "sampleproject"))
        assert installed_version(tmp_path / "here") == 'version = "1.0"\n'

    @both
    def test_without_one_there_is_nothing(self, server, token, run, tmp_path, tool):
        printed = run(*install(tool, f"{server.url}/simple/", tmp_path / "here", "sampleproject"), check=False)
        assert not (tmp_path / "here" / "sampleproject").exists()
        assert "401" in printed or "User for" in printed or "No matching distribution" in printed
