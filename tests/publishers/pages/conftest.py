"""An owner at the pages of her project, and GitHub's API without a network."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from publishers import registration
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
from publishers.providers.base import Ask, LookupFailed, UnknownIdentity
from publishers.providers.github import GitHub
from publishers.registration import Wanted
from registry.actors import Actor
from registry.models import Project, User
from tests.factories import make_project, make_user

FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
PAGE = "/manage/project/sampleproject/settings/publishing/"
PENDING = "/manage/account/publishing/"


class Known(GitHub):
    """GitHub, which notes whether a transaction was open when it was asked."""

    in_transaction: list[bool] = []

    def lookup(self, values: Mapping[str, Any], ask: Ask) -> dict[str, str]:
        self.in_transaction.append(connection.in_atomic_block)
        if values["owner"] == "nobody":
            raise UnknownIdentity("owner", "GitHub knows no user or organization nobody.")
        if values["owner"] == "later":
            raise LookupFailed("GitHub's API answered with status 403.")
        return {"repository_owner_id": "65"}

    def missing(self, values: Mapping[str, Any], ask: Ask) -> str:
        self.in_transaction.append(connection.in_atomic_block)
        return "GitHub shows no such file." if values["workflow_filename"] == "none.yml" else ""


@pytest.fixture(autouse=True)
def api(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether transactions were open, each time GitHub's API was asked."""
    monkeypatch.setitem(PROVIDERS, "github", Known)
    monkeypatch.setattr(Known, "in_transaction", [])
    return Known.in_transaction


@pytest.fixture
def github() -> Issuer:
    return Issuer.objects.get(url=GitHub.default_issuer)


@pytest.fixture
def alice(client: Client) -> User:
    """Signed in."""
    alice = make_user("alice")
    client.force_login(alice)
    return alice


@pytest.fixture
def project(alice: User) -> Project:
    return make_project("sampleproject", alice)


@pytest.fixture
def publisher(project: Project, github: Issuer, alice: User) -> Publisher:
    """One that nothing narrows."""
    return registration.add(project, github, Wanted(FIELDS, {"repository_owner_id": "65"}), Actor("alice", alice))


@pytest.fixture
def waiting(github: Issuer, alice: User) -> Publisher:
    """One that waits."""
    return registration.add_pending("brand-new", alice, github, Wanted(FIELDS), Actor("alice", alice))


def form(issuer: Issuer, **changes: Any) -> dict[str, Any]:
    """What the browser sends."""
    return {**FIELDS, "issuer_url": issuer.url, "enabled": "on", **changes}
