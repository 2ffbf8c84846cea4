"""Whom a history names: where strangers may register, neither name nor address of a job that uploaded nothing."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from publishers.models import Publisher
from registry.actors import Actor
from registry.models import Event
from tests.tokens.conftest import World
from tests.tokens.test_exchange import mint
from tokens.creating import create_api_token

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


NEW_NAME = "octo-org/secret-plans"
EVENTS = "/api/v1/projects/sampleproject/events/"


@pytest.fixture
def renamed(world: World, client: Client) -> Client:
    """A browser of the owner, after a refused exchange of the repository under its new name."""
    claims = world.local.github_claims(repository="secret-plans")
    assert mint(client, world.local.sign(claims)).status_code == 422
    assert Event.objects.get(tag=EXCHANGE[1]).actor_name == f"GitHub Actions: {NEW_NAME}"
    client.force_login(world.owner)
    return client


def tellings(client: Client, world: World) -> dict[str, str]:
    """Each way in which the history is read, and what it says."""
    token = create_api_token(world.owner, name="reader", scopes=["read"], actor=Actor("test"))
    files: dict[str, Any] = {form: client.get(f"{PAGE}events.{form}") for form in ("csv", "json")}
    return {
        "page": client.get(PAGE).content.decode(),
        "REST": Client().get(EVENTS, headers={"Authorization": f"Bearer {token}"}).content.decode(),
        **{form: b"".join(file.streaming_content).decode() for form, file in files.items()},
    }


def test_a_closed_registry_tells_who_a_job_was(renamed: Client, world: World, settings):
    assert {name for name, text in tellings(renamed, world).items() if NEW_NAME not in text} == set()


def test_an_open_one_tells_no_name_before_an_upload(renamed: Client, world: World, settings):
    settings.SIGNUP_OPEN = True
    told = tellings(renamed, world)
    assert {name for name, text in told.items() if "secret-plans" in text} == set()
    assert {name for name, text in told.items() if "a CI job" not in text} == set()


def test_an_open_one_tells_the_name_once_a_file_came(renamed: Client, world: World, settings):
    settings.SIGNUP_OPEN = True
    Publisher.objects.update(first_upload_at=timezone.now())
    told = tellings(renamed, world)
    assert {name for name, text in told.items() if NEW_NAME not in text} == set()
    assert "127.0.0.1" in told["REST"]


def test_an_address_that_is_not_known_hides_no_less(renamed: Client, world: World, settings):
    settings.SIGNUP_OPEN = True
    Event.objects.update(address=None)
    assert {name for name, text in tellings(renamed, world).items() if "secret-plans" in text} == set()


def test_nobody_guesses_a_name_by_the_filter(renamed: Client, world: World, settings):
    asked = {"who": f"GitHub Actions: {NEW_NAME}"}
    assert len(renamed.get(PAGE, asked).context["lines"]) == 1
    settings.SIGNUP_OPEN = True
    assert len(renamed.get(PAGE, asked).context["lines"]) == 0
    file: Any = renamed.get(f"{PAGE}events.json", asked)
    assert b"".join(file.streaming_content) == b"[]\n"
    Publisher.objects.update(first_upload_at=timezone.now())
    assert len(renamed.get(PAGE, asked).context["lines"]) == 1
    people = renamed.get(PAGE, {"who": "test"}).context["lines"]
    assert {line.event.actor_name for line in people} == {"test"}


def test_a_waiting_users_history_tells_no_more(world: World, client: Client, settings):
    settings.SIGNUP_OPEN = True
    world.publisher.delete()
    world.add("brand-new")
    assert mint(client, world.token()).status_code == 200
    assert Event.objects.filter(tag="account:oidc:exchange-granted", user=world.owner).exists()
    client.force_login(world.owner)
    page = client.get("/manage/account/history/").content.decode()
    assert "octo-org/sampleproject" not in page
    assert "a CI job" in page


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
