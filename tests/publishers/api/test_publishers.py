"""Publishers over REST: one rule with the pages, each answer one that can be sent back."""

import pytest
from post_office.models import Email

from publishers import fetch
from publishers.fetch import Answer, FetchFailed
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
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


PENDING = {**GITHUB, "project_name": "brand-new"}


@pytest.mark.parametrize(("path", "body"), [(PATH, GITHUB), ("pending-publishers/", PENDING)])
@pytest.mark.parametrize(
    "again", [{}, {"owner": "Octo-Org"}, {"environment": ""}, {"label": "other", "enabled": False}]
)
def test_the_same_publisher_again_is_the_one_that_stands(ask, path, body, again):
    added = ask("POST", path, body)
    events, mails = Event.objects.count(), Email.objects.count()
    second = ask("POST", path, {**body, **again})
    assert (added.status_code, second.status_code) == (201, 200)
    assert second.json() == added.json() == ask.get(f"{path}{added.json()['id']}/")
    assert (Publisher.objects.count(), Event.objects.count(), Email.objects.count()) == (1, events, mails)


@pytest.mark.parametrize(("path", "body"), [(PATH, GITHUB), ("pending-publishers/", PENDING)])
def test_what_was_read_can_be_created_again(ask, path, body):
    document = ask("POST", path, body).json()
    assert ask("POST", path, document).json() == document
    assert ask("PUT", f"{path}{document['id']}/", document).json() == document


def test_the_same_publisher_again_is_answered_while_the_providers_api_is_down(ask, api_of_the_provider):
    added = ask("POST", PATH, GITHUB).json()
    api_of_the_provider["answer"] = None
    again = ask("POST", PATH, GITHUB)
    assert (again.status_code, again.json()) == (200, added)
    refused(ask("POST", PATH, {**GITHUB, "owner": "other"}), 400)
    later = ask("POST", PATH, {**GITHUB, "owner": "other", "pin_at_first_use": True})
    assert (later.status_code, later.json()["pins"]) == (201, {})


def test_a_pending_publisher_that_waits_already_is_answered_at_the_limit(ask, settings):
    settings.PENDING_PUBLISHERS_PER_USER = 1
    assert ask("POST", "pending-publishers/", PENDING).status_code == 201
    assert ask("POST", "pending-publishers/", PENDING).status_code == 200
    refused(ask("POST", "pending-publishers/", {**PENDING, "project_name": "another"}), 400)


def test_a_publisher_in_the_past_says_that_it_expired(ask):
    added = ask("POST", PATH, {**GITHUB, "expires_at": "2001-01-01T00:00:00Z"}).json()
    assert added["problem"] == "The publisher expired on 2001-01-01."


def test_a_publisher_that_was_removed_is_created_anew(ask):
    first = ask("POST", PATH, GITHUB).json()
    ask("DELETE", f"{PATH}{first['id']}/")
    second = ask("POST", PATH, GITHUB)
    assert (second.status_code, second.json()["id"] != first["id"]) == (201, True)


def test_a_change_into_a_publisher_that_stands_is_refused(ask):
    ask("POST", PATH, GITHUB)
    other = ask("POST", PATH, {**GITHUB, "environment": "pypi"}).json()
    refused(ask("PATCH", f"{PATH}{other['id']}/", {"environment": ""}), 400)
    assert ask.get(f"{PATH}{other['id']}/") == other


@pytest.mark.parametrize(
    ("changes", "member"),
    [
        ({"provider": "noise"}, "provider"),
        ({"provider": None}, "provider"),
        ({"issuer": "https://ci.example.com"}, "issuer"),
        ({"repository": ""}, "repository"),
        ({"workflow_filename": "release.txt"}, "workflow_filename"),
        ({"enviroment": "pypi"}, "enviroment"),
        ({"owner": "x" * 5000}, "owner"),
        ({"owner": ["octo-org"]}, "owner"),
        ({"enabled": "perhaps"}, "enabled"),
        ({"expires_at": "9" * 300}, "expires_at"),
    ],
)
def test_what_is_wrong_is_named_by_its_member(ask, changes, member):
    document = refused(ask("POST", PATH, {**GITHUB, **changes}), 400)
    assert member in document["errors"]
    assert not Publisher.objects.exists()


@pytest.mark.parametrize("changes", [{"provider": "gitlab"}, {"issuer": "https://ci.example.com"}])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_publisher_keeps_its_provider(ask, method, changes):
    document = ask("POST", PATH, GITHUB).json()
    answer = ask(method, f"{PATH}{document['id']}/", {**GITHUB, **changes})
    assert list(refused(answer, 400)["errors"]) == list(changes)


def test_a_publisher_is_switched_off_while_the_providers_api_is_down(ask, api_of_the_provider):
    document = ask("POST", PATH, GITHUB).json()
    api_of_the_provider["answer"] = None
    off = ask("PATCH", f"{PATH}{document['id']}/", {"enabled": False})
    assert (off.status_code, off.json()["enabled"]) == (200, False)


def test_another_projects_publisher_is_not_there(ask, alice):
    document = ask("POST", PATH, GITHUB).json()
    make_project("other", alice)
    for method, body in (("GET", None), ("PATCH", {"label": "x"}), ("DELETE", None)):
        refused(ask(method, f"projects/other/publishers/{document['id']}/", body), 404)
    refused(ask("GET", f"pending-publishers/{document['id']}/"), 404)


def test_many_publishers_take_few_queries(ask, project, alice, django_assert_max_num_queries):
    issuer = Issuer.objects.get(url="https://token.actions.githubusercontent.com")
    for number in range(120):
        values = {"owner": "octo-org", "repository": f"r{number}", "workflow_filename": "release.yml"}
        Publisher.objects.create(issuer=issuer, project=project, values=values, added_by=alice)
    ask.get(PATH)
    with django_assert_max_num_queries(6):
        assert len(ask.get(f"{PATH}?page_size=100")["results"]) == 100


def test_the_providers_say_what_a_form_asks(ask):
    providers = {one["name"]: one for one in ask.get("providers/")}
    assert set(providers) == set(PROVIDERS)
    github = {field["name"]: field for field in providers["github"]["fields"]}
    assert {name for name, field in github.items() if field["required"]} == set(GITHUB) - {"provider"}
    assert github["repository_owner_id"]["kind"] == "pin"
