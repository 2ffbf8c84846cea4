"""Roles: the last owner stays."""

import pytest

from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, Project, User
from registry.roles import LastOwner, remove_role, set_role

pytestmark = pytest.mark.django_db

BOSS = Actor("boss")


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def bob() -> User:
    return User.objects.create_user("bob")


@pytest.fixture
def project(alice: User) -> Project:
    return create_project("sampleproject", owners=[alice], actor=BOSS)


def roles(project: Project) -> dict[str, str]:
    return dict(project.roles.values_list("user__username", "role"))


def test_roles_are_given_changed_and_taken(project: Project, bob: User):
    assert set_role(project, bob, "maintainer", actor=BOSS)
    assert set_role(project, bob, "owner", actor=BOSS)
    assert not set_role(project, bob, "owner", actor=BOSS)
    assert roles(project) == {"alice": "owner", "bob": "owner"}
    assert remove_role(project, bob, actor=BOSS)
    assert not remove_role(project, bob, actor=BOSS)
    assert roles(project) == {"alice": "owner"}
    of_bob = Event.objects.filter(user=bob).order_by("pk")
    assert [event.tag for event in of_bob] == [f"account:role:{what}" for what in ("add", "change", "remove")]
    assert of_bob[1].details == {"name": "sampleproject", "before": "maintainer", "after": "owner"}
    assert Event.objects.filter(project=project, tag="project:role:remove", details__username="bob").count() == 1


def test_the_last_owner_is_neither_removed_nor_made_a_maintainer(project: Project, alice: User, bob: User):
    set_role(project, bob, "maintainer", actor=BOSS)
    with pytest.raises(LastOwner, match="alice is the last owner of sampleproject"):
        remove_role(project, alice, actor=BOSS)
    with pytest.raises(LastOwner):
        set_role(project, alice, "maintainer", actor=BOSS)
    assert roles(project) == {"alice": "owner", "bob": "maintainer"}
