"""``manage.py create_token``."""

import datetime
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, Project, User
from tokens import secrets
from tokens.models import ApiToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture(autouse=True)
def project(alice: User) -> Project:
    create_project("of-bob", owners=[User.objects.create_user("bob")], actor=Actor("test"))
    User.objects.create_user("gone", is_active=False)
    return create_project("SampleProject", owners=[alice], actor=Actor("test"))


def create(*arguments: str) -> tuple[str, str]:
    printed, said = StringIO(), StringIO()
    call_command("create_token", *arguments, stdout=printed, stderr=said)
    return printed.getvalue(), said.getvalue()


def test_the_token_stands_alone_on_standard_output_and_nowhere_else():
    printed, said = create("alice", "--scope", "upload")
    text = printed.removesuffix("\n")
    assert secrets.kind_of(text) == secrets.API
    assert text not in said
    token = ApiToken.objects.get(digest=secrets.digest(text))
    assert (token.username, token.scopes, token.limited, token.expires_at) == ("alice", ["upload"], False, None)
    assert token.is_live()
    event = Event.objects.get(tag="account:api_token:added")
    assert (event.user, event.actor_name) == (token.user, "create_token")
    assert event.details == {
        "token": token.pk,
        "name": "create_token",
        "scopes": ["upload"],
        "projects": None,
        "expires_at": None,
    }
    assert text not in json.dumps(event.details)


def test_scopes_may_be_named_one_by_one_and_the_end_is_told():
    _, said = create("alice", "--scope", "upload", "--scope", "read,download", "--days", "30")
    token = ApiToken.objects.get()
    assert token.scopes == ["upload", "read", "download"]
    assert token.expires_at
    assert f"expires on {token.expires_at:%Y-%m-%d}" in said
    assert "never expires" in create("alice", "--scope", "upload")[1]


def test_a_token_may_be_limited_to_projects(project: Project):
    create("alice", "--scope", "upload,download", "--project", "sample-project".replace("-", ""))
    token = ApiToken.objects.get()
    assert (token.limited, list(token.projects.all())) == (True, [project])
    assert token.scopes == ["upload", "download"]


@pytest.mark.parametrize(
    ("arguments", "days"), [("--scope manage", 90), ("--scope manage --days 7", 7), ("--scope read --days 400", 400)]
)
def test_a_token_expires(arguments: str, days: int):
    create("alice", *arguments.split())
    left = ApiToken.objects.get().expires_at
    assert left is not None
    assert abs(left - timezone.now() - datetime.timedelta(days=days)) < datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("nobody --scope upload", "There is no user 'nobody'."),
        ("gone --scope upload", "The user 'gone' is deactivated."),
        ("alice --scope uplaod", "There is no scope 'uplaod'; there are upload, download, read, manage."),
        ("alice --scope ,", "A token needs at least one scope."),
        ("alice --scope upload --project nothing", "There is no project 'nothing'."),
        ("alice --scope upload --project of-bob", "The user 'alice' has no role in the project 'of-bob'."),
        ("alice --scope upload,manage --days 91", "expires after 1 to 90 days, not after 91."),
        ("alice --scope manage --days 0", "not after 0."),
        ("alice --scope upload --days 99999999999", "expires after 1 to 3650 days"),
        ("alice --scope upload --days -1", "expires after 1 to 3650 days"),
        ("alice", "required: --scope"),
    ],
)
def test_what_cannot_be_created_is_said(arguments: str, sentence: str):
    with pytest.raises(CommandError, match=sentence.replace(".", r"\.")):
        create(*arguments.split())
    assert not ApiToken.objects.exists()
