"""Projects and roles in the admin."""

from typing import Any

import pytest
from django.test import Client

from registry.models import Event, Project, RetiredName, Role, User
from registry.roles import set_role
from tests.factories import TESTER, make_file, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def project(boss: User) -> Project:
    return make_project("sampleproject", make_user("alice"))


def page(project: Project) -> str:
    return f"/admin/registry/project/{project.pk}/change/"


def posted(project: Project, *new: tuple[str, str], **changes: Any) -> dict[str, Any]:
    """The form of a project as a browser sends it; ``changes`` may name a role as ``alice="maintainer"``, or None."""
    said: dict[str, Any] = {"status": "active", "max_file_size": ""}
    rows = list(project.roles.select_related("user").order_by("pk"))
    for number, role in enumerate(rows):
        wanted = changes.pop(role.user.username, role.role)
        said |= {f"roles-{number}-id": role.pk, f"roles-{number}-project": project.pk}
        said[f"roles-{number}-role"] = wanted or role.role
        if wanted is None:
            said[f"roles-{number}-DELETE"] = "on"
    for number, (username, kind) in enumerate(new, len(rows)):
        said |= {f"roles-{number}-username": username, f"roles-{number}-role": kind, f"roles-{number}-id": ""}
    return {
        **said,
        "roles-TOTAL_FORMS": len(rows) + len(new),
        "roles-INITIAL_FORMS": len(rows),
        **changes,
    }


def roles(project: Project) -> dict[str, str]:
    return dict(project.roles.values_list("user__username", "role"))


def tags() -> list[str]:
    return list(Event.objects.filter(actor_name="boss").order_by("pk").values_list("tag", flat=True))


def test_a_project_is_created_with_its_owners_and_its_history(client: Client, boss: User):
    make_user("alice"), make_user("bob")
    said = {"name": "New.Project", "owners": "alice, bob", "status": "active", "trusted_publishing_only": "on"}
    assert client.post("/admin/registry/project/add/", said).status_code == 302
    project = Project.objects.get()
    assert roles(project) == {"alice": "owner", "bob": "owner"}
    assert project.trusted_publishing_only
    assert tags() == ["project:create"] + ["project:role:add", "account:role:add"] * 2


@pytest.mark.parametrize(
    ("name", "owners", "sentence"),
    [
        ("SampleProject", "alice", "is taken"),
        ("json", "alice", "isn&#x27;t allowed"),
        ("-x-", "alice", "is not a valid project name"),
        ("fine", "nobody", "There is no user nobody."),
        ("fine", ",", "Name at least one user."),
    ],
)
@pytest.mark.usefixtures("project")
def test_a_wrong_project_is_refused_in_the_form(client: Client, name: str, owners: str, sentence: str):
    answer = client.post("/admin/registry/project/add/", {"name": name, "owners": owners, "status": "active"})
    assert sentence in answer.content.decode()
    assert Project.objects.count() == 1


def test_options_change_with_events_and_the_name_does_not(client: Client, project: Project):
    said = posted(project, name="other", status="archived", max_file_size="1000", trusted_publishing_only="on")
    assert client.post(page(project), said).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.status, project.max_file_size, project.serial) == (
        "sampleproject",
        "archived",
        1000,
        1,
    )
    assert sorted(tags()) == [
        "project:archive:enter",
        "project:max_file_size:change",
        "project:trusted_publishing_only:change",
    ]


def test_roles_change_with_events(client: Client, project: Project):
    make_user("bob"), make_user("carol")
    client.post(page(project), posted(project, ("bob", "owner"), ("carol", "maintainer")))
    assert roles(project) == {"alice": "owner", "bob": "owner", "carol": "maintainer"}
    client.post(page(project), posted(project, alice=None, carol="owner"))
    assert roles(project) == {"bob": "owner", "carol": "owner"}
    assert [tag for tag in tags() if tag.startswith("project:")] == [
        "project:role:add",
        "project:role:add",
        "project:role:change",
        "project:role:remove",
    ]


@pytest.mark.parametrize(
    ("new", "changes", "sentence"),
    [
        ((), {"alice": None}, "A project needs an owner"),
        ((), {"alice": "maintainer"}, "A project needs an owner"),
        ((("bob", "maintainer"),), {"alice": None}, "A project needs an owner"),
        ((("alice", "maintainer"),), {}, "Name each user once."),
        ((("nobody", "owner"),), {}, "There is no user nobody."),
    ],
)
def test_wrong_roles_are_refused_in_the_form(
    client: Client, project: Project, new: Any, changes: dict[str, Any], sentence: str
):
    make_user("bob")
    answer = client.post(page(project), posted(project, *new, **changes))
    assert sentence in answer.content.decode()
    assert roles(project) == {"alice": "owner"}


def test_a_project_changes_hands_in_one_step(client: Client, project: Project):
    make_user("bob")
    client.post(page(project), posted(project, ("bob", "owner"), alice=None))
    assert roles(project) == {"bob": "owner"}


def test_deleting_a_project_keeps_its_history_and_its_name(client: Client, project: Project):
    make_file(project)
    answer = client.post(f"/admin/registry/project/{project.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 302
    assert not Project.objects.exists()
    assert RetiredName.objects.get().normalized_name == "sampleproject"
    assert tags() == ["project:remove"]
    assert Event.objects.filter(tag="project:create", project_name="sampleproject").exists()


def test_deleting_several_from_the_list_leaves_an_event_each(client: Client, project: Project):
    make_project("another", make_user("bob"))
    selected = [str(pk) for pk in Project.objects.values_list("pk", flat=True)]
    said = {"action": "delete_selected", "_selected_action": selected, "post": "yes"}
    client.post("/admin/registry/project/", said)
    assert not Project.objects.exists()
    assert tags() == ["project:remove"] * 2


def test_a_retired_name_is_freed_by_deleting_its_row(client: Client, boss: User):
    retired = RetiredName.objects.create(normalized_name="gone")
    client.post(f"/admin/registry/retiredname/{retired.pk}/delete/", {"post": "yes"})
    assert not RetiredName.objects.exists()
    assert tags() == ["retired-name:freed"]


def test_a_prohibited_name_is_kept_with_events(client: Client, boss: User):
    client.post("/admin/registry/prohibitedname/add/", {"name": "ourname", "comment": "a mark"})
    assert tags() == ["prohibited-name:added"]


def test_deleting_a_user_keeps_the_history(client: Client, project: Project):
    bob = make_user("bob")
    set_role(project, bob, Role.Kind.MAINTAINER, actor=TESTER)
    alice = User.objects.get(username="alice")
    answer = client.post(f"/admin/registry/user/{alice.pk}/delete/", {"post": "yes"}, follow=True)
    assert "The project sampleproject has no owner now." in answer.content.decode()
    assert tags() == ["project:role:remove", "account:remove"]
    assert Event.objects.filter(tag="account:role:add", username="alice", user=None).exists()


@pytest.mark.django_db
def test_projects_are_quarantined_and_released_with_events(client: Client, boss: User):
    held, archived = make_project("held", boss), make_project("archived", boss, status="archived")
    page, chosen = "/admin/registry/project/", {"_selected_action": [str(held.pk)]}
    for action, status in (("quarantine", "quarantined"), ("lift_quarantine", "active")):
        for _ in range(2):
            client.post(page, {"action": action, **chosen})
        held.refresh_from_db()
        assert held.status == status
    tags = Event.objects.filter(project=held, tag__startswith="project:quarantine").order_by("pk")
    assert [event.tag for event in tags] == ["project:quarantine:enter", "project:quarantine:exit"]
    client.post(page, {"action": "lift_quarantine", "_selected_action": [str(archived.pk)]})
    archived.refresh_from_db()
    assert archived.status == "archived"
