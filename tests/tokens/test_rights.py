"""Who could publish a project in a span of time, told from its history."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from publishers import registration
from publishers.models import Issuer, Publisher
from publishers.registration import Wanted
from registry.actors import Actor
from registry.deletion import delete_project, delete_user
from registry.models import Event, Project, User
from registry.options import set_options
from registry.roles import remove_role, set_role
from tests.factories import make_project, make_user
from tokens.creating import create_api_token
from tokens.models import ApiToken
from tokens.rights import Rights, rights
from tokens.spans import Span

pytestmark = pytest.mark.django_db

ACTOR = Actor("test")
FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}


def day(number: int) -> datetime.datetime:
    return datetime.datetime(2026, 3, number, tzinfo=datetime.UTC)


@pytest.fixture
def alice() -> User:
    return make_user("alice")


@pytest.fixture
def at(monkeypatch):
    """Does something on a day of March."""

    def do(number: int, what, *args, **kwargs):
        with monkeypatch.context() as clock:
            clock.setattr(timezone, "now", lambda: day(number))
            done = what(*args, **kwargs)
        # Defaults of columns hold the real clock.
        last = Event.objects.order_by("-pk").first()
        young = Event.objects.filter(time__gt=day(31), pk__lte=last.pk if last else 0)
        young.update(time=day(number))
        return done

    return do


@pytest.fixture
def project(alice: User, at) -> Project:
    made: Project = at(1, make_project, "sampleproject", alice)
    return made


def found(since: int, until: int) -> Rights:
    return rights("SampleProject", Span(day(since), day(until)))


def people(since: int, until: int) -> list[tuple[str, str]]:
    return sorted((right.who, right.how) for right in found(since, until).people)


def test_roles_count_from_when_they_were_given_until_they_were_taken(project, alice, at):
    bob = make_user("bob")
    at(5, set_role, project, bob, "maintainer", actor=ACTOR)
    at(10, set_role, project, bob, "owner", actor=ACTOR)
    at(15, remove_role, project, bob, actor=ACTOR)
    assert people(2, 4) == [("alice", "owner")]
    assert people(6, 7) == [("alice", "owner"), ("bob", "maintainer")]
    assert people(6, 12) == [("alice", "owner"), ("bob", "maintainer"), ("bob", "owner")]
    assert people(16, 20) == [("alice", "owner")]


def test_of_a_deleted_project_and_a_deleted_user_the_history_tells(project, alice, at):
    bob = make_user("bob")
    at(5, set_role, project, bob, "maintainer", actor=ACTOR)
    at(8, delete_user, bob, ACTOR)
    at(12, delete_project, project, ACTOR)
    assert people(6, 7) == [("alice", "owner"), ("bob", "maintainer")]
    assert people(9, 10) == [("alice", "owner")]
    assert people(13, 20) == []
    assert found(6, 7).project is None


def test_a_role_without_an_event_counts_from_before_the_history(project, alice):
    Event.objects.all().delete()
    [right] = found(2, 3).people
    assert (right.who, right.span, right.row) == ("alice", Span(None, None), alice)


def versions(since: int, until: int) -> list[tuple[str, object]]:
    return [(right.details["fields"]["workflow_filename"], right.span) for right in found(since, until).publishers]


def test_publishers_count_with_the_constraints_that_they_had(project, at):
    issuer = Issuer.objects.get(provider="github")
    publisher = at(3, registration.add, project, issuer, Wanted(FIELDS), ACTOR)
    other = {**FIELDS, "workflow_filename": "other.yml"}
    at(6, registration.change, publisher, Wanted(other), ACTOR)
    at(9, registration.change, publisher, Wanted(other, enabled=False), ACTOR)
    at(12, registration.change, publisher, Wanted(other, expires_at=day(14)), ACTOR)
    at(20, registration.remove, publisher, ACTOR)
    assert versions(1, 2) == []
    assert versions(4, 5) == [("release.yml", Span(day(3), day(6)))]
    assert versions(5, 7) == [("release.yml", Span(day(3), day(6))), ("other.yml", Span(day(6), day(9)))]
    assert versions(10, 11) == []
    assert versions(13, 16) == [("other.yml", Span(day(12), day(14)))]
    assert versions(15, 30) == []
    assert found(4, 5).publishers[0].row is None


def test_a_publisher_without_an_event_is_told_by_its_row(project):
    issuer = Issuer.objects.get(provider="github")
    publisher = Publisher.objects.create(issuer=issuer, project=project, values=FIELDS, created_at=day(5))
    assert versions(1, 4) == []
    assert found(6, 7).publishers[0].row == publisher


def test_api_tokens_count_while_they_lived_and_their_user_had_a_role(project, alice, at):
    other = at(1, make_project, "other", alice)
    for name, columns in {
        "everything": {"scopes": ["upload"]},
        "this": {"scopes": ["upload"], "projects": [project]},
        "that": {"scopes": ["upload"], "projects": [other]},
        "reader": {"scopes": ["read"]},
    }.items():
        at(4, create_api_token, alice, name=name, actor=ACTOR, **{"days": None, "projects": None, **columns})
    ApiToken.objects.update(created_at=day(4))
    ApiToken.objects.filter(name="everything").update(revoked_at=day(8))
    ApiToken.objects.filter(name="this").update(expires_at=day(10))

    def tokens(since: int, until: int) -> list[str]:
        return [right.who for right in found(since, until).api_tokens]

    assert tokens(2, 3) == []
    assert tokens(5, 6) == ["everything of alice", "this of alice"]
    assert tokens(9, 20) == ["this of alice"]
    assert tokens(11, 20) == []
    bob = make_user("bob")
    ApiToken.objects.create(user=bob, username="bob", name="b", digest="b", scopes=["upload"], created_at=day(1))
    at(11, set_role, project, bob, "maintainer", actor=ACTOR)
    at(13, remove_role, project, bob, actor=ACTOR)
    assert [right.span for right in found(1, 30).api_tokens if right.who == "b of bob"] == [Span(day(11), day(13))]


def deactivate(client: Client, user: User, *, active: bool) -> None:
    """As an administrator does it."""
    said = {"username": user.username, "email": user.email, "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    formsets = ("email_addresses", "authenticator_set", "socialaccount_set", "emailaddress_set")
    said |= {f"{name}-{end}_FORMS": "0" for name in formsets for end in ("TOTAL", "INITIAL")}
    answer = client.post(f"/admin/registry/user/{user.pk}/change/", {**said, **({"is_active": "on"} if active else {})})
    assert answer.status_code == 302


def test_who_was_deactivated_could_not_publish_meanwhile(client: Client, project, at):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    bob = make_user("bob")
    at(5, set_role, project, bob, "owner", actor=ACTOR)
    ApiToken.objects.create(user=bob, username="bob", name="b", digest="b", scopes=["upload"], created_at=day(2))
    at(8, deactivate, client, bob, active=False)
    changed = {"before": {"is_staff": False}, "after": {"is_staff": True}}
    at(10, Event.objects.record, "account:permissions:change", ACTOR, user=bob, **changed)
    at(12, deactivate, client, bob, active=True)
    at(20, deactivate, client, bob, active=False)
    told = [right.span for right in found(1, 30).people if right.who == "bob"]
    assert told == [Span(day(5), day(8)), Span(day(12), day(20))]
    assert people(9, 11) == people(21, 30) == [("alice", "owner")]
    assert [right.span for right in found(1, 30).api_tokens] == told
    assert found(9, 11).api_tokens == []
    assert found(1, 30).unclear == []


def test_a_change_that_left_no_event_is_said(client: Client, project, alice, at):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    said = {"project": "sampleproject", "since": "2026-03-01", "until": "2026-03-31"}
    page = "/admin/tokens/provenance/who/"
    assert "otherwise than in the admin" not in client.get(page, said).content.decode()
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert found(1, 30).unclear == ["alice"]
    told = " ".join(client.get(page, said).content.decode().split())
    assert "alice: this account was deactivated or activated otherwise than in the admin" in told


def test_when_the_project_took_no_api_token_is_said(project, at):
    at(5, set_options, project, ACTOR, trusted_publishing_only=True)
    at(9, set_options, project, ACTOR, trusted_publishing_only=False)
    assert found(2, 3).only == []
    assert found(6, 20).only == [Span(day(5), day(9))]


def test_the_page_answers_and_links_to_the_rows(client: Client, project, alice, at):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    issuer = Issuer.objects.get(provider="github")
    publisher = at(3, registration.add, project, issuer, Wanted({**FIELDS, "environment": "pypi"}), ACTOR)
    said = {"project": "sampleproject", "since": "2026-03-01", "until": "2026-03-31"}
    page = client.get("/admin/tokens/provenance/who/", said).content.decode()
    assert "octo-org/sampleproject · release.yml · environment pypi" in page
    for row in (publisher, alice, project):
        assert f"/{row._meta.model_name}/{row.pk}/change/" in page
    gone = client.get("/admin/tokens/provenance/who/", {**said, "project": "never"}).content.decode()
    assert "There is no project never now" in gone


@pytest.mark.parametrize("said", [{"since": "x"}, {"until": "2026-02-30"}, {"since": "2026-04-01"}])
def test_a_wrong_day_is_said_beside_the_field(client: Client, said):
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    good = {"project": "sampleproject", "since": "2026-03-01", "until": "2026-03-31"}
    answer = client.get("/admin/tokens/provenance/who/", {**good, **said})
    assert (answer.status_code, "errorlist" in answer.content.decode()) == (200, True)


def test_it_takes_the_right_to_see_the_records(client: Client):
    client.force_login(make_user("helper", is_staff=True))
    assert client.get("/admin/tokens/provenance/who/").status_code == 403
    assert client.post("/admin/tokens/provenance/who/").status_code in {403, 405}
