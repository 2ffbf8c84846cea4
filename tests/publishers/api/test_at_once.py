"""Two who add or change one publisher at the same moment."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from publishers import registration
from publishers.forms import PublisherForm
from publishers.models import Publisher
from publishers.registration import Wanted
from registry.deletion import delete_project, delete_user
from registry.models import Event, Project, User
from tests.factories import TESTER, make_project, make_user
from tests.machine import needs_postgresql
from tests.registry.api.asking import asker, refused

PATH = "projects/sampleproject/publishers/"
WORKLOAD = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
BODY = {"provider": "github", **WORKLOAD, "pin_at_first_use": True}

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask():
    alice = make_user("alice")
    make_project("sampleproject", alice)
    return asker(alice, "manage")


@pytest.fixture
def meanwhile(monkeypatch):
    """What happens after a change was looked at and before it is written."""
    doings: list[Callable[[Publisher | None], object]] = []
    is_valid = PublisherForm.is_valid

    def look(form):
        valid = is_valid(form)
        while doings:
            doings.pop()(Publisher.objects.first())
        return valid

    monkeypatch.setattr(PublisherForm, "is_valid", look)
    return doings


def test_of_eight_who_add_one_publisher_one_does_and_all_are_told_of_it(ask):
    answers, ready = [], threading.Barrier(8)

    def add():
        ready.wait(10)
        answers.append(asker_like(ask)("POST", PATH, BODY))
        connection.close()

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert Event.objects.filter(tag="project:oidc:publisher-added").count() == 1


def asker_like(ask):
    """The same token in a client of its own."""
    return type(ask)(ask.token)


def test_a_change_does_not_undo_what_somebody_else_changed_meanwhile(ask, meanwhile):
    added = ask("POST", PATH, BODY).json()
    meanwhile.append(lambda publisher: registration.change(publisher, Wanted(WORKLOAD, enabled=False), TESTER))
    refused(ask("PATCH", f"{PATH}{added['id']}/", {"label": "releases"}), 409)
    assert (ask.get(f"{PATH}{added['id']}/")["enabled"], Publisher.objects.get().label) == (False, "")
    assert ask("PATCH", f"{PATH}{added['id']}/", {"label": "releases"}).json()["enabled"] is False


@pytest.mark.parametrize(("method", "body"), [("PATCH", {"label": "releases"}), ("PUT", {**BODY, "label": "releases"})])
def test_a_change_of_a_publisher_that_goes_meanwhile_finds_nothing(ask, meanwhile, method, body):
    added = ask("POST", PATH, BODY).json()
    meanwhile.append(lambda publisher: registration.remove(publisher, TESTER))
    refused(ask(method, f"{PATH}{added['id']}/", body), 404)


def test_a_publisher_is_not_added_to_a_project_that_is_deleted_meanwhile(ask, meanwhile):
    meanwhile.append(lambda _: delete_project(Project.objects.get(), TESTER))
    errors = refused(ask("POST", PATH, BODY), 400)["errors"]
    assert errors == {"non_field_errors": ["This project was deleted meanwhile."]}
    assert not Publisher.objects.exists()


def test_nobody_waits_who_is_deleted_meanwhile(ask, meanwhile):
    meanwhile.append(lambda _: delete_user(User.objects.get(), TESTER))
    errors = refused(ask("POST", "pending-publishers/", {**BODY, "project_name": "brand-new"}), 400)["errors"]
    assert errors == {"non_field_errors": ["This account was deleted meanwhile."]}


@needs_postgresql
def test_two_who_remove_one_publisher_both_see_it_gone(ask):
    """The second waits for the first, and finds it removed."""
    path, answers = f"{PATH}{ask('POST', PATH, BODY).json()['id']}/", []

    def remove():
        answers.append(asker_like(ask)("DELETE", path))
        connection.close()

    thread = threading.Thread(target=remove)
    with transaction.atomic():
        registration.remove(Publisher.objects.get(), TESTER)
        thread.start()
        wait_for_a_lock()
    thread.join(30)
    assert [answer.status_code for answer in answers] == [204]
    assert Event.objects.filter(tag="project:oidc:publisher-removed").count() == 1


def wait_for_a_lock():
    """Until another connection waits for this one's transaction."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    deadline = time.monotonic() + 10
    with connection.cursor() as cursor:
        while cursor.execute(waiting).fetchone() is None:
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.02)
