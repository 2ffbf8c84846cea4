"""Providers that are switched off: no exchange, and no token that lives, whatever issuer of theirs it came from."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from publishers import switches
from publishers.models import EVERY_PROVIDER, Issuer, Publisher, SwitchedOff
from registry.actors import Actor
from registry.models import Event, User
from registry.uploads.errors import InvalidCredentials
from tests.factories import make_user
from tests.tokens.test_checking import CHECK
from tests.tokens.test_exchange import lives, mint, refusal
from tests.tokens.test_strangers import upload
from tokens.authentication import find
from tokens.models import Exchange

ACTOR = Actor("test")
ADD = "/admin/publishers/switchedoff/add/"


@pytest.fixture
def boss(transactional_db: None, client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


def switch_off(provider):
    switch = SwitchedOff(provider=provider)
    switches.switch_off(switch, ACTOR)
    return switch


@pytest.mark.parametrize("provider", ["github", EVERY_PROVIDER])
def test_a_provider_that_is_off_is_not_enabled_at_its_self_managed_issuers_too(client, world, provider):
    assert world.issuer.url != Issuer.objects.get(name="GitHub Actions").url
    switch = switch_off(provider)
    token = world.token()
    for path in ("/_/oidc/mint-token", CHECK):
        code, said = refusal(mint(client, token, path))
        assert (code, said) == ("not-enabled", "GitHub Actions trusted publishing is switched off in this registry.")
    assert not Exchange.objects.exists()
    switches.switch_on(switch, ACTOR)
    assert mint(client, token).status_code == 200


@pytest.mark.parametrize("provider", ["github", EVERY_PROVIDER])
def test_live_tokens_are_dead_while_it_lasts(client, world, provider):
    text = mint(client, world.token()).json()["token"]
    credential = find(text)
    assert credential is not None
    switch = switch_off(provider)
    assert not lives(text)
    with pytest.raises(InvalidCredentials), transaction.atomic():
        credential.locked("sampleproject")
    assert upload(client, text, "sampleproject").status_code == 403
    switches.switch_on(switch, ACTOR)
    assert upload(client, text, "sampleproject").status_code == 200


def test_other_providers_stay_on(client, world):
    text = mint(client, world.token()).json()["token"]
    switch_off("gitlab")
    assert lives(text)
    assert mint(client, world.token()).status_code == 200


def test_an_issuer_that_is_off_is_named(client, world):
    Issuer.objects.filter(pk=world.issuer.pk).update(enabled=False)
    assert world.issuer.url in refusal(mint(client, world.token()))[1]


def test_the_switch_costs_no_statement(world):
    with CaptureQueriesContext(connection) as captured:
        Issuer.objects.trusted(world.issuer.url)
        list(Publisher.objects.at_trusted_issuers())
    assert len(captured) == 2


@pytest.mark.usefixtures("boss")
def test_a_superuser_switches_off_and_on_in_the_admin_with_events(client, world):
    assert client.post(ADD, {"provider": "github", "reason": "an incident"}).status_code == 302
    assert refusal(mint(Client(), world.token()))[0] == "not-enabled"
    event = Event.objects.get(tag="provider:switched-off")
    assert (event.actor_name, event.details) == ("boss", {"provider": "github", "reason": "an incident"})
    assert "already exists" in client.post(ADD, {"provider": "github"}).content.decode()
    switch = SwitchedOff.objects.get()
    client.post(f"/admin/publishers/switchedoff/{switch.pk}/delete/", {"post": "yes"})
    assert Event.objects.get(tag="provider:switched-on").details == {"provider": "github"}
    assert mint(Client(), world.token()).status_code == 200


@pytest.mark.django_db
def test_nobody_else_switches_anything(client):
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.add(*Permission.objects.filter(content_type__model="switchedoff"))
    switch = switch_off("gitlab")
    client.force_login(helper)
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, {"provider": "github"}).status_code == 403
    assert client.post(f"/admin/publishers/switchedoff/{switch.pk}/delete/", {"post": "yes"}).status_code == 403
    assert SwitchedOff.objects.count() == 1
