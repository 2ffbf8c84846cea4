"""The whole instance: attestations (PEP 740) of any workload, and the trusted root by which they are verified."""

import datetime
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding
from pypi_attestations import AttestationType

from tests.sigstore import der
from tests.sigstore.authority import Authority, log_id, new_key, public, sign
from tests.sigstore.log import Log

PUBLISH = AttestationType.PYPI_PUBLISH_V1.value
SLSA = AttestationType.SLSA_PROVENANCE_V1.value
STATEMENT = "application/vnd.in-toto+json"
COMMIT = "f113f89dd0d6b9a8a3a6b42d0a3d4d9b6a5c5e5f"


class Sigstore:
    """A Sigstore instance."""

    def __init__(self) -> None:
        self.authority, self.log = Authority(), Log()

    def attest(
        self,
        filename: str,
        sha256: str,
        *,
        workload: tuple[str, dict[str, str]] | None = None,
        kind: str = PUBLISH,
        statement: Any = None,
        logged: int | None = None,
        began: datetime.datetime | None = None,
    ) -> dict[str, Any]:
        """An attestation of a file by a workload, of GitHub's unless another is given."""
        identity, claims = workload or github()
        key = new_key()
        certificate = self.authority.issue(key.public_key(), identity, claims, began)
        if statement is None:
            statement = statement_of(filename, sha256, kind)
        payload = statement if isinstance(statement, bytes) else json.dumps(statement).encode()
        # https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
        before = f"DSSEv1 {len(STATEMENT)} {STATEMENT} {len(payload)} ".encode()
        signature = sign(key, before + payload)
        return {
            "version": 1,
            "verification_material": {
                "certificate": der.base64_of(certificate.public_bytes(Encoding.DER)),
                "transparency_entries": [self.log.entry(payload, signature, certificate, logged)],
            },
            "envelope": {"statement": der.base64_of(payload), "signature": der.base64_of(signature)},
        }

    def write_trusted_root(self, path: Path) -> str:
        """The file that SIGSTORE_TRUSTED_ROOT names."""
        certificate = der.base64_of(self.authority.certificate.public_bytes(Encoding.DER))
        valid = {"start": self.authority.began.strftime("%Y-%m-%dT%H:%M:%SZ")}
        document = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_of_log(self.log.key, valid)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "tests", "commonName": "a Sigstore of the tests"},
                    "uri": "https://fulcio.invalid",
                    "certChain": {"certificates": [{"rawBytes": certificate}]},
                    "validFor": valid,
                }
            ],
            "ctlogs": [_of_log(self.authority.log_key, valid)],
            "timestampAuthorities": [],
        }
        path.write_text(json.dumps(document))
        return str(path)


def statement_of(filename: str, sha256: str, kind: str = PUBLISH) -> dict[str, Any]:
    """https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md"""
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": filename, "digest": {"sha256": sha256}}],
        "predicateType": kind,
        "predicate": None if kind == PUBLISH else {"buildDefinition": {}, "runDetails": {}},
    }


def github(
    repository: str = "octo-org/sampleproject",
    workflow: str = "release.yml",
    ref: str = "refs/heads/main",
    **changes: str,
) -> tuple[str, dict[str, str]]:
    """What Fulcio says of a job of GitHub Actions: the identity, and its extensions by their numbers."""
    file = f"https://github.com/{repository}/.github/workflows/{workflow}@{ref}"
    return file, {
        "1": "https://token.actions.githubusercontent.com",
        "8": "https://token.actions.githubusercontent.com",
        "9": file,
        "10": COMMIT,
        "11": "github-hosted",
        "12": f"https://github.com/{repository}",
        "13": COMMIT,
        "14": ref,
        "15": "74",
        "16": f"https://github.com/{repository.split('/')[0]}",
        "17": "65",
        "18": file,
        "19": COMMIT,
        "20": "push",
        "21": f"https://github.com/{repository}/actions/runs/30433642/attempts/1",
        "22": "public",
        **changes,
    }


def gitlab(
    project: str = "acme/tools/sampleproject",
    file: str = ".gitlab-ci.yml",
    ref: str = "refs/heads/main",
    **changes: str,
) -> tuple[str, dict[str, str]]:
    """What Fulcio says of a job of gitlab.com."""
    config = f"https://gitlab.com/{project}//{file}@{ref}"
    return config, {
        "1": "https://gitlab.com",
        "8": "https://gitlab.com",
        "9": config,
        "10": COMMIT,
        "11": "gitlab-hosted",
        "12": f"https://gitlab.com/{project}",
        "13": COMMIT,
        "14": ref,
        "15": "20",
        "16": f"https://gitlab.com/{project.rpartition('/')[0]}",
        "17": "72",
        "18": config,
        "19": COMMIT,
        "20": "push",
        "21": f"https://gitlab.com/{project}/-/jobs/1",
        "22": "public",
        **changes,
    }


def google(email: str = "publisher@acme.iam.gserviceaccount.com") -> tuple[str, dict[str, str]]:
    """What Fulcio says of a service account."""
    return email, {"1": "https://accounts.google.com", "8": "https://accounts.google.com"}


def _of_log(key: Any, valid: dict[str, str]) -> dict[str, Any]:
    return {
        "baseUrl": "https://log.invalid",
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": der.base64_of(public(key)),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": valid,
        },
        "logId": {"keyId": der.base64_of(log_id(key))},
    }
