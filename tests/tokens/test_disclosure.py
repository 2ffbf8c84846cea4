"""Who sees what of an exchange: a project its own part, and what the token said only where it is its business."""

import datetime
import json

import pytest
from django.utils import timezone
from post_office.models import Email

from publishers import registration
from publishers.models import Publisher
from publishers.providers.base import Links
from publishers.providers.github import GitHub
from publishers.registration import Wanted
from registry.actors import Actor
from registry.deletion import delete_project
from registry.models import User
from tests.tokens.conftest import FIELDS
from tests.tokens.test_exchange import mint
from tokens import disclosure
from tokens.models import Exchange

ACTOR = Actor("test")
SECRETS = ("staging", "run-4711", "127.0.0.1", "refs/heads/main")


@pytest.fixture
def narrowed(world):
    """The publisher wants an environment; the token comes from another one."""
    registration.change(world.publisher, Wanted({**FIELDS, "environment": "pypi"}), ACTOR)
    Email.objects.all().delete()
    return world


def refuse(world, client, **claims) -> Exchange:
    claims = {"environment": "staging", "run_id": "run-4711", "ref": "refs/heads/main", **claims}
    assert mint(client, world.token(**claims)).status_code == 422
    return Exchange.objects.latest("created_at")


def shown(seen: disclosure.Seen) -> str:
    return json.dumps([vars(seen) | {"comparisons": [vars(one) for one in seen.comparisons]}], default=str)


def failing(seen):
    return [check for one in seen.comparisons for check in one.checks if not check["ok"]]


# -- registration closed -------------------------------------------------------------------------------------------


def test_where_nobody_can_register_everything_is_told_at_once(narrowed, client):
    seen = disclosure.seen_by(narrowed.project, refuse(narrowed, client))
    assert failing(seen) == [{"claim": "environment", "expected": "pypi", "actual": "staging", "ok": False}]
    assert (seen.ref, seen.address) == ("refs/heads/main", "127.0.0.1")


def test_run_and_commit_are_linked(world, client):
    world.issuer.url = "https://token.actions.githubusercontent.com"
    exchange = Exchange(
        issuer=world.issuer,
        claims={"repository": "o/r", "run_id": "7", "sha": "abc"},
        checks=[
            {"project": "sampleproject", "publisher": world.publisher.pk, "fields": {}, "dead": None, "checks": []}
        ],
    )
    run, commit = "https://github.com/o/r/actions/runs/7", "https://github.com/o/r/commit/abc"
    assert disclosure.seen_by(world.project, exchange).links == Links(run=run, commit=commit)


def test_a_refusals_mail_links_run_and_commit_in_one_line_each(narrowed, client, monkeypatch):
    links = Links(run="https://ci.example.com/1\nBuy: now", commit="https://ci.example.com/" + "c" * 2000)
    monkeypatch.setattr(GitHub, "links", lambda self, claims: links)
    refuse(narrowed, client)
    lines = Email.objects.get().message.splitlines()
    assert "The run: https://ci.example.com/1 Buy: now" in lines
    assert max(map(len, lines)) < 400


# -- registration open ---------------------------------------------------------------------------------------------


@pytest.fixture
def open_to_strangers(settings):
    settings.SIGNUP_OPEN = True


def test_where_strangers_register_a_project_sees_what_it_expects_and_what_failed(narrowed, client, open_to_strangers):
    seen = disclosure.seen_by(narrowed.project, refuse(narrowed, client))
    assert failing(seen) == [{"claim": "environment", "expected": "pypi", "ok": False}]
    assert (seen.links, seen.ref, seen.address) == (Links(), "", "")
    for text in SECRETS:
        assert text not in shown(seen)


def test_once_a_file_came_through_it_everything_is_told(narrowed, client, open_to_strangers):
    Publisher.objects.update(first_upload_at=timezone.now())
    seen = disclosure.seen_by(narrowed.project, refuse(narrowed, client))
    assert failing(seen)[0]["actual"] == "staging"
    assert (seen.ref, seen.address) == ("refs/heads/main", "127.0.0.1")


def test_what_came_through_one_publisher_opens_not_what_came_to_another(narrowed, client, open_to_strangers):
    other = narrowed.add(narrowed.project, values={"environment": "test"}, first_upload_at=timezone.now())
    seen = disclosure.seen_by(narrowed.project, refuse(narrowed, client))
    told = {one.publisher: [check.get("actual") for check in one.checks if not check["ok"]] for one in seen.comparisons}
    assert told == {narrowed.publisher.pk: [None], other.pk: ["staging"]}


def test_of_a_publisher_that_is_gone_nobody_can_tell(narrowed, client, open_to_strangers):
    Publisher.objects.update(first_upload_at=timezone.now())
    exchange = refuse(narrowed, client)
    narrowed.publisher.delete()
    seen = disclosure.seen_by(narrowed.project, exchange)
    assert failing(seen) == [{"claim": "environment", "expected": "pypi", "ok": False}]


# -- other ids -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("signup_open", [True, False])
def test_where_a_pin_differs_nothing_is_told_but_that(narrowed, client, settings, signup_open):
    settings.SIGNUP_OPEN = signup_open
    Publisher.objects.update(first_upload_at=timezone.now())
    seen = disclosure.seen_by(narrowed.project, refuse(narrowed, client, repository_id="4711"))
    (one,) = seen.comparisons
    assert one.checks == [{"claim": "repository_id", "expected": "the registered id", "ok": False}]
    assert bool(seen.ref) is not signup_open


# -- others --------------------------------------------------------------------------------------------------------


def test_a_project_sees_nothing_of_others(narrowed, client):
    other = narrowed.create("another")
    narrowed.add(other, values={"environment": "theirs"})
    exchange = refuse(narrowed, client)
    assert {record["project"] for record in exchange.checks} == {"sampleproject", "another"}
    assert "theirs" not in shown(disclosure.seen_by(narrowed.project, exchange))
    assert disclosure.seen_by(narrowed.create("third"), exchange).comparisons == []


def test_a_name_that_changed_hands_gives_nothing_away(narrowed, client):
    exchange = refuse(narrowed, client)
    Exchange.objects.update(created_at=timezone.now() - datetime.timedelta(days=1))
    delete_project(narrowed.project, ACTOR)
    exchange.refresh_from_db()
    again = narrowed.create("sampleproject")
    seen = disclosure.seen_by(again, exchange)
    assert (list(seen.comparisons), seen.ref) == ([], "")


# -- and mails hold to it ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signup_open", "uploaded", "tells"),
    [(False, False, True), (True, False, False), (True, True, True)],
)
def test_a_refusals_mail_tells_no_more(narrowed, client, settings, signup_open, uploaded, tells):
    settings.SIGNUP_OPEN = signup_open
    Publisher.objects.update(first_upload_at=timezone.now() if uploaded else None)
    refuse(narrowed, client)
    mail = Email.objects.get()
    assert "The claim `environment` must be `pypi`" in mail.message
    assert ("staging" in mail.message) is tells
    assert ("127.0.0.1" in mail.message) is tells


def test_a_forbidden_event_is_not_named_to_strangers(world, client, settings):
    settings.SIGNUP_OPEN = True
    refuse(world, client, event_name="pull_request_target")
    mail = Email.objects.get(subject__contains="refused")
    assert "Jobs that were started in this way never get one" in mail.message
    assert "pull_request_target" not in mail.message


def test_an_environment_is_not_named_to_strangers(world, client, settings):
    settings.SIGNUP_OPEN = True
    User.objects.update(email="alice@example.com")
    assert mint(client, world.token(environment="theirs")).status_code == 200
    assert not Email.objects.filter(subject__contains="environment").exists()
    Publisher.objects.update(first_upload_at=timezone.now())
    assert mint(client, world.token(environment="theirs")).status_code == 200
    assert Email.objects.filter(subject__contains="environment theirs").exists()
