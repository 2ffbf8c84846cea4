"""Creating a project."""

import threading

import pytest
from django.db import connection

from registry.actors import Actor
from registry.creation import NameRefused, check_name, create_project
from registry.models import Event, ProhibitedName, Project, RetiredName, Role, User
from registry.roles import set_role

ACTOR = Actor("test")


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice")


def test_a_project_has_its_owner_and_its_events(alice):
    project = create_project("Sample.Project", owners=[alice], actor=ACTOR)
    assert (project.name, project.normalized_name) == ("Sample.Project", "sample-project")
    assert list(project.owners()) == [alice]
    tags = set(Event.objects.values_list("tag", flat=True))
    assert tags == {"project:create", "project:role:add", "account:role:add"}


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "not a valid"),
        ("a b", "not a valid"),
        ("a\x00", "not a valid"),
        ("json", "isn't allowed"),
        ("for-bidden", "isn't allowed"),
        ("F0rbidden", "isn't allowed"),
        ("SAMPLE_project", "is taken"),
        ("sampIe-project", "too similar"),
        ("sampleproject", "too similar"),
    ],
)
def test_a_name_that_cannot_be_had_is_refused_with_the_reason(alice, name, why):
    ProhibitedName.objects.create(name="forbidden")
    create_project("sample-project", owners=[alice], actor=ACTOR)
    with pytest.raises(NameRefused, match=why):
        create_project(name, owners=[alice], actor=ACTOR)
    assert Project.objects.count() == 1


def test_a_deleted_projects_name_is_free_for_its_last_owners_and_superusers_only(alice):
    bob = User.objects.create_user("bob")
    root = User.objects.create_superuser("root")
    create_project("sample", owners=[alice], actor=ACTOR).delete()
    with pytest.raises(NameRefused, match="deleted"):
        create_project("sample", owners=[bob], actor=ACTOR)
    with pytest.raises(NameRefused, match="deleted"):
        check_name("Sample")
    check_name("sample", [root])
    create_project("sample", owners=[alice], actor=ACTOR)
    assert not RetiredName.objects.exists()


def test_a_role_changes_once_and_leaves_events(alice):
    project = create_project("sample", owners=[alice], actor=ACTOR)
    bob = User.objects.create_user("bob")
    assert set_role(project, bob, Role.Kind.MAINTAINER, actor=ACTOR)
    assert not set_role(project, bob, Role.Kind.MAINTAINER, actor=ACTOR)
    assert set_role(project, bob, Role.Kind.OWNER, actor=ACTOR)
    assert Event.objects.filter(tag="project:role:change").count() == 1


def test_deleting_a_project_removes_no_event(alice):
    create_project("sample", owners=[alice], actor=ACTOR).delete()
    alice.delete()
    event = Event.objects.get(tag="project:create")
    assert event.project is None
    assert event.project_name == "sample"


@pytest.mark.django_db(transaction=True)
def test_of_two_look_alikes_at_once_one_is_created():
    alice = User.objects.create_user("alice")
    barrier, results = threading.Barrier(4), []

    def run(name):
        barrier.wait()
        try:
            create_project(name, owners=[alice], actor=ACTOR)
            results.append("created")
        except NameRefused:
            results.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in ("sample", "samp1e", "Sample", "sa-mple")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["created", "refused", "refused", "refused"]
