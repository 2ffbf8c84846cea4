"""A world of the exchange's tests, at a production server over HTTPS, and the real clients as a CI job runs them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import requests
import trustme

from demo.issuer import LocalIssuer
from tests.registry.uploads import making
from tests.server import RegistryServer
from tests.tokens.conftest import World, make_world

BIN = Path(sys.executable).parent


@dataclass
class Job:
    """A CI job of the trusted workflow, and the registry that it speaks to."""

    world: World
    server: RegistryServer
    folder: Path
    trust: str
    claims: dict[str, Any] = field(default_factory=dict)

    @property
    def legacy(self) -> str:
        """The upload URL."""
        return f"{self.server.url}/legacy/"

    def at(self, server: RegistryServer) -> "Job":
        """The same job, speaking to another server."""
        return replace(self, server=server)

    def token(self, **claims: Any) -> str:
        """A fresh identity token for this registry."""
        return self.world.token(aud=self.server.audience, **self.claims, **claims)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        """POST JSON."""
        return requests.post(self.server.url + path, json=body, verify=self.trust, timeout=30, **options)

    def mint(self, **members: Any) -> str:
        """An upload token."""
        answer = self.post("/_/oidc/mint-token", {"token": self.token(), **members})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def upload(self, content: bytes, filename: str, token: str, **changes: Any) -> requests.Response:
        """Upload as twine does, without twine."""
        fields = making.form(content, filename, **changes)
        file = fields.pop("content")
        return requests.post(
            self.legacy,
            data=fields,
            files={"content": (filename, file)},
            auth=("__token__", token),
            verify=self.trust,
            timeout=60,
        )

    def wheel(self, name: str = "sampleproject", version: str = "1.0", extra: dict[str, bytes] | None = None) -> Path:
        """A wheel in the job's folder."""
        path = self.folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
        path.write_bytes(making.wheel(name, version, extra))
        return path

    def sdist(self, name: str = "sampleproject", version: str = "1.0") -> Path:
        """An sdist in the job's folder."""
        path = self.folder / f"{name.replace('-', '_')}-{version}.tar.gz"
        path.write_bytes(making.sdist(name, version))
        return path

    def run(self, *command: Any, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a client of the virtual environment, with what GitHub gives a job and nothing of this machine's own."""
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        local = self.world.local
        local.job = local.github_claims(**self.claims)
        given = {
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": local.token_url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": local.request_token,
        }
        quiet = {
            "HOME": str(self.folder),
            "SSL_CERT_FILE": self.trust,
            "REQUESTS_CA_BUNDLE": self.trust,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "UV_NO_CONFIG": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "NO_COLOR": "1",
            "COLUMNS": "400",
        }
        program, *arguments = (str(word) for word in command)
        return subprocess.run(
            [str(BIN / program), *arguments],
            env=kept | given | quiet | environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


@pytest.fixture
def trust(registry_server: RegistryServer, authority: trustme.CA, tmp_path: Path) -> str:
    """A bundle of both authorities: the registry's and the issuer's."""
    bundle = tmp_path / "trust.pem"
    bundle.write_bytes(Path(registry_server.ca_file).read_bytes() + authority.cert_pem.bytes())
    return str(bundle)


@pytest.fixture
def job_at(
    transactional_db: None, issuer: LocalIssuer, authority_file: str, trust: str, tmp_path: Path
) -> Callable[[RegistryServer], Job]:
    """A job that speaks to some server."""
    world = make_world(issuer, authority_file)
    return lambda server: Job(world, server, tmp_path, trust)


@pytest.fixture
def job(job_at: Callable[[RegistryServer], Job], registry_server: RegistryServer) -> Job:
    """A job that speaks to a server with two workers."""
    return job_at(registry_server)


@pytest.fixture
def start(start_server: Callable[..., RegistryServer]) -> Iterator[Callable[..., RegistryServer]]:
    """Start servers that end with the test."""
    with ExitStack() as stack:

        def started(**changes: str) -> RegistryServer:
            server = start_server(**changes)
            stack.callback(server.stop)
            return server

        yield started
