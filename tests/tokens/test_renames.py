"""Repositories that were renamed or moved to another owner: refused with the reason, and what an owner does then."""

import json

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from publishers import registration
from publishers.models import Publisher
from publishers.registration import AlreadyRegistered
from registry.actors import Actor
from registry.models import Event, User
from tests.factories import make_user
from tests.tokens.conftest import FIELDS, IDS
from tests.tokens.test_checking import check, codes, failing
from tests.tokens.test_exchange import lives, mint, refusal
from tokens.models import Exchange

ACTOR = Actor("test")
LIST = "/admin/publishers/publisher/"


def named(world, owner="octo-org", repository="renamed", **changes):
    """A token of the same repository under other names."""
    return world.local.sign(world.local.github_claims(owner=owner, repository=repository), **changes)


def accept(world):
    world.publisher.refresh_from_db()
    return registration.accept_names(world.publisher, world.publisher.renamed_to, ACTOR)


@pytest.fixture
def boss(transactional_db: None, client: Client) -> User:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    return boss


# -- a rename ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "now"),
    [
        ({"repository": "renamed"}, "octo-org/renamed"),
        ({"owner": "new-org", "repository": "sampleproject"}, "new-org/sampleproject"),
        ({"owner": "new-org", "repository": "renamed"}, "new-org/renamed"),
    ],
)
def test_a_renamed_repository_is_refused_from_what_to_what(client, world, names, now):
    code, said = refusal(mint(client, named(world, **names)))
    assert code == "invalid-publisher"
    assert said == (
        f"A publisher of sampleproject trusts octo-org/sampleproject, which is called {now} now: its ids are the "
        "registered ones. An owner of the project accepts the new name in the publisher, or adds a publisher for "
        f"{now}."
    )


def test_the_refusal_is_recorded_for_the_project(client, world):
    response = mint(client, named(world))
    exchange = Exchange.objects.get()
    assert response.json()["exchange"] == str(exchange.pk)
    assert exchange.checks[0]["project"] == "sampleproject"
    assert Event.objects.get(tag="project:oidc:exchange-refused").project == world.project


def test_once_accepted_it_mints_with_the_same_ids_and_the_old_tokens_are_dead(client, world):
    before = mint(client, world.token()).json()["token"]
    mint(client, named(world))
    assert accept(world)
    world.publisher.refresh_from_db()
    assert world.publisher.values == {**FIELDS, "repository": "renamed"}
    assert (world.publisher.pins, world.publisher.renamed_to) == (IDS, None)
    assert not lives(before)
    assert mint(client, named(world)).json()["projects"] == ["sampleproject"]
    assert refusal(mint(client, world.token(repository_id="9", repository_owner_id="9")))[0] == "invalid-publisher"


def test_accepting_leaves_an_event_with_both_names(client, world):
    mint(client, named(world))
    accept(world)
    event = Event.objects.get(tag="project:oidc:publisher-renamed")
    assert event.project == world.project
    assert event.details["before"]["fields"]["repository"] == "sampleproject"
    assert event.details["after"]["fields"]["repository"] == "renamed"


def test_where_strangers_register_the_new_name_is_told_once_a_file_came(client, world, settings):
    settings.SIGNUP_OPEN = True
    publishing = "/manage/project/sampleproject/settings/publishing/"
    page = f"{publishing}{world.publisher.pk}/"
    mint(client, named(world, repository="secret-plans"))
    client.force_login(world.owner)
    guess = {"owner": "octo-org", "repository": "secret-plans"}
    seen = json.dumps(guess)
    assert "secret-plans" not in client.get(publishing).content.decode()
    assert "secret-plans" not in client.get(f"{page}names/", follow=True).content.decode()
    assert client.get(page, guess).status_code == 200, "a guess is not confirmed"
    told = client.post(f"{page}names/", {"seen": seen}, follow=True).content.decode()
    assert "it changed meanwhile" in told
    Publisher.objects.update(first_upload_at=timezone.now())
    assert "octo-org/secret-plans" in client.get(publishing).content.decode()
    assert client.get(page, guess)["Location"] == f"{page}names/"
    assert "is now known as" in client.post(f"{page}names/", {"seen": seen}, follow=True).content.decode()


def test_what_was_not_seen_is_not_accepted(client, world):
    mint(client, named(world))
    world.publisher.refresh_from_db()
    seen = world.publisher.renamed_to
    mint(client, named(world, repository="renamed-again"))
    assert not registration.accept_names(world.publisher, seen, ACTOR)
    assert not registration.accept_names(world.add(world.create("another")), {}, ACTOR)
    assert Publisher.objects.get(pk=world.publisher.pk).values == FIELDS


def test_a_name_under_which_the_same_publisher_stands_is_not_accepted(client, world):
    mint(client, named(world))
    world.add(world.project, values={"repository": "renamed"}, enabled=False)
    with pytest.raises(AlreadyRegistered):
        accept(world)


def test_a_publisher_that_is_changed_or_unpinned_forgets_the_new_name(client, world):
    mint(client, named(world))
    world.publisher.refresh_from_db()
    registration.clear_pins(world.publisher, ACTOR)
    assert Publisher.objects.get(pk=world.publisher.pk).renamed_to is None


def test_ids_that_were_learned_at_the_first_exchange_tell_a_rename_too(client, world):
    Publisher.objects.update(pins={}, pinned_identity="")
    assert mint(client, world.token()).status_code == 200
    assert "which is called octo-org/renamed now" in refusal(mint(client, named(world)))[1]


def test_a_rename_is_told_where_another_publisher_stands_at_the_new_name(client, world):
    world.add(world.create("another"), values={"repository": "renamed", "environment": "pypi"})
    said = refusal(mint(client, named(world)))[1]
    assert "which is called octo-org/renamed now" in said
    assert "This token names no environment" in said


def test_a_project_that_was_asked_for_is_told_its_rename(client, world):
    assert "is called octo-org/renamed now" in refusal(mint(client, named(world), projects=["sampleproject"]))[1]
    said = refusal(mint(client, named(world), projects=["sampleproject", "nosuchproject"]))[1]
    assert said.startswith("No publisher of nosuchproject trusts")


def test_a_check_shows_the_names_that_differ(client, world):
    body = check(client, named(world))
    assert codes(body) == ["invalid-publisher"]
    assert [(one["claim"], one["expected"], one["actual"]) for one in failing(body["publishers"][0])] == [
        ("repository", "sampleproject", "renamed")
    ]
    assert not Publisher.objects.filter(renamed_to__isnull=False).exists()


def test_a_publisher_that_is_off_is_not_spoken_of(client, world):
    world.publisher.enabled = False
    world.publisher.save()
    assert refusal(mint(client, named(world)))[1].startswith("No project of this registry trusts octo-org/renamed")
    assert not Exchange.objects.exists()


def test_a_rename_is_found_by_an_index(world):
    for number in range(200):  # among many others at the same issuer
        world.add(f"another-{number}", pins={**IDS, "repository_id": f"{number}9"})
    publishers = Publisher.objects.of_ids(world.issuer, world.publisher.pinned_identity)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("ANALYZE publishers_publisher")
        assert "publisher_by_ids" in publishers.explain()


# -- a transfer ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [{"owner": "new-org", "repository": "sampleproject"}, {"owner": "new-org"}, {"repository": "sampleproject"}],
)
def test_a_repository_of_another_owner_is_refused_as_a_transfer_and_nothing_expected_is_told(client, world, names):
    world.publisher.values["environment"] = "secret-environment"
    world.publisher.save()
    token = named(world, **names, repository_owner_id="66")
    code, said = refusal(mint(client, token))
    assert code == "invalid-publisher"
    assert "`repository_owner_id` is not the registered id: it was transferred to another owner" in said
    assert "anew" in said
    told = said + json.dumps(check(client, token)["publishers"])
    assert "secret-environment" not in told
    assert "of sampleproject" not in told
    assert not Publisher.objects.filter(renamed_to__isnull=False).exists()
    assert Event.objects.filter(tag="project:oidc:exchange-refused", project=world.project).exists()


def test_a_token_without_the_owners_id_is_no_transfer(client, world):
    said = refusal(mint(client, world.token(repository_owner_id=None)))[1]
    assert "the token has no claim `repository_owner_id`, of which an id is registered" in said


def test_another_repository_of_the_same_owner_is_no_rename(client, world):
    said = refusal(mint(client, named(world, repository_id="75")))[1]
    assert said.startswith("No project of this registry trusts octo-org/renamed")
    assert not Exchange.objects.exists()


def test_the_ids_of_another_issuer_are_others(client, world):
    other = Publisher.objects.exclude(pk=world.publisher.pk)
    assert not other.exists()
    world.publisher.issuer = type(world.issuer).objects.exclude(pk=world.issuer.pk).filter(provider="github").get()
    world.publisher.save()
    assert refusal(mint(client, named(world)))[1].startswith("No project of this registry trusts octo-org/renamed")


# -- in the admin --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("boss")
def test_the_admin_shows_from_what_to_what_and_then_accepts(client, world):
    mint(Client(), named(world))
    world.publisher.refresh_from_db()
    form = {"action": "accept_names", "_selected_action": [str(world.publisher.pk)]}
    page = client.post(LIST, form).content.decode()
    assert "octo-org/sampleproject" in page
    assert "octo-org/renamed" in page
    seen = json.dumps(world.publisher.renamed_to, sort_keys=True)
    client.post(LIST, {**form, "accept": "yes", f"seen_{world.publisher.pk}": "{}"})
    assert Publisher.objects.get(pk=world.publisher.pk).values == FIELDS
    answer = client.post(LIST, {**form, "accept": "yes", f"seen_{world.publisher.pk}": seen}, follow=True)
    assert "The new name octo-org/renamed is accepted." in answer.content.decode()
    assert Publisher.objects.get(pk=world.publisher.pk).values["repository"] == "renamed"
    assert Event.objects.get(tag="project:oidc:publisher-renamed").actor_name == "boss"


@pytest.mark.usefixtures("boss")
def test_the_admin_says_that_nothing_was_renamed(client, world):
    form = {"action": "accept_names", "_selected_action": [str(world.publisher.pk)]}
    assert "None of these was seen under another name." in client.post(LIST, form, follow=True).content.decode()
