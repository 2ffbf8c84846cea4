"""Attestations that Sigstore's public instance has made, against the trusted root that comes with sigstore."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from registry.uploads.errors import InvalidAttestations
from tests.sigstore import published
from tokens.attestations import verifying
from tokens.attestations.accepting import OWNER_ID, REPOSITORY_ID

FOLDER = Path(published.__file__).parent
GITHUB = verifying.Expected(
    "pypi_attestations-0.0.19.tar.gz",
    "9bb1add04b1b4e182be6b0b80931593f7a291eb49d69b4fd728a5d4cbcdc4bd3",
    {"kind": "GitHub", "repository": "trailofbits/pypi-attestations", "workflow": "release.yml", "environment": None},
    {REPOSITORY_ID: "772247423", OWNER_ID: "2314423"},
)
GITLAB = verifying.Expected(
    "gitlab_oidc_project-0.0.3.tar.gz",
    "c1ca9b0d85df1606451098233018534497bf584362e10e4a8c21dfaea92c02a8",
    {"kind": "GitLab", "repository": "facutuesca/gitlab-oidc-project", "workflow_filepath": ".gitlab-ci.yml"},
    {REPOSITORY_ID: "55235664", OWNER_ID: "12885801"},
)


def attestation(expected: verifying.Expected) -> Any:
    return json.loads((FOLDER / f"{expected.filename}.publish.attestation").read_text())


@pytest.fixture(autouse=True)
def _without_network_or_home(monkeypatch, tmp_path):
    def refuse(*_args: Any) -> None:
        raise OSError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HOME", str(tmp_path / "nowhere"))


@pytest.mark.parametrize("expected", [GITHUB, GITLAB], ids=["github", "gitlab"])
def test_they_hold(expected, tmp_path):
    made = attestation(expected)
    assert verifying.verified([made], expected) == [made]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("made", "expected"), [(GITHUB, GITLAB), (GITLAB, GITHUB)])
def test_not_for_others(made, expected):
    with pytest.raises(InvalidAttestations):
        verifying.verified([attestation(made)], expected)


def test_what_another_sigstore_says_does_not_hold(sigstore):
    made = sigstore.attest(GITHUB.filename, GITHUB.sha256)
    expected = verifying.Expected(
        GITHUB.filename,
        GITHUB.sha256,
        {"kind": "GitHub", "repository": "octo-org/sampleproject", "workflow": "release.yml"},
        {},
    )
    with pytest.raises(InvalidAttestations, match="certificate chain"):
        verifying.verified([made], expected)
