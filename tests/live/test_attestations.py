"""The real clients upload what a job has attested, and whoever installs it reads the attestations."""

import hashlib
import json

import pytest
import requests

from publishers.models import Issuer
from publishers.providers import PROVIDERS
from registry.models import File
from tests.live.test_clients import twine
from tests.registry.uploads import making
from tests.sigstore.instance import Sigstore, github

pytestmark = pytest.mark.django_db(transaction=True)

GITHUB = PROVIDERS["github"].default_issuer


@pytest.fixture
def sigstore():
    return Sigstore()


@pytest.fixture
def attesting(job_at, start, sigstore, tmp_path):
    """A job of GitHub Actions, at a registry that trusts the Sigstore of the tests."""
    server = start(SIGSTORE_TRUSTED_ROOT=sigstore.write_trusted_root(tmp_path / "trusted_root.json"))
    job = job_at(server)
    Issuer.objects.filter(url=GITHUB).delete()
    Issuer.objects.filter(pk=job.world.issuer.pk).update(url=GITHUB)
    job.claims = {"iss": GITHUB}
    return job


def attest(sigstore, path, **options):
    """What ``pypi-attestations sign`` leaves beside a file."""
    made = sigstore.attest(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), **options)
    beside = path.with_name(f"{path.name}.publish.attestation")
    beside.write_text(json.dumps(made))
    return beside


def provenance(job, filename):
    """As the index has it."""
    accept = {"Accept": "application/vnd.pypi.simple.v1+json"}
    page = requests.get(f"{job.server.url}/simple/sampleproject/", headers=accept, verify=job.trust, timeout=10).json()
    url = next(file["provenance"] for file in page["files"] if file["filename"] == filename)
    return requests.get(url, verify=job.trust, timeout=10).json() if url else None


def test_uv_publishes_what_lies_beside_a_file(attesting, sigstore):
    wheel, sdist = attesting.wheel(), attesting.sdist()
    made = [json.loads(attest(sigstore, path).read_text()) for path in (wheel, sdist)]
    options = ["--trusted-publishing", "always", "--publish-url", attesting.legacy]
    for _ in ("first", "again"):
        done = attesting.run("uv", "publish", *options, attesting.folder / "sampleproject-1.0*")
        assert done.returncode == 0, done.stderr
    kept = [provenance(attesting, path.name)["attestation_bundles"][0]["attestations"] for path in (wheel, sdist)]
    assert kept == [[one] for one in made]


def test_uv_shows_why_attestations_are_refused(attesting, sigstore):
    wheel = attesting.wheel()
    attest(sigstore, wheel, workload=github(workflow="ci.yml"))
    options = ["--trusted-publishing", "always", "--publish-url", attesting.legacy]
    done = attesting.run("uv", "publish", *options, f"{wheel}*")
    assert done.returncode != 0
    assert "Invalid attestations supplied during upload" in done.stderr
    assert not File.objects.exists()
    without = attesting.run("uv", "publish", *options, "--no-attestations", f"{wheel}*")
    assert without.returncode == 0, without.stderr
    assert provenance(attesting, wheel.name) is None


def test_twine_uploads_attestations(attesting, sigstore):
    wheel = attesting.wheel()
    beside = attest(sigstore, wheel)
    done = twine(attesting, attesting.mint(), "--attestations", wheel, beside)
    assert done.returncode == 0, done.stdout + done.stderr
    assert provenance(attesting, wheel.name)["attestation_bundles"][0]["publisher"]["workflow"] == "release.yml"


def test_both_clients_are_told_that_an_api_token_brings_none(attesting, sigstore):
    wheel = attesting.wheel()
    beside = attest(sigstore, wheel)
    token = making.api_token(attesting.world.owner)
    refused = twine(attesting, token, "--attestations", wheel, beside)
    assert "Attestations are only taken with trusted publishing" in refused.stdout
    by_uv = attesting.run("uv", "publish", "--publish-url", attesting.legacy, "--token", token, f"{wheel}*")
    assert "uv publish --no-attestations" in by_uv.stderr
    assert not File.objects.exists()
