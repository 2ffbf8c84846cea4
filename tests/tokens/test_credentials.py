"""What an API token opens; an upload token's tests are the exchange's."""

import pytest

from registry.actors import Actor
from registry.creation import create_project
from registry.models import Role, User
from registry.roles import set_role
from registry.uploads.credentials import UploadCredential
from registry.uploads.errors import InvalidCredentials, NotAllowed
from tokens import secrets
from tokens.credentials import ApiTokenCredential, UploadTokenCredential
from tokens.models import ApiToken, UploadToken

pytestmark = pytest.mark.django_db
ACTOR = Actor("test")


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


@pytest.fixture
def project(alice):
    return create_project("sample", owners=[alice], actor=ACTOR)


def credential(user, *projects, scopes=("upload",)):
    token = ApiToken.objects.create(
        digest=secrets.digest(secrets.new("api")),
        user=user,
        username=user.username,
        name="ci",
        scopes=list(scopes),
        limited=bool(projects),
    )
    token.projects.set(projects)
    return ApiTokenCredential(token)


def test_both_kinds_are_what_an_upload_asks_for(alice):
    assert isinstance(credential(alice), UploadCredential)
    assert isinstance(UploadTokenCredential(UploadToken()), UploadCredential)


@pytest.mark.parametrize("role", [Role.Kind.OWNER, Role.Kind.MAINTAINER])
def test_owners_and_maintainers_upload(alice, project, role):
    bob = User.objects.create_user("bob")
    set_role(project, bob, role, actor=ACTOR)
    credential(bob).check_upload(project, "1.0")
    credential(bob, project).check_upload(project, "1.0")


def test_who_has_no_role_does_not_upload(project):
    with pytest.raises(NotAllowed, match="isn't allowed to upload to project 'sample'"):
        credential(User.objects.create_user("bob")).check_upload(project, "1.0")


def test_who_lost_the_role_does_not_upload(alice, project):
    held = credential(alice, project)
    project.roles.all().delete()
    with pytest.raises(NotAllowed):
        held.check_upload(project, "1.0")


def test_a_token_without_the_scope_does_not_upload(alice, project):
    held = credential(alice, scopes=["download", "read", "manage"])
    with pytest.raises(NotAllowed, match="scope 'upload'"):
        held.check_upload(project, "1.0")
    with pytest.raises(NotAllowed, match="scope 'upload'"):
        held.owners_of_new("other", "1.0")


def test_a_limited_token_uploads_to_its_projects_only_and_creates_none(alice, project):
    other = create_project("other", owners=[alice], actor=ACTOR)
    held = credential(alice, other)
    with pytest.raises(NotAllowed, match="limited to other projects"):
        held.check_upload(project, "1.0")
    with pytest.raises(NotAllowed, match="limited to other projects"):
        held.owners_of_new("new", "1.0")


def test_deleting_its_projects_does_not_widen_a_limited_token(alice, project):
    other = create_project("other", owners=[alice], actor=ACTOR)
    held = credential(alice, other)
    other.delete()
    with pytest.raises(NotAllowed):
        held.locked("sample").check_upload(project, "1.0")


def test_an_unlimited_token_creates_projects_for_its_user(alice):
    assert credential(alice).owners_of_new("new", "1.0") == [alice]


def test_trusted_publishing_only_shuts_api_tokens_out(alice, project):
    project.trusted_publishing_only = True
    project.save()
    with pytest.raises(NotAllowed, match="trusted publishing only"):
        credential(alice).check_upload(project, "1.0")


def test_a_token_that_died_meanwhile_is_seen_under_the_lock(alice):
    held = credential(alice)
    ApiToken.objects.update(revoked_at="2026-01-01T00:00:00Z")
    with pytest.raises(InvalidCredentials):
        held.locked("sample")


@pytest.mark.parametrize(
    ("scopes", "limited", "may"),
    [(["download"], False, True), (["download"], True, False), (["upload", "read", "manage"], False, False)],
)
def test_downloading_needs_its_scope_and_the_project(alice, project, scopes, limited, may):
    other = create_project("other", owners=[alice], actor=ACTOR)
    held = credential(alice, *([other] if limited else []), scopes=scopes)
    assert held.may_download(project) is may


def test_an_upload_token_downloads_nothing(project):
    held = UploadTokenCredential(UploadToken())
    assert not held.may_download(project)
    assert not held.opens("download")
