"""Everything of an issuer, a repository, a publisher, … is counted first, and then revoked, a batch at a time."""

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from registry.actors import Actor
from registry.models import Event, Switch
from tests.factories import make_user
from tests.tokens.admin.conftest import Story
from tests.tokens.test_exchange import lives, mint
from tokens import secrets, sweeping
from tokens.models import ApiToken, UploadToken

REVOKE = "/admin/tokens/uploadtoken/revoke/"

pytestmark = pytest.mark.usefixtures("boss")


def api_token(story: Story, **columns) -> ApiToken:
    digest = secrets.digest(secrets.new(secrets.API))
    defaults = {"user": story.world.owner, "username": "alice", "name": "laptop", "scopes": ["upload"]}
    return ApiToken.objects.create(digest=digest, **{**defaults, **columns})


def places(story: Story) -> dict[str, str]:
    return {
        "issuer": story.world.issuer.url,
        "provider": "github",
        "repository": "octo-org/sampleproject",
        "publisher": str(story.world.publisher.pk),
        "user": "alice",
        "address": "198.51.100.7",
    }


@pytest.mark.parametrize("kind", sweeping.KINDS)
def test_what_lives_is_counted_first_and_then_revoked_with_events_and_mails(client, story: Story, kind):
    said = {"kind": kind, "which": places(story)[kind], "reason": "breached"}
    counted = client.post(REVOKE, said).content.decode()
    assert "<strong>1 live upload token and 0 live API tokens</strong>" in counted
    assert lives(story.text)
    assert client.post(REVOKE, {**said, "step": "revoke"}).status_code == 302
    assert not lives(story.text)
    story.token.refresh_from_db()
    assert story.token.revoked_reason == "breached"
    line = Event.objects.get(tag="registry:tokens:revoked")
    assert (line.actor_name, line.details["of"], line.details["revoked"]) == ("boss", kind, 1)
    assert Event.objects.filter(tag="project:oidc:upload-token-revoked", project=story.world.project).count() == 1
    assert Email.objects.filter(subject__contains="upload token was revoked").exists()
    assert client.post(REVOKE, {**said, "step": "revoke"}).status_code == 302
    assert Event.objects.filter(tag="registry:tokens:revoked").count() == 1


@pytest.mark.parametrize("kind", sweeping.KINDS)
def test_other_places_tokens_stay(client, story: Story, kind):
    others = {
        "issuer": "https://gitlab.com",
        "provider": "gitlab",
        "repository": "octo-org/other",
        "publisher": str(story.world.publisher.pk + 1),
        "user": "boss",
        "address": "198.51.100.8",
    }
    said = {"kind": kind, "which": others[kind], "reason": "breached", "step": "revoke"}
    assert client.post(REVOKE, said).status_code == 302
    assert lives(story.text)


def test_a_users_api_tokens_go_and_those_that_an_address_made_or_used(client, story: Story):
    mine, made = api_token(story), api_token(story, name="made")
    details: dict[str, Any] = {"token": made.pk}
    Event.objects.record("account:api_token:added", Actor("alice", address="203.0.113.9"), user=mine.user, **details)
    chosen = sweeping.Selection("address", "203.0.113.9")
    assert chosen.api_tokens() == [made.pk]
    assert sweeping.Selection("user", "alice").api_tokens() == [mine.pk, made.pk]
    assert sweeping.sweep(chosen, "why", Actor("boss")) == sweeping.Swept(1, 0)
    assert sweeping.Selection("user", "alice").api_tokens() == [mine.pk]


def test_only_those_since_a_time(client, story: Story):
    later = timezone.now() + datetime.timedelta(minutes=1)
    said = {"kind": "user", "which": "alice", "reason": "x", "since": f"{later:%Y-%m-%dT%H:%M}"}
    assert "<strong>0 live upload tokens" in client.post(REVOKE, said).content.decode()
    earlier = timezone.now() - datetime.timedelta(minutes=2)
    said["since"] = f"{earlier:%Y-%m-%dT%H:%M}"
    assert "<strong>1 live upload token" in client.post(REVOKE, said).content.decode()


def test_many_go_in_batches_and_the_page_says_what_is_left(client, story: Story, monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 2)
    for _ in range(4):
        mint(Client(), story.world.token())
    said = {"kind": "issuer", "which": story.world.issuer.url, "reason": "breached", "step": "revoke"}
    assert "3 are left" in client.post(REVOKE, said).content.decode()
    assert "1 are left" in client.post(REVOKE, said).content.decode()
    assert client.post(REVOKE, said).status_code == 302
    assert not UploadToken.objects.filter(revoked_at__isnull=True).exists()


@pytest.mark.parametrize(
    ("kind", "which"),
    [
        ("issuer", "https://nowhere.example.com"),
        ("provider", "GitLab CI/CD"),
        ("user", "nobody"),
        ("address", "here"),
        ("publisher", "9" * 30),
        ("publisher", "x"),
        ("repository", "a//b"),
        ("everything", "x"),
        ("user", "\x00"),
    ],
)
def test_a_place_that_is_not_there_is_said_beside_the_field(client, kind, which):
    answer = client.post(REVOKE, {"kind": kind, "which": which, "reason": "x"})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()


def test_a_link_prefills_the_form_and_revokes_nothing(client, story: Story):
    page = client.get(REVOKE, {"kind": "publisher", "which": "7", "step": "revoke", "reason": "x"}).content.decode()
    assert 'value="7"' in page
    assert lives(story.text)


def test_revoking_goes_on_while_everything_that_writes_is_off(client, story: Story):
    Switch.objects.create(what="writing")
    said = {"kind": "user", "which": "alice", "reason": "x", "step": "revoke"}
    assert client.post(REVOKE, said).status_code == 302
    mine = api_token(story)
    one = {"action": "revoke_selected", "_selected_action": [str(mine.pk)], "sure": "Revoke", "reason": "x"}
    assert client.post("/admin/tokens/apitoken/", one).status_code == 302
    mine.refresh_from_db()
    assert (mine.state(), lives(story.text)) == ("revoked", False)


def test_it_takes_the_right_to_change_tokens_of_both_kinds(client):
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="change_apitoken"))
    client.force_login(helper)
    assert client.get(REVOKE).status_code == 403
