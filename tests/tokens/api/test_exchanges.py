"""Exchanges over REST: a project sees its own part, and what the token said only where it is its business."""

import datetime
import json

import pytest
from django.utils import timezone

from publishers import registration
from publishers.registration import Wanted
from registry.actors import Actor
from registry.deletion import delete_project
from registry.models import Event
from tests.factories import TESTER, make_project, make_user
from tests.registry.api.asking import asker, refused
from tests.tokens.conftest import FIELDS
from tests.tokens.squatters import upload
from tests.tokens.test_exchange import mint
from tokens.models import Exchange

PATH = "projects/sampleproject/exchanges/"
LONG_AGO = datetime.timedelta(minutes=5)


@pytest.fixture
def ask(world):
    return asker(world.owner, "read")


def refuse(world, client, **claims) -> Exchange:
    registration.change(world.publisher, Wanted({**FIELDS, "environment": "pypi"}), TESTER)
    assert mint(client, world.token(environment="staging", run_id="4711", **claims)).status_code == 422
    return Exchange.objects.latest("pk")


def test_a_granted_exchange(ask, world, client):
    granted = mint(client, world.token()).json()["exchange"]
    document = ask.get(f"{PATH}{granted}/")
    assert ask.get(PATH)["results"] == [document]
    assert (document["outcome"], document["code"], document["provider"]) == ("granted", "", "github")
    (compared,) = document["publishers"]
    assert compared["publisher"] == world.publisher.pk
    assert compared["values"] == FIELDS
    assert all(check["ok"] for check in compared["checks"])
    assert (document["ref"], document["address"], document["replays"]) == (
        Exchange.objects.get().claims["ref"],
        "127.0.0.1",
        0,
    )


def test_a_refused_exchange_says_what_differed(ask, world, client):
    refuse(world, client)
    (document,) = ask.get(PATH)["results"]
    assert (document["outcome"], document["code"]) == ("refused", "invalid-publisher")
    failed = [check for check in document["publishers"][0]["checks"] if not check["ok"]]
    assert failed == [{"claim": "environment", "expected": "pypi", "actual": "staging", "ok": False}]


def test_where_strangers_register_what_the_token_said_is_told_after_an_upload(ask, world, client, settings):
    settings.SIGNUP_OPEN = True
    refuse(world, client)
    document = ask.get(PATH)["results"][0]
    failed = [check for check in document["publishers"][0]["checks"] if not check["ok"]]
    assert failed == [{"claim": "environment", "expected": "pypi", "ok": False}]
    assert (document["run"], document["commit"], document["ref"], document["address"]) == ("", "", "", "")
    assert not [word for word in ("staging", "4711", "127.0.0.1") if word in json.dumps(document)]


def test_no_other_projects_part_is_told(ask, world, client):
    secret = make_project("secret", make_user("carol"))
    world.add(secret)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject", "secret"]
    (document,) = ask.get(PATH)["results"]
    assert len(document["publishers"]) == 1
    assert "secret" not in json.dumps(document)


def test_an_exchange_that_does_not_concern_the_project_is_not_there(ask, world):
    other = Exchange.objects.create(outcome="granted", issuer=world.issuer)
    Event.objects.record("project:oidc:exchange-granted", TESTER, project=make_project("other"), exchange=str(other.pk))
    assert ask.get(PATH)["results"] == []
    refused(ask("GET", f"{PATH}{other.pk}/"), 404)


def test_the_exchange_that_began_a_project_is_the_projects(ask, world, client):
    world.add("brand-new", values={"environment": "pypi"})
    granted = mint(client, world.token(environment="pypi"), projects=["brand-new"]).json()
    assert upload(client, granted["token"], "brand-new").status_code == 200
    (document,) = ask.get("projects/brand-new/exchanges/")["results"]
    assert (document["id"], document["publishers"][0]["values"]["environment"]) == (granted["exchange"], "pypi")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("outcome=granted", 1),
        ("outcome=refused", 1),
        ("provider=github", 2),
        ("provider=gitlab", 0),
        ("code=invalid-publisher", 1),
        ("publisher=ID", 2),
        ("publisher=OTHER", 0),
        ("publisher=999999", 0),
        ("created_after=2100-01-01", 0),
        ("created_before=2100-01-01", 2),
    ],
)
def test_filters(ask, world, client, query, found):
    other = world.add(make_project("secret", make_user("carol")), values={"environment": "another"})
    mint(client, world.token())
    refuse(world, client)
    query = query.replace("ID", str(world.publisher.pk)).replace("OTHER", str(other.pk))
    assert len(ask.get(f"{PATH}?{query}")["results"]) == found


def test_following_exchanges(ask, world, client):
    for _ in range(3):
        mint(client, world.token())
    assert ask.get(f"{PATH}?since=")["results"] == []  # they are young
    Exchange.objects.update(created_at=timezone.now() - LONG_AGO)
    first = ask.get(f"{PATH}?since=&page_size=2")
    second = ask.get(first["next"])
    ids = [one["id"] for page in (first, second) for one in page["results"]]
    assert ids == [str(pk) for pk in Exchange.objects.order_by("pk").values_list("pk", flat=True)]
    assert ask.get(second["next"])["results"] == []


def test_a_thousand_exchanges_take_few_queries(ask, world, django_assert_max_num_queries):
    record = {"project": "sampleproject", "publisher": world.publisher.pk, "fields": {}, "dead": None, "checks": []}
    made = [Exchange(outcome="granted", issuer=world.issuer, provider="github", checks=[record]) for _ in range(1000)]
    Exchange.objects.bulk_create(made)
    tag = "project:oidc:exchange-granted"
    lines = [Event.line(tag, TESTER, project=world.project, exchange=str(one.pk)) for one in made]
    Event.objects.bulk_create(lines)
    ask.get(PATH)
    with django_assert_max_num_queries(6):
        assert len(ask.get(f"{PATH}?page_size=100")["results"]) == 100
    with django_assert_max_num_queries(8):
        assert len(ask.get(f"{PATH}?publisher={world.publisher.pk}")["results"]) == 50


def test_a_later_project_of_the_name_sees_none_of_them(world, client):
    granted = mint(client, world.token()).json()
    assert upload(client, granted["token"], "sampleproject").status_code == 200
    delete_project(world.project, Actor("alice", world.owner))
    make_project("sampleproject", world.owner)
    assert asker(world.owner, "read").get(PATH)["results"] == []
