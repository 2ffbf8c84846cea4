"""What time alone makes of publishers: each step once, however often and wherever it is done."""

import datetime
import threading
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from post_office.models import Email

from publishers import housekeeping, pending, registration
from publishers.models import Issuer, Publisher
from publishers.providers.github import GitHub
from publishers.registration import TooManyPending, Wanted
from registry.actors import Actor
from registry.deletion import delete_user
from registry.models import Event, ProhibitedName, Project, RetiredName, User
from registry.signals import hour_passed
from tests.factories import make_project, make_user
from tests.machine import needs_postgresql

FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
IDS = {"repository_owner_id": "65", "repository_id": "74"}
ACTOR = Actor("test")

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice() -> User:
    return make_user("alice")


@pytest.fixture
def project(alice: User) -> Project:
    return make_project("sampleproject", alice)


def ago(days: float) -> datetime.datetime:
    return timezone.now() - datetime.timedelta(days=days)


def waiting(user: User, name: str = "brand-new", age: float = 0, **columns: Any) -> Publisher:
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    row = {"values": FIELDS, "pins": IDS, "added_by": user, "created_at": ago(age), **columns}
    return Publisher.objects.create(issuer=issuer, project_name=name, **row)


def keep() -> dict[str, int]:
    """Do it all and tell what was done."""
    return {what: number for what, number in housekeeping.keep(ACTOR) if number}


def subjects() -> list[str]:
    return [mail.subject.removeprefix("[Gatehouse] ") for mail in Email.objects.order_by("pk")]


# -- reminders and the end -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lifetime", "age", "reminded"),
    [
        (30, 24.9, False),
        (30, 25.1, True),
        (30, 29.9, True),
        (6, 0.9, False),
        (6, 1.1, True),
        (5, 2.4, False),
        (5, 2.6, True),
        (1, 0.4, False),
        (1, 0.6, True),
    ],
)
def test_a_reminder_comes_five_days_before_the_end_or_in_the_middle_of_a_short_life(
    alice, settings, lifetime, age, reminded
):
    settings.PENDING_PUBLISHER_TTL_DAYS = lifetime
    waiting(alice, age=age)
    assert bool(keep()) is reminded
    assert [subject.split(" expires")[0] for subject in subjects()] == ["Pending publisher for brand-new"] * reminded
    assert Publisher.objects.exists()


def test_a_reminder_comes_once(alice):
    waiting(alice, age=26)
    assert keep() == {"reminders of pending publishers": 1}
    assert keep() == {}
    assert len(subjects()) == 1


def test_one_that_waited_in_vain_goes_with_an_event_and_a_mail(alice):
    waiting(alice, age=30.1)
    assert keep() == {"expired pending publishers": 1}
    assert keep() == {}
    assert subjects() == ["Pending publisher for brand-new expired"]
    assert Event.objects.get(tag="account:oidc:pending-publisher-expired").user == alice
    assert not Publisher.objects.exists()


def test_one_that_became_a_projects_publisher_has_no_end(alice):
    publisher = waiting(alice, age=31)
    Publisher.objects.update(project=make_project("another"))
    Email.objects.all().delete()
    assert keep() == {}
    assert not registration.expire(publisher, ACTOR)
    assert subjects() == []


def test_an_expired_one_frees_its_place(alice, settings):
    settings.PENDING_PUBLISHERS_PER_USER = 1
    waiting(alice, "old", age=31)
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    registration.add_pending("new", alice, issuer, Wanted(FIELDS), ACTOR)
    with pytest.raises(TooManyPending):
        registration.add_pending("newer", alice, issuer, Wanted(FIELDS), ACTOR)


# -- names that are lost -------------------------------------------------------------------------------------------


def prohibit():
    ProhibitedName.objects.create(name="Brand.New")


def retire():
    RetiredName.objects.create(normalized_name="brand-new")


def take():
    # As by a project whose creation did not see the publisher, which was added at the same moment.
    Project.objects.create(name="Brand_New")


@pytest.mark.parametrize("lose", [prohibit, retire, take])
def test_one_whose_name_cannot_be_had_any_more_goes_with_an_event_and_a_mail(alice, lose):
    waiting(alice)
    waiting(alice, "other-name")
    lose()
    assert keep() == {"pending publishers whose name is lost": 1}
    assert keep() == {}
    assert subjects() == ["Pending publisher for brand-new is no longer valid"]
    event = Event.objects.get(tag="account:oidc:pending-publisher-invalidated")
    assert (event.user, event.details["name"]) == (alice, "brand-new")
    assert Publisher.objects.pending().get().project_name == "other-name"


def test_a_deleted_projects_name_is_kept_for_its_last_owner(alice):
    waiting(alice)
    RetiredName.objects.create(normalized_name="brand-new").last_owners.add(alice)
    assert keep() == {}


def test_many_names_are_looked_at_in_batches(alice, monkeypatch):
    monkeypatch.setattr(pending, "BATCH", 2)
    for number in range(5):
        waiting(alice, f"lost-{number}")
        ProhibitedName.objects.create(name=f"lost-{number}")
    waiting(alice, "other-name")
    assert keep() == {"pending publishers whose name is lost": 5}


def test_a_name_that_is_prohibited_takes_those_who_wait_for_it_at_once(client, alice):
    waiting(alice)
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    assert client.post("/admin/registry/prohibitedname/add/", {"name": "Brand.New"}).status_code == 302
    assert not Publisher.objects.pending().exists()
    assert subjects() == ["Pending publisher for brand-new is no longer valid"]
    assert Event.objects.get(tag="account:oidc:pending-publisher-invalidated").actor == boss


@pytest.mark.parametrize(("age", "stays"), [(29.9, True), (30.1, False)])
def test_one_that_lost_its_name_stays_as_long_as_it_could_have_waited_and_goes_without_a_word(alice, age, stays):
    waiting(alice, age=40, invalidated_at=ago(age), unpinned_since=ago(40), pins={})
    events = Event.objects.count()
    assert keep() == ({} if stays else {"pending publishers that lost their name long ago": 1})
    assert Publisher.objects.exists() is stays
    assert (subjects(), Event.objects.count()) == ([], events)


def test_of_those_that_lost_their_names_a_user_has_a_few_the_latest(alice, settings):
    settings.PENDING_PUBLISHERS_PER_USER = 2
    for number in range(4):
        waiting(alice, f"lost-{number}")
        ProhibitedName.objects.create(name=f"lost-{number}")
        keep()
    assert [row.project_name for row in Publisher.objects.invalidated()] == ["lost-2", "lost-3"]
    assert len(subjects()) == 4


def test_one_that_lost_its_name_takes_no_place_and_the_same_may_wait_anew(alice, settings):
    settings.PENDING_PUBLISHERS_PER_USER = 1
    waiting(alice)
    name = ProhibitedName.objects.create(name="brand-new")
    keep()
    name.delete()
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    registration.add_pending("brand-new", alice, issuer, Wanted(FIELDS), ACTOR)
    assert Publisher.objects.pending().count() == Publisher.objects.invalidated().count() == 1


def test_it_goes_with_its_user(alice):
    waiting(alice, invalidated_at=ago(1))
    delete_user(alice, ACTOR)
    assert not Publisher.objects.exists()


# -- publishers that nobody used -----------------------------------------------------------------------------------


def trusted(project: Project, **columns: Any) -> Publisher:
    return waiting(project.owners()[0], project=project, **{"pins": {}, **columns})


def test_one_without_ids_that_was_not_used_is_switched_off(project):
    publisher = trusted(project, unpinned_since=ago(30.1))
    Email.objects.all().delete()
    assert publisher.why_dead() is not None
    assert keep() == {"unused publishers switched off": 1}
    assert keep() == {}
    publisher.refresh_from_db()
    assert not publisher.enabled
    assert publisher.generation == 1
    assert subjects() == ["sampleproject: unused publisher switched off"]
    event = Event.objects.get(tag="project:oidc:publisher-changed")
    assert (event.project, event.actor_name) == (project, "test")
    assert (event.details["before"]["enabled"], event.details["after"]["enabled"]) == (True, False)


@pytest.mark.parametrize(
    "columns",
    [{"unpinned_since": ago(29)}, {"pins": IDS}, {"unpinned_since": ago(31), "enabled": False}],
)
def test_others_are_left_alone(project, columns):
    trusted(project, **columns)
    assert keep() == {}


def test_switched_on_again_it_has_its_time_once_more(project):
    publisher = trusted(project, unpinned_since=ago(31))
    keep()
    registration.change(publisher, Wanted(FIELDS), ACTOR)
    assert publisher.why_dead() is None
    assert publisher.unpinned_since is not None
    assert publisher.unpinned_since > ago(1)
    assert keep() == {}


# -- when it is done -----------------------------------------------------------------------------------------------


def test_it_is_done_when_an_hour_has_passed(alice):
    waiting(alice, age=31)
    hour_passed.send(sender=None)
    assert not Publisher.objects.exists()
    assert Event.objects.get(tag__endswith="expired").actor_name == "housekeeping"


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_machines_at_once_do_each_thing_once(alice, project):
    for number in range(6):
        waiting(alice, f"expiring-{number}", age=26)
        waiting(alice, f"expired-{number}", age=31)
        waiting(alice, f"lost-{number}")
        ProhibitedName.objects.create(name=f"lost-{number}")
        trusted(project, values={**FIELDS, "environment": str(number)}, unpinned_since=ago(31))
    Email.objects.all().delete()
    barrier, done = threading.Barrier(3), []

    def work():
        barrier.wait()
        done.append(keep())
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sum(one.values()) for one in done) == 24
    assert len(subjects()) == len(set(subjects())) + 5 == 24  # six times the same subject for the one project
