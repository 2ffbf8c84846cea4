"""Whose address a project's history tells: where strangers may register, not that of a job that uploaded nothing."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from publishers.models import Publisher
from registry.actors import Actor
from registry.models import Event
from tests.tokens.conftest import World
from tests.tokens.test_exchange import mint

pytestmark = pytest.mark.django_db

PAGE = "/manage/project/sampleproject/history/"
EXCHANGE = ("project:oidc:exchange-granted", "project:oidc:exchange-refused", "project:oidc:upload-token-burnt")


@pytest.fixture
def owner(world: World, client: Client) -> Client:
    """A browser of the owner, after an exchange that was granted and burnt, and one that was refused."""
    token = mint(client, world.token()).json()["token"]
    client.post("/_/oidc/burn-token", {"token": token}, content_type="application/json")
    Publisher.objects.update(enabled=False)
    assert mint(client, world.token()).status_code == 422
    Event.objects.exclude(tag__in=EXCHANGE).delete()
    client.force_login(world.owner)
    return client


def addresses(client: Client) -> dict[str, str]:
    return {line.event.tag: line.address for line in client.get(PAGE).context["lines"]}


def test_a_closed_registry_tells_all(owner: Client, settings):
    assert addresses(owner) == dict.fromkeys(EXCHANGE, "127.0.0.1")
    assert "not shown" not in owner.get(PAGE).content.decode()


def test_an_open_one_tells_none_before_an_upload(owner: Client, settings):
    settings.SIGNUP_OPEN = True
    assert addresses(owner) == dict.fromkeys(EXCHANGE, "")
    assert "not shown" in owner.get(PAGE).content.decode()
    for form in ("csv", "json"):
        file: Any = owner.get(f"{PAGE}events.{form}")
        assert b"127.0.0.1" not in b"".join(file.streaming_content)


def test_an_open_one_tells_what_a_publisher_that_uploaded_was_granted_or_refused(owner: Client, settings):
    settings.SIGNUP_OPEN = True
    Publisher.objects.update(first_upload_at=timezone.now())
    assert addresses(owner) == {**dict.fromkeys(EXCHANGE, "127.0.0.1"), EXCHANGE[2]: ""}


def test_what_a_person_did_is_told(owner: Client, world: World, settings):
    settings.SIGNUP_OPEN = True
    Event.objects.record(
        "project:oidc:upload-token-revoked", Actor("alice", world.owner, "192.0.2.3"), project=world.project, reason="x"
    )
    assert addresses(owner)["project:oidc:upload-token-revoked"] == "192.0.2.3"


def test_few_questions_are_asked_for_many(owner: Client, settings, django_assert_max_num_queries):
    settings.SIGNUP_OPEN = True
    for event in list(Event.objects.all()) * 10:
        event.pk = None
        event.save(force_insert=True)
    with django_assert_max_num_queries(10):
        owner.get(PAGE)
