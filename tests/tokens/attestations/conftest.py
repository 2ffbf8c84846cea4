"""A registry that trusts a Sigstore of the tests, and a project whose publisher is a workflow at github.com."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from demo.issuer import LocalIssuer
from publishers.models import Issuer
from publishers.providers import PROVIDERS
from registry.models import File
from tests.registry.uploads import making
from tests.sigstore.instance import Sigstore
from tests.tokens.conftest import World, make_world
from tests.tokens.test_exchange import mint
from tokens.models import Attested

WHEEL = "sampleproject-1.0-py3-none-any.whl"
WRONG = "Invalid attestations supplied during upload: "


@dataclass
class Desk:
    """Where a job uploads what it has attested."""

    world: World
    sigstore: Sigstore
    client: Client
    content: bytes = b""

    def __post_init__(self) -> None:
        self.content = making.wheel()

    @property
    def sha256(self) -> str:
        """Of the wheel."""
        return hashlib.sha256(self.content).hexdigest()

    def token(self, **claims: Any) -> str:
        """An upload token."""
        answer = mint(self.client, self.world.token(iss=self.world.issuer.url, **claims))
        assert answer.status_code == 200, answer.content
        return str(answer.json()["token"])

    def attest(self, **changes: Any) -> dict[str, Any]:
        """An attestation of the wheel by the trusted workflow, unless it is changed."""
        return self.sigstore.attest(changes.pop("filename", WHEEL), changes.pop("sha256", self.sha256), **changes)

    def upload(self, attestations: Any, token: str | None = None, **changes: Any) -> Any:
        """Upload the wheel with attestations, as a list or as any text."""
        text = attestations if isinstance(attestations, str | bytes) else json.dumps(attestations)
        form = making.form(self.content, WHEEL, attestations=text, **changes)
        return making.upload(self.client, token or self.token(), form)

    def refusal(self, attestations: Any, token: str | None = None) -> str:
        """Why it is refused; nothing of it stays."""
        answer = self.upload(attestations, token)
        assert answer.status_code == 400, answer.content
        assert answer.reason_phrase.startswith(WRONG.strip()), answer.reason_phrase
        assert all(" " <= letter <= "~" for letter in answer.reason_phrase)
        assert not File.objects.exists()
        assert not Attested.objects.exists()
        return str(answer.content.decode().removeprefix(WRONG).strip())

    def at(self, url: str) -> None:
        """Let the issuer have another address."""
        Issuer.objects.filter(url=url).delete()
        Issuer.objects.filter(pk=self.world.issuer.pk).update(url=url)
        self.world.issuer.url = url


@pytest.fixture(scope="session")
def sigstore() -> Sigstore:
    """A Sigstore."""
    return Sigstore()


@pytest.fixture
def desk(
    transactional_db: None,
    issuer: LocalIssuer,
    authority_file: str,
    sigstore: Sigstore,
    settings: Any,
    tmp_path: Path,
    client: Client,
) -> Desk:
    """A job of GitHub Actions."""
    settings.SIGSTORE_TRUSTED_ROOT = sigstore.write_trusted_root(tmp_path / "trusted_root.json")
    desk = Desk(make_world(issuer, authority_file), sigstore, client)
    desk.at(PROVIDERS["github"].default_issuer)
    return desk
