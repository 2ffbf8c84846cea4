"""Publishers over REST: one rule with the pages, each answer one that can be sent back."""

import pytest
from post_office.models import Email

from publishers import fetch
from publishers.fetch import Answer, FetchFailed
from registry.models import Event
from tests.factories import make_project, make_user
from tests.registry.api.asking import asker, refused

pytestmark = pytest.mark.django_db

GITHUB = {"provider": "github", "owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
PATH = "projects/sampleproject/publishers/"


@pytest.fixture
def alice():
    return make_user("alice")


@pytest.fixture
def project(alice):
    return make_project("sampleproject", alice)


@pytest.fixture
def ask(alice, project):
    return asker(alice, "manage")


@pytest.fixture(autouse=True)
def api_of_the_provider(monkeypatch):
    """What GitHub's API says of an owner; None: it is down."""
    said = {"answer": Answer(200, {"id": 65, "login": "octo-org"})}

    def get_json(url, **options):
        if said["answer"] is None:
            raise FetchFailed("The provider's API cannot be reached.")
        return said["answer"]

    monkeypatch.setattr(fetch, "get_json", get_json)
    return said


def test_a_publisher_is_added_read_changed_and_removed(ask, alice, project):
    added = ask("POST", PATH, {**GITHUB, "environment": "pypi", "label": "releases"})
    assert added.status_code == 201
    document = added.json()
    assert {name: document[name] for name in GITHUB} == GITHUB
    assert document["pins"] == {"repository_owner_id": "65"}
    assert document["repository_owner_id"] == "65"
    assert (document["environment"], document["label"], document["ref"]) == ("pypi", "releases", "")
    assert (document["added_by"], document["problem"], document["enabled"]) == ("alice", None, True)
    path = f"{PATH}{document['id']}/"
    assert ask.get(path) == document
    assert ask.get(PATH)["results"] == [document]
    changed = ask("PATCH", path, {"ref": "refs/tags/v*"})
    assert changed.json() == {**document, "ref": "refs/tags/v*", "warnings": changed.json()["warnings"]}
    assert ask("PUT", path, GITHUB).json()["environment"] == ""
    assert ask("DELETE", path).status_code == 204
    refused(ask("GET", path), 404)
    refused(ask("DELETE", path), 404)
    tags = Event.objects.filter(project=project, tag__startswith="project:oidc").order_by("pk")
    assert [event.tag.rpartition("-")[2] for event in tags] == ["added", "changed", "changed", "removed"]
    assert {event.actor for event in tags} == {alice}
    assert Email.objects.filter(created__gte=document["created_at"]).count() == 4
