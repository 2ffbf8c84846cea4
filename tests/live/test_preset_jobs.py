"""The script of each preset's page, as its platform would run it: real curl, real python, real uv, over HTTPS."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.issuer import LocalIssuer
from publishers import keys
from publishers.models import Publisher
from publishers.presets import PRESETS
from registry.models import File
from tests.factories import make_project
from tests.issuers import trust as trusted_row
from tests.live.conftest import BIN
from tests.publishers.providers.samples import CLAIMS, FIELDS
from tests.registry.uploads import making
from tests.server import RegistryServer
from tests.test_provider_pages import AUDIENCE, block, page_of, script_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]

# What a test has done already, or what would need the network.
ELSEWHERE = ("pip install", "uv build", "git clone", "checkout")
# Where each platform leaves its token; Forgejo's job asks the issuer.
VARIABLES = {
    "generic": "IDENTITY",
    "jenkins": "IDENTITY",
    "semaphore": "SEMAPHORE_OIDC_TOKEN",
    "bitbucket": "BITBUCKET_STEP_OIDC_TOKEN",
}
Run = Callable[..., subprocess.CompletedProcess[str]]


def stand(name: str, local: LocalIssuer, authority_file: str) -> None:
    """A project that trusts the sample's workload."""
    audience = f"https://{name}.example.com" if PRESETS[name].audience else ""
    issuer = trusted_row(local, ca_file=authority_file, audience=audience, **PRESETS[name].initial())
    keys.refresh(issuer)
    Publisher.objects.create(issuer=issuer, project=make_project("sampleproject"), values=FIELDS[name])


@pytest.fixture
def run(registry_server: RegistryServer, issuer: LocalIssuer, trust: str, tmp_path: Path) -> Run:
    """Run a page's script in a folder with a built wheel, with what the platform gives a job."""

    def run_script(name: str, preset: str, **claims: object) -> subprocess.CompletedProcess[str]:
        wheel = tmp_path / "dist" / "sampleproject-1.0-py3-none-any.whl"
        wheel.parent.mkdir(exist_ok=True)
        wheel.write_bytes(making.wheel("sampleproject", "1.0"))
        audience = f"https://{preset}.example.com" if PRESETS[preset].audience else registry_server.audience
        said = {**CLAIMS[preset], **claims}
        token = issuer.sign(said, aud=[audience] if preset in {"kubernetes", "jenkins"} else audience)
        (tmp_path / "token").write_text(token)
        issuer.job = said
        given = {
            VARIABLES.get(name, "UNUSED"): token,
            "ACTIONS_ID_TOKEN_REQUEST_URL": issuer.token_url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": issuer.request_token,
        }
        text = block(page_of(name), "sh") if name == "generic" else script_of(name)
        kept = [line for line in text.splitlines() if not any(word in line for word in ELSEWHERE)]
        script = "\n".join(kept).replace("/var/run/secrets/packages/token", str(tmp_path / "token"))
        script = script.replace(f"https://{AUDIENCE}", registry_server.url)
        script = script.replace(f"audience={AUDIENCE}", f"audience={registry_server.audience}")
        environment = {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "SSL_CERT_FILE": trust,
            "CURL_CA_BUNDLE": trust,
            "UV_NO_CONFIG": "1",
            "NO_COLOR": "1",
            **given,
        }
        return subprocess.run(
            ["bash", "-e", "-c", script],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run_script


@pytest.mark.parametrize("name", PRESETS)
def test_the_pages_script_publishes(name: str, run: Run, issuer: LocalIssuer, authority_file: str):
    stand(name, issuer, authority_file)
    done = run(name, name)
    assert done.returncode == 0, done.stderr
    assert [file.filename for file in File.objects.all()] == ["sampleproject-1.0-py3-none-any.whl"]
    assert "gth_tp_" not in done.stdout + done.stderr


@pytest.mark.parametrize("name", PRESETS)
def test_the_pages_script_stops_with_the_sentence_of_a_refusal(
    name: str, run: Run, issuer: LocalIssuer, authority_file: str
):
    stand(name, issuer, authority_file)
    claim = PRESETS[name].identity_claims[0]
    done = run(name, name, **{claim: "elsewhere"})
    assert done.returncode != 0
    assert "No project of this registry trusts" in done.stderr
    assert not File.objects.exists()


def test_the_generic_pages_script_publishes_and_burns_its_token(run: Run, issuer: LocalIssuer, authority_file: str):
    stand("jenkins", issuer, authority_file)
    done = run("generic", "jenkins")
    assert done.returncode == 0, done.stderr
    assert '{"message": "Accepted"}' in done.stdout
    assert File.objects.count() == 1
