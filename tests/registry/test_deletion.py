"""What goes and what stays when something is deleted."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from publishers import registration
from publishers.models import Issuer, Publisher
from registry import deletion
from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, File, Project, Release, RetiredName, UsedFilename, User
from registry.roles import set_role

pytestmark = pytest.mark.django_db

BOSS = Actor("boss")
FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice", "alice@example.com")


@pytest.fixture
def project(alice: User) -> Project:
    return create_project("sampleproject", owners=[alice], actor=BOSS)


@pytest.fixture
def file(project: Project) -> File:
    release = Release.objects.create(project=project, version="1.0")
    columns = {"python_version": "py3", "size": 1, "blake2_256": "0" * 64}
    file = File.objects.create(
        release=release, filename="sampleproject-1.0-py3-none-any.whl", sha256="ab" * 32, **columns
    )
    for name in (file.path, f"{file.path}.metadata"):
        default_storage.save(name, ContentFile(b"x"))
    return file


def tags() -> set[str]:
    return set(Event.objects.values_list("tag", flat=True))


@pytest.mark.parametrize("what", ["file", "release", "project"])
def test_names_stay_and_bytes_go(
    file: File, project: Project, alice: User, what: str, django_capture_on_commit_callbacks
):
    victim = {"file": file, "release": file.release, "project": project}[what]
    with django_capture_on_commit_callbacks(execute=True):
        getattr(deletion, f"delete_{what}")(victim, BOSS)
    assert UsedFilename.objects.filter(filename=file.filename).exists()
    assert not default_storage.exists(file.path)
    assert not default_storage.exists(f"{file.path}.metadata")
    assert not File.objects.exists()


def test_deleting_a_file_or_release_changes_the_index_page(file: File, project: Project):
    deletion.delete_file(file, BOSS)
    deletion.delete_release(file.release, BOSS)
    project.refresh_from_db()
    assert project.serial == 2
    assert {"project:release:file:remove", "project:release:remove"} <= tags()


def test_a_deleted_project_leaves_its_name_and_its_history(file: File, project: Project, alice: User):
    deletion.delete_project(project, BOSS)
    assert list(RetiredName.objects.get(normalized_name="sampleproject").last_owners.all()) == [alice]
    event = Event.objects.get(tag="project:remove")
    assert (event.project, event.project_name) == (None, "sampleproject")
    assert event.details == {"name": "sampleproject", "owners": ["alice"], "releases": ["1.0"]}
    assert Event.objects.filter(tag="project:create", project_name="sampleproject").exists()


def test_a_deleted_user_leaves_a_history_and_waits_for_nothing(project: Project, alice: User):
    bob = User.objects.create_user("bob")
    shared = create_project("another", owners=[bob], actor=BOSS)
    set_role(shared, alice, "owner", actor=BOSS)
    issuer = Issuer.objects.get(provider="github")
    registration.add_pending("brand-new", alice, issuer, registration.Wanted(FIELDS), BOSS)
    assert deletion.delete_user(alice, BOSS) == ["sampleproject"]
    assert not Publisher.objects.exists()
    assert {"account:remove", "account:oidc:pending-publisher-removed", "project:role:remove"} <= tags()
    assert Event.objects.get(tag="account:remove").username == "alice"
