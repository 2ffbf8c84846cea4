"""Projects over REST."""

import pytest

from registry.api import projects
from registry.deletion import delete_project
from registry.models import Event, Project, Role
from registry.options import set_as_owner
from tests.factories import TESTER, make_project, make_release, make_user
from tests.registry.api.asking import asker, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice():
    return make_user("alice")


@pytest.fixture
def ask(alice):
    return asker(alice, "manage")


def test_a_project_in_json(ask, alice):
    project = make_project("Sample.Project", alice)
    for version in ("1.0", "2.0rc1", "1.10"):
        make_release(project, version)
    document = ask.get("projects/sample_project/")
    assert document.pop("created_at")
    assert document == {
        "name": "Sample.Project",
        "normalized_name": "sample-project",
        "status": "active",
        "trusted_publishing_only": False,
        "latest_version": "1.10",
        "role": "owner",
    }
    assert ask.get("projects/")["results"][0]["latest_version"] == "1.10"


def test_nothing_released_has_no_version(ask, alice):
    make_project("empty", alice)
    assert ask.get("projects/empty/")["latest_version"] is None


def test_an_owner_changes_status_and_how_it_is_uploaded_to(ask, alice):
    project = make_project("sampleproject", alice)
    changed = ask("PATCH", "projects/sampleproject/", {"status": "archived", "trusted_publishing_only": True})
    assert (changed.json()["status"], changed.json()["trusted_publishing_only"]) == ("archived", True)
    project.refresh_from_db()
    assert (project.status, project.trusted_publishing_only) == ("archived", True)
    tags = {"project:archive:enter", "project:trusted_publishing_only:change"}
    assert Event.objects.filter(tag__in=tags, actor=alice, address="127.0.0.1").count() == 2
    assert ask("PATCH", "projects/sampleproject/", {}).status_code == 200
    assert Event.objects.filter(tag__in=tags).count() == 2


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"status": "quarantined"}, "status"),
        ({"status": "gone"}, "status"),
        ({"status": None}, "status"),
        ({"trusted_publishing_only": "perhaps"}, "trusted_publishing_only"),
        ({"trusted_publishing_only": [1]}, "trusted_publishing_only"),
    ],
)
def test_a_wrong_value_is_named(ask, alice, body, member):
    make_project("sampleproject", alice)
    assert member in refused(ask("PATCH", "projects/sampleproject/", body), 400)["errors"]


def test_a_member_that_does_not_exist_is_refused_and_nothing_is_changed(ask, alice):
    project = make_project("sampleproject", alice)
    body = {"status": "archived", "trusted_publishing_onyl": True, "quite_else": 1}
    errors = refused(ask("PATCH", "projects/sampleproject/", body), 400)["errors"]
    assert errors == {
        "trusted_publishing_onyl": ['There is no such member (did you mean "trusted_publishing_only"?).'],
        "quite_else": ["There is no such member."],
    }
    project.refresh_from_db()
    assert project.status == "active"


def test_what_was_read_can_be_sent_back(ask, alice):
    make_project("sampleproject", alice)
    read = ask.get("projects/sampleproject/")
    assert ask("PATCH", "projects/sampleproject/", {**read, "name": "other"}).json() == read


def test_a_project_that_is_deleted_meanwhile_is_not_there(ask, alice, monkeypatch):
    project = make_project("sampleproject", alice)

    def late(*args, **wanted):
        delete_project(project, TESTER)
        return set_as_owner(*args, **wanted)

    monkeypatch.setattr(projects, "set_as_owner", late)
    refused(ask("PATCH", "projects/sampleproject/", {"status": "archived"}), 404)


def test_quarantine_is_ended_by_administrators_only(ask, alice):
    make_project("sampleproject", alice, status=Project.Status.QUARANTINED)
    refused(ask("PATCH", "projects/sampleproject/", {"status": "active"}), 400)


def test_pages_hold_the_newest_first_and_shift_with_nothing(ask, alice):
    for number in range(5):
        make_project(f"p{number}", alice)
    first = ask.get("projects/?page_size=2")
    make_project("newer", alice)
    second = ask.get(first["next"])
    third = ask.get(second["next"])
    names = [one["name"] for page in (first, second, third) for one in page["results"]]
    assert names == ["p4", "p3", "p2", "p1", "p0"]
    assert third["next"] is None
    assert [one["name"] for one in ask.get(second["previous"])["results"]] == ["p4", "p3"]


@pytest.mark.parametrize("size", ["", "0", "-1", "x", "1.5", "٣", "%2B1", "1_0", "9" * 5000, "\0"])
@pytest.mark.parametrize("path", ["projects/?", "projects/sampleproject/publishers/?", "pending-publishers/?"])
def test_a_wrong_page_size_is_named(ask, alice, path, size):
    make_project("sampleproject", alice)
    errors = refused(ask("GET", f"{path}page_size={size}"), 400)["errors"]
    assert errors == {"page_size": ["Write a whole number from 1 to 100."]}


@pytest.mark.parametrize(("size", "number"), [("1", 1), ("100", 100), ("101", 100), ("9" * 18, 100), ("0007", 7)])
def test_a_page_has_as_many_as_are_asked_for_and_at_most_a_hundred(ask, alice, size, number):
    for one in range(103):
        Role.objects.create(project=Project.objects.create(name=f"p{one}"), user=alice, role="owner")
    assert len(ask.get(f"projects/?page_size={size}")["results"]) == number


@pytest.mark.parametrize(
    "cursor", ["x", "cD14", "cD0lMDA=", "bz05OTk5OTk5OQ==", "é", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk="]
)
def test_a_wrong_cursor_is_refused_or_harmless(ask, alice, cursor):
    make_project("sampleproject", alice)
    answer = ask("GET", f"projects/?cursor={cursor}")
    assert answer.status_code in {200, 400}
    if answer.status_code == 400:
        assert "cursor" in refused(answer, 400)["errors"]


@pytest.mark.parametrize("name", ["x" * 300, "%00", "-", "..", "a%2Fb", "%FF", "sample project"])
def test_what_is_no_name_is_no_project(ask, name):
    refused(ask("GET", f"projects/{name}/"), 404)


def test_a_thousand_projects_take_few_queries(ask, alice, django_assert_max_num_queries):
    projects = [Project(name=f"p{n}", normalized_name=f"p{n}", ultranormalized_name=f"pp{n}") for n in range(1000)]
    from registry.models import Release

    made = Project.objects.bulk_create(projects)
    Role.objects.bulk_create([Role(project=project, user=alice, role="owner") for project in made])
    Release.objects.bulk_create([Release(project=project, version=f"1.{n}") for project in made for n in range(3)])
    ask.get("projects/")
    with django_assert_max_num_queries(4):
        page = ask.get("projects/?page_size=500")
    assert len(page["results"]) == 100
    assert {one["latest_version"] for one in page["results"]} == {"1.2"}
