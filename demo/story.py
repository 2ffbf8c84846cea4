"""The story that ``make demo`` tells, step by step. A step that fails ends it with an exception."""

import base64
import json
import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from demo import package
from demo.issuer import LocalIssuer
from demo.registry import ROOT, Registry
from demo.telling import Story, as_json

OWNER, REPOSITORY, WORKFLOW, ENVIRONMENT = "octo-org", "greeting", "release.yml", "pypi"

APPLY_FILE = """\
[[issuer]]
url = "{issuer}"
provider = "github"
name = "GitHub Actions, played by the demo"
ca_file = "{ca_file}"

[[user]]
username = "admin"
email = "admin@example.com"
password_env = "ADMIN_PASSWORD"
staff = true
superuser = true

[[user]]
username = "alice"
email = "alice@example.com"
password_env = "ALICE_PASSWORD"

[[pending_publisher]]
project_name = "{project}"
user = "alice"
provider = "github"
issuer = "{issuer}"
owner = "{owner}"
repository = "{repository}"
workflow_filename = "{workflow}"
environment = "{environment}"
"""


def tell(story: Story, registry: Registry, issuer: LocalIssuer) -> None:
    """The whole story, in order."""
    Chapters(story, registry, issuer).tell()


class Chapters:
    """What the steps share."""

    def __init__(self, story: Story, registry: Registry, issuer: LocalIssuer) -> None:
        self.story, self.registry, self.issuer = story, registry, issuer

    def tell(self) -> None:
        """From an empty folder to an installed package, and one refusal."""
        self.start()
        self.say_who_is_trusted()
        self.publish_with_uv()
        self.publish_with_twine()
        self.install_with_pip()
        self.be_refused()
        self.show_the_places()

    def start(self) -> None:
        """The registry and the issuer come up."""
        self.story.step("A registry and an OpenID issuer start")
        self.registry.start()
        self.story.note(f"registry  {self.registry.url}  (HTTPS, SQLite, 2 workers)")
        self.story.note(f"issuer    {self.issuer.url}  (answers as GitHub Actions' token endpoint does)")

    def say_who_is_trusted(self) -> None:
        """A maintainer's pending publisher, by ``manage.py apply``."""
        self.story.step(f"Alice says which workflow may publish {package.NAME}, which does not exist yet")
        file = self.registry.folder / "registry.toml"
        file.write_text(
            APPLY_FILE.format(
                issuer=self.issuer.url,
                ca_file=self.registry.ca_file,
                project=package.NAME,
                owner=OWNER,
                repository=REPOSITORY,
                workflow=WORKFLOW,
                environment=ENVIRONMENT,
            )
        )
        self.story.sent(f"manage.py apply {file.relative_to(ROOT)}")
        self.story.got(self.registry.manage("apply", str(file)))

    def publish_with_uv(self) -> None:
        """Version 1.0, with the real uv: it finds the identity token and exchanges it by itself."""
        self.story.step("The CI job publishes version 1.0 with uv: no password, no stored token")
        files = self._build("1.0")
        self._is_job(WORKFLOW, ENVIRONMENT)
        self._run(
            [
                "uv",
                "publish",
                "--trusted-publishing",
                "always",
                "--publish-url",
                f"{self.registry.url}/legacy/",
            ],
            files,
            {"UV_NO_CONFIG": "1"},
        )
        self.story.note("The project, its owner and its publisher exist since this first upload.")

    def publish_with_twine(self) -> None:
        """Version 2.0, with the real twine and a token that is minted by hand."""
        self.story.step("The CI job publishes version 2.0 with twine, and mints its upload token by hand")
        files = self._build("2.0")
        self._is_job(WORKFLOW, ENVIRONMENT)
        audience = self._get("/_/oidc/audience")["audience"]
        identity = self._run([sys.executable, "-m", "id", audience], [], {})
        self.story.note("The identity token says: " + as_json(_said_by(identity)))
        status, granted = self.mint(identity)
        assert status == 200, granted
        self.upload(files, granted["token"])

    def install_with_pip(self) -> None:
        """Both versions come back out."""
        for version in ("1.0", "2.0"):
            self.story.step(f"Anyone installs version {version} with pip")
            target = f"installed-{version}"  # in the demo's folder
            index = ["--index-url", f"{self.registry.url}/simple/", "--no-cache-dir"]
            wanted = [f"{package.NAME}=={version}", "--target", target]
            self._run([sys.executable, "-m", "pip", "install", *index, *wanted], [], {})
            said = self._run(
                [sys.executable, "-c", f"import {package.MODULE} as it; print(it.GREETING)"],
                [],
                {"PYTHONPATH": target},
            )
            assert said.strip() == f"Hello from {package.NAME} {version}", said

    def be_refused(self) -> None:
        """Another workflow of the same repository is told what differs."""
        self.story.step("Another workflow of the same repository tries, and is told why not")
        self._is_job("ci.yml", None)
        audience = self._get("/_/oidc/audience")["audience"]
        identity = self._run([sys.executable, "-m", "id", audience], [], {})
        status, refused = self.mint(identity)
        assert status == 422, refused
        assert refused["errors"][0]["code"] == "invalid-publisher", refused

    def show_the_places(self) -> None:
        """Where to look next."""
        place = self.registry.url
        self.story.step("Look around")
        self.story.note(f"front page   {place}/")
        self.story.note(f"project      {place}/project/{package.NAME}/")
        self.story.note(f"index        {place}/simple/{package.NAME}/")
        self.story.note(f"admin        {place}/admin/   sign in as admin with the password demo-admin")
        self.story.note("owner        alice, password demo-alice: she owns the project that the first upload made")
        self.story.note(f"certificate  {self.registry.ca_file.relative_to(ROOT)} (made for this run; a browser warns)")

    # -- what the steps are made of ----------------------------------------------------------------------------

    def upload(self, files: list[Path], token: str) -> None:
        """With the real twine."""
        secret = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token}
        options = ["--non-interactive", "--disable-progress-bar", "--config-file", os.devnull]
        command = [sys.executable, "-m", "twine", "upload", *options]
        self._run([*command, "--repository-url", f"{self.registry.url}/legacy/"], files, secret)

    def mint(self, identity: str) -> tuple[int, Any]:
        """Exchange an identity token: the status, and the answer."""
        self.story.sent("POST /_/oidc/mint-token  " + json.dumps({"token": identity}))
        status, answer = self._ask("/_/oidc/mint-token", {"token": identity})
        tell = self.story.got if status == 200 else self.story.refused
        tell(f"{status} {as_json(answer)}")
        return status, answer

    def _build(self, version: str) -> list[Path]:
        self.story.sent(f"python -m build   # {package.NAME} {version}")
        files = package.build(self.registry.folder, version)
        self.story.got("\n".join(file.name for file in files))
        return files

    def _is_job(self, workflow: str, environment: str | None) -> None:
        """From now on the issuer's endpoint speaks for a job of that workflow."""
        self.issuer.job = self.issuer.github_claims(OWNER, REPOSITORY, workflow, environment)

    @property
    def _job_environment(self) -> dict[str, str]:
        """What GitHub Actions gives a job with ``permissions: id-token: write``, and nothing of this machine's own."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        trust = str(self.registry.ca_file)
        return kept | {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.issuer.token_url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.issuer.request_token,
            "SSL_CERT_FILE": trust,
            "REQUESTS_CA_BUNDLE": trust,
            "TWINE_CERT": trust,
            "PIP_CERT": trust,
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "NO_COLOR": "1",
        }

    def _run(self, command: list[str], files: list[Path], environment: dict[str, str]) -> str:
        """Run a client as the CI job; show the command, what it printed and what the servers saw."""
        program = Path(sys.executable).parent / command[0]
        shown = ["python" if word == sys.executable else word for word in command]
        self.story.sent(" ".join([*shown, *(file.name for file in files)]))
        logged, asked = self.registry.log.stat().st_size, len(self.issuer.requests)
        arguments = [str(program) if program.exists() else command[0], *command[1:], *map(str, files)]
        done = subprocess.run(
            arguments,
            check=True,
            env=self._job_environment | environment,
            cwd=self.registry.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.story.got(done.stdout)
        for path in self.issuer.requests[asked:]:
            self.story.note(f"the issuer answered GET {path}")
        self.story.note(self.registry.news(logged))
        return done.stdout.strip()

    def _get(self, path: str) -> Any:
        self.story.sent(f"GET {path}")
        status, answer = self._ask(path, None)
        assert status == 200, answer
        self.story.got(f"{status} {json.dumps(answer)}")
        return answer

    def _ask(self, path: str, body: Any) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        request = urllib.request.Request(self.registry.url + path, data, headers)
        trusting = ssl.create_default_context(cafile=str(self.registry.ca_file))
        try:
            with urllib.request.urlopen(request, timeout=30, context=trusting) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)


def _said_by(identity: str) -> dict[str, Any]:
    """The claims that matter of an identity token that the demo's own issuer signed a moment ago."""
    payload = identity.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    shown = ("iss", "aud", "repository", "repository_owner", "workflow_ref", "ref", "environment", "run_id")
    return {name: claims[name] for name in shown if name in claims}
