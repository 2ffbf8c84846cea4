"""Tokens in the admin: found, read and revoked."""

import datetime

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from publishers.models import Issuer, Publisher
from registry.models import Event, Project, User
from tests.factories import make_project, make_user
from tokens import secrets
from tokens.models import ApiToken, RefusalNotice, UploadToken

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


@pytest.fixture
def alice() -> User:
    return make_user("alice")


def api_token(alice: User, text: str = "x") -> ApiToken:
    return ApiToken.objects.create(
        digest=secrets.digest(text), user=alice, username="alice", name="laptop", scopes=["upload"]
    )


def upload_token(project: Project, text: str = "y") -> UploadToken:
    values = {"owner": "octo-org", "repository": text, "workflow_filename": "release.yml"}
    issuer = Issuer.objects.get(provider="github")
    publisher = Publisher.objects.create(issuer=issuer, project=project, values=values)
    grant = {"project": project.normalized_name, "publisher": publisher.pk, "generation": 0, "version": None}
    later = timezone.now() + datetime.timedelta(hours=1)
    return UploadToken.objects.create(
        digest=secrets.digest(text), issuer_url="https://x", redeemed_until=later, expires_at=later, grants=[grant]
    )


@pytest.mark.usefixtures("boss")
def test_an_api_token_is_revoked_once_with_an_event(client: Client, alice: User):
    token = api_token(alice)
    for _ in range(2):
        said = {"action": "revoke_selected", "_selected_action": [str(token.pk)]}
        assert b"It is told to owners and users" in client.post("/admin/tokens/apitoken/", said).content
        client.post("/admin/tokens/apitoken/", {**said, "sure": "Revoke", "reason": "seen in a log"})
    token.refresh_from_db()
    assert not token.is_live()
    assert token.revoked_reason == "seen in a log"
    event = Event.objects.get(tag="account:api_token:removed")
    assert (event.user, event.actor_name, event.details["name"]) == (alice, "boss", "laptop")


@pytest.mark.usefixtures("boss")
def test_an_upload_token_is_revoked_with_an_event_in_its_projects(client: Client, alice: User):
    project = make_project("sampleproject", alice)
    token = upload_token(project)
    said = {"action": "revoke_selected", "_selected_action": [str(token.pk)]}
    client.post("/admin/tokens/uploadtoken/", {**said, "sure": "Revoke", "reason": "seen in a log"})
    token.refresh_from_db()
    assert not token.is_live()
    assert Event.objects.get(tag="project:oidc:upload-token-revoked").project == project


def test_revoking_needs_the_permission_to_change_tokens(client: Client, alice: User):
    helper, token = make_user("helper", is_staff=True), api_token(alice)
    helper.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    client.force_login(helper)
    said = {"action": "revoke_selected", "_selected_action": [str(token.pk)], "sure": "Revoke", "reason": "x"}
    client.post("/admin/tokens/apitoken/", said)
    token.refresh_from_db()
    assert token.is_live()
    assert client.get(f"/admin/tokens/apitoken/{token.pk}/revoke/").status_code == 403
    assert client.get("/admin/tokens/uploadtoken/revoke/").status_code == 403
    assert client.get("/admin/tokens/apitoken/find/").status_code == 403


def test_a_project_of_whose_refusals_owners_were_told_can_be_deleted(client: Client, boss: User):
    project = make_project("sampleproject", boss)
    issuer = Issuer.objects.get(provider="github")
    RefusalNotice.objects.create(project=project, issuer=issuer, identity="[]", told_at=timezone.now())
    assert client.post(f"/admin/registry/project/{project.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not RefusalNotice.objects.exists()
