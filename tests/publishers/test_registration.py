"""Adding, changing and removing publishers leaves events with the full values."""

import pytest

from publishers import registration
from publishers.models import Issuer, Publisher
from publishers.providers.github import GitHub
from publishers.registration import Wanted
from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event, Project, User

pytestmark = pytest.mark.django_db

FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer.objects.get(url=GitHub.default_issuer)


@pytest.fixture
def alice() -> User:
    return User.objects.create_user("alice")


@pytest.fixture
def actor(alice: User) -> Actor:
    return Actor("alice", user=alice, address="192.0.2.7")


@pytest.fixture
def project(alice: User, actor: Actor) -> Project:
    return create_project("sampleproject", owners=[alice], actor=actor)


def last_event() -> Event:
    return Event.objects.order_by("-pk")[0]


def test_adding_leaves_an_event_with_everything(issuer: Issuer, project: Project, actor: Actor):
    publisher = registration.add(project, issuer, Wanted(FIELDS, {"repository_id": "74"}, label="main"), actor)
    event = last_event()
    assert (event.tag, event.project, event.actor, event.actor_name, event.address) == (
        "project:oidc:publisher-added",
        project,
        actor.user,
        "alice",
        "192.0.2.7",
    )
    assert event.details == {
        "publisher": publisher.pk,
        "provider": "github",
        "issuer": GitHub.default_issuer,
        "label": "main",
        "enabled": True,
        "expires_at": None,
        "fields": FIELDS,
        "pins": {"repository_id": "74"},
    }
    assert publisher.added_by == actor.user


def test_changing_leaves_both_sides_and_a_new_fingerprint(issuer: Issuer, project: Project, actor: Actor):
    publisher = registration.add(project, issuer, Wanted(FIELDS), actor)
    before = publisher.fingerprint
    assert registration.change(publisher, Wanted(FIELDS | {"environment": "pypi"}), actor)
    event = last_event()
    assert event.tag == "project:oidc:publisher-changed"
    assert "environment" not in event.details["before"]["fields"]
    assert event.details["after"]["fields"]["environment"] == "pypi"
    assert publisher.fingerprint != before


def test_changing_nothing_leaves_nothing(issuer: Issuer, project: Project, actor: Actor):
    publisher = registration.add(project, issuer, Wanted(FIELDS, {"repository_id": "74"}), actor)
    count = Event.objects.count()
    assert not registration.change(publisher, Wanted(FIELDS), actor)
    assert Event.objects.count() == count


def test_an_id_learned_meanwhile_survives_a_change(issuer: Issuer, project: Project, actor: Actor):
    publisher = registration.add(project, issuer, Wanted(FIELDS), actor)
    Publisher.objects.update(pins={"repository_id": "74"}, unpinned_since=None)
    registration.change(publisher, Wanted(FIELDS, label="main"), actor)
    assert publisher.pins == {"repository_id": "74"}
    assert publisher.unpinned_since is None


def test_clearing_the_ids_starts_the_thirty_days(issuer: Issuer, project: Project, actor: Actor):
    pins = {"repository_id": "74", "repository_owner_id": "65"}
    publisher = registration.add(project, issuer, Wanted(FIELDS, pins), actor)
    assert registration.clear_pins(publisher, actor)
    publisher.refresh_from_db()
    assert publisher.pins == {}
    assert publisher.unpinned_since is not None
    assert last_event().details["before"]["pins"] == pins
    assert not registration.clear_pins(publisher, actor)


def test_removing_leaves_an_event(issuer: Issuer, project: Project, actor: Actor):
    publisher = registration.add(project, issuer, Wanted(FIELDS), actor)
    registration.remove(publisher, actor)
    assert not Publisher.objects.exists()
    assert last_event().tag == "project:oidc:publisher-removed"
    assert last_event().details["fields"] == FIELDS


def test_a_pending_publishers_events_are_its_users(issuer: Issuer, alice: User):
    boss = Actor("boss")
    publisher = registration.add_pending("brand-new", alice, issuer, Wanted(FIELDS), boss)
    registration.change(publisher, Wanted(FIELDS, label="x"), boss)
    registration.remove(publisher, boss)
    events = Event.objects.filter(user=alice).order_by("pk")
    assert [event.tag for event in events] == [
        f"account:oidc:pending-publisher-{what}" for what in ("added", "changed", "removed")
    ]
    assert {event.details["name"] for event in events} == {"brand-new"}
    assert publisher.added_by == alice
