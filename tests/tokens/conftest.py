"""A trusted issuer and a project with a publisher, for the exchange's tests."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from demo.issuer import LocalIssuer
from publishers import jwk, refreshing
from publishers.models import Issuer, Publisher
from registry.actors import Actor
from registry.creation import create_project
from registry.models import Project, User
from tests.issuers import trust

FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
IDS = {"repository_owner_id": "65", "repository_id": "74"}


@dataclass
class World:
    """What an exchange needs: an issuer that signs, its row, an owner, a project and its publisher."""

    local: LocalIssuer
    issuer: Issuer
    owner: User
    project: Project
    publisher: Publisher

    def add(self, project: Project | str | None, /, **columns: Any) -> Publisher:
        """Another publisher; a text is the name that a pending one waits for."""
        values = {**FIELDS, **columns.pop("values", {})}
        place: dict[str, Any] = {"project_name": project} if isinstance(project, str) else {"project": project}
        columns.setdefault("added_by", self.owner)
        return Publisher.objects.create(issuer=self.issuer, values=values, **place, **columns)

    def create(self, name: str) -> Project:
        """Another project of the owner."""
        return create_project(name, owners=[self.owner], actor=Actor("test"))

    def token(self, **claims: Any) -> str:
        """A fresh identity token of the publisher's workflow, with some claims changed (None leaves one out)."""
        return self.local.sign(self.local.github_claims(), **claims)


def make_world(local: LocalIssuer, authority_file: str) -> World:
    """Rows for a running issuer, its keys already fetched."""
    owner = User.objects.create_user("alice", "alice@example.com")
    issuer = trust(local, ca_file=authority_file)
    # As if they had been fetched a moment ago; fetching itself is tested elsewhere, and takes its time.
    now = timezone.now()
    fetched = {"keys_refreshed_at": now, "refresh_claimed_at": now, "refresh_finished_at": now}
    refreshing.update(issuer, keys=refreshing.kept(issuer, jwk.read_set(local.key_set())), **fetched)
    project = create_project("sampleproject", owners=[owner], actor=Actor("test"))
    publisher = Publisher.objects.create(
        issuer=issuer, project=project, values=dict(FIELDS), pins=dict(IDS), added_by=owner
    )
    return World(local, issuer, owner, project, publisher)


@pytest.fixture
def world(transactional_db: None, issuer: LocalIssuer, authority_file: str) -> World:
    """A project whose publisher is a workflow at a local issuer."""
    return make_world(issuer, authority_file)
