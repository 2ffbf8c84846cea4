"""Who follows a project's history with ``since`` gets each row once, also when transactions end out of turn."""

import datetime
import threading

import pytest
from django.db import connection, transaction
from django.utils import timezone

from registry.api import settled
from registry.models import Event
from tests.factories import TESTER, make_project, make_user
from tests.machine import needs_postgresql
from tests.registry.api.asking import asker, refused

PATH = "projects/sampleproject/events/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("sampleproject", make_user("alice"))


@pytest.fixture
def ask(project):
    return asker(project.owners().get(), "read")


def record(project, *tags, ago=60):
    """Lines that settled a while ago."""
    time = timezone.now() - datetime.timedelta(seconds=ago)
    for tag in tags:
        Event.objects.filter(pk=Event.objects.record(tag, TESTER, project=project).pk).update(time=time)


def tags_of(page):
    return [event["tag"] for event in page["results"]]


@pytest.fixture
def standing(project):
    """Five lines and nothing else."""
    Event.objects.all().delete()
    record(project, *"abcde")


@pytest.mark.usefixtures("standing")
def test_a_follower_gets_what_came_after_the_oldest_first(ask, project):
    first = ask.get(f"{PATH}?since=&page_size=2")
    second = ask.get(first["next"])
    third = ask.get(second["next"])
    assert [tags_of(page) for page in (first, second, third)] == [["a", "b"], ["c", "d"], ["e"]]
    assert first["previous"] is None
    empty = ask.get(third["next"])
    assert (tags_of(empty), empty["next"]) == ([], third["next"])
    record(project, "f")
    assert tags_of(ask.get(empty["next"])) == ["f"]


@pytest.mark.parametrize("size", ["x", "0"])
def test_a_wrong_page_size_is_no_follower(ask, size):
    assert list(refused(ask("GET", f"{PATH}?since=&page_size={size}"), 400)["errors"]) == ["page_size"]


@pytest.mark.usefixtures("standing")
def test_a_follower_begins_after_the_newest_row_that_a_list_shows(ask, project):
    newest = ask.get(f"{PATH}?page_size=1")["results"][0]
    assert newest["tag"] == "e"
    record(project, "f")
    assert tags_of(ask.get(f"{PATH}?since={newest['id']}")) == ["f"]


@pytest.mark.usefixtures("standing")
def test_filters_hold_while_following(ask, project):
    page = ask.get(f"{PATH}?since=&tag=c")
    assert tags_of(page) == ["c"]
    record(project, "c", "d")
    assert tags_of(ask.get(page["next"])) == ["c"]
    assert "tag=c" in page["next"]


@pytest.mark.usefixtures("standing")
def test_moments_narrow_the_list(ask):
    moment = (timezone.now() - datetime.timedelta(seconds=30)).isoformat().replace("+", "%2B")
    assert len(ask.get(f"{PATH}?created_before={moment}")["results"]) == 5
    assert ask.get(f"{PATH}?created_after={moment}")["results"] == []


@pytest.mark.usefixtures("standing")
def test_another_projects_history_is_not_among_it(ask, project):
    record(make_project("other"), "x")
    assert tags_of(ask.get(PATH)) == ["e", "d", "c", "b", "a"]


def test_the_young_are_held_back_where_they_may_overtake(ask, project, monkeypatch):
    Event.objects.all().delete()
    record(project, "old")
    record(project, "young", ago=1)
    record(project, "dated back")
    monkeypatch.setattr(settled, "until", lambda **_options: timezone.now() - settled.MARGIN)
    page = ask.get(f"{PATH}?since=")
    assert tags_of(page) == ["old"]
    monkeypatch.setattr(settled, "until", lambda **_options: None)
    assert tags_of(ask.get(page["next"])) == ["young", "dated back"]


def test_the_address_of_a_job_is_for_its_exchange_where_strangers_register(ask, project, settings):
    Event.objects.all().delete()
    job = TESTER.__class__("GitHub: octo-org/sampleproject", address="192.0.2.7")
    Event.objects.record("project:oidc:exchange-granted", job, project=project)
    person = TESTER.__class__("alice", project.owners().get(), "192.0.2.8")
    Event.objects.record("project:oidc:publisher-added", person, project=project)
    assert [event["address"] for event in ask.get(PATH)["results"]] == ["192.0.2.8", "192.0.2.7"]
    settings.SIGNUP_OPEN = True
    assert [event["address"] for event in ask.get(PATH)["results"]] == ["192.0.2.8", None]


def test_a_thousand_events_take_few_queries(ask, project, django_assert_max_num_queries):
    Event.objects.bulk_create([Event.line("a", TESTER, project=project, n=n) for n in range(1000)])
    ask.get(PATH)
    with django_assert_max_num_queries(5):
        assert len(ask.get(f"{PATH}?page_size=100")["results"]) == 100
    with django_assert_max_num_queries(5):
        ask.get(f"{PATH}?page_size=100&since=")


@needs_postgresql
@pytest.mark.django_db(transaction=True)
def test_nothing_younger_than_a_transaction_that_still_writes_is_shown(project):
    """However long it takes: an id that it was given may be lower than those that others were given since."""
    may_end, has_written, ended = threading.Event(), threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            Event.objects.record("slow", TESTER, project=project)
            has_written.set()
            may_end.wait(10)
        connection.close()
        ended.set()

    before = timezone.now()
    thread = threading.Thread(target=write)
    thread.start()
    has_written.wait(10)
    later = timezone.now() + datetime.timedelta(hours=1)
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(timezone, "now", lambda: later)
            until = settled.until(of_clock=False)
            assert until is not None
    finally:
        may_end.set()
        thread.join(10)
    assert before - settled.MARGIN <= until <= later - datetime.timedelta(minutes=59)
    assert ended.wait(10)
    assert (settled.until(of_clock=False) or before) > until
