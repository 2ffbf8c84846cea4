"""Somebody who registers another's repository kills no token but that of his own project, and overhears nothing."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from post_office.models import Email

from publishers import registration
from publishers.models import Publisher
from publishers.providers.base import Links
from publishers.registration import Wanted
from registry.actors import Actor
from registry.creation import create_project
from registry.deletion import delete_project
from registry.models import Event, Project, User
from tests.tokens.conftest import FIELDS, IDS, World
from tests.tokens.squatters import squat, upload
from tests.tokens.test_exchange import lives, mint
from tokens import disclosure
from tokens.models import Exchange, UploadToken

ACTOR = Actor("test")


@pytest.fixture
def mallory(world: World) -> User:
    """A stranger. Alice's own publisher goes: she comes after him."""
    world.publisher.delete()
    return User.objects.create_user("mallory", "mallory@example.com")


# -- he kills no token but that of his own project -----------------------------------------------------------------


def change(publisher: Publisher, **wanted: Any) -> None:
    registration.change(publisher, Wanted(values=wanted.pop("values", publisher.values), **wanted), ACTOR)


DEEDS: dict[str, Callable[[Publisher], Any]] = {
    "removes": lambda publisher: registration.remove(publisher, ACTOR),
    "switches off": lambda publisher: change(publisher, enabled=False),
    "lets expire": lambda publisher: change(publisher, expires_at=timezone.now()),
    "edits": lambda publisher: change(publisher, values={**publisher.values, "environment": "x"}),
    "moves": lambda publisher: change(publisher, values={**publisher.values, "repository": "elsewhere"}),
    "pins otherwise": lambda publisher: change(publisher, pins={"repository_id": "9"}),
    "unpins": lambda publisher: registration.clear_pins(publisher, ACTOR),
    "deletes his project": lambda publisher: delete_project(Project.objects.get(publishers=publisher), ACTOR),
    "goes": lambda publisher: publisher.added_by and publisher.added_by.delete(),
}


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_whatever_he_does_with_his_publisher_mine_goes_on(client, world, mallory, deed):
    his = squat(world, mallory, 2)
    world.add(world.project)
    token = mint(client, world.token()).json()["token"]
    for publisher in his:
        deed(Publisher.objects.get(pk=publisher.pk))
    assert lives(token)
    assert upload(client, token, "sampleproject").status_code == 200
    assert mint(client, world.token()).status_code == 200


def test_a_waiting_name_that_he_takes_from_himself_kills_nothing(client, world, mallory):
    """His pending publisher is invalidated by a project of his own that is called alike."""
    world.add("strange-name", added_by=mallory)
    world.add(world.project)
    token = mint(client, world.token()).json()["token"]
    Project.objects.create(name="strange-name")
    Publisher.objects.pending().delete()
    assert upload(client, token, "sampleproject").status_code == 200


def test_of_one_repository_renamed_by_him_i_accept_nothing(client, world, mallory):
    """He cannot make my publisher believe in a rename: that takes a token with my ids."""
    mine = world.add(world.project, pins=IDS)
    squat(world, mallory, 1)
    other = world.local.github_claims(repository="mallorys", repository_id="666", repository_owner_id="667")
    mint(client, world.local.sign(other))
    mine.refresh_from_db()
    assert mine.renamed_to is None


# -- he reads nothing ----------------------------------------------------------------------------------------------

SECRETS = {
    "repository_visibility": "private-9041",
    "actor": "actor-9042",
    "run_id": "904300",
    "sha": "9044" * 10,
    "head_ref": "branch-9045",
    "event_name": "push",
}
ALICES = ("alices-secret-one", "alices-secret-two")


@pytest.fixture
def exposed(client: Client, world: World, mallory: User, settings: Any) -> list[Publisher]:
    """Mallory's publishers, pending ones among them, after alice published, was refused, and burnt her token.

    Anybody may register here.
    """
    settings.SIGNUP_OPEN = True
    own = [create_project(name, owners=[mallory], actor=ACTOR) for name in ("strange-one", "strange-two")]
    his = [*(world.add(project, added_by=mallory) for project in own), world.add("his-new-name", added_by=mallory)]
    for name in ALICES:
        world.add(world.create(name), values={"environment": "alices-environment"})
    claims = world.local.github_claims(environment="alices-environment", **SECRETS)
    ref = claims["workflow_ref"].replace("refs/heads/main", SECRETS["sha"])
    claims |= {"workflow_ref": ref, "job_workflow_ref": ref}
    token = mint(client, world.local.sign(claims)).json()["token"]
    assert upload(client, token, ALICES[0]).status_code == 200
    client.post("/_/oidc/burn-token", {"token": token}, content_type="application/json")
    mint(client, world.local.sign(claims, event_name="workflow_run"))
    mint(client, world.local.sign(claims, repository_id="75"))
    assert Exchange.objects.filter(outcome="granted").count() == 1
    assert Exchange.objects.filter(outcome="refused").count() == 2
    return his


def test_his_history_names_neither_other_projects_nor_claims(exposed):
    """The lines themselves: what pages do with addresses is theirs (contract, section 8)."""
    projects = [publisher.project_id for publisher in exposed if publisher.project_id]
    lines = Event.objects.filter(project__in=projects) | Event.objects.filter(user__username="mallory")
    assert {line.tag.rpartition(":")[2] for line in lines} >= {
        "exchange-granted",
        "exchange-refused",
        "upload-token-burnt",
    }
    told = json.dumps([[line.tag, line.actor_name, line.details] for line in lines], default=str)
    for secret in (*ALICES, "alices-environment", *SECRETS.values()):
        assert secret == "push" or secret not in told, secret


def test_his_mails_name_neither_other_projects_nor_claims(exposed):
    """Of the environment that alice uses he hears as little as of her run."""
    mails = Email.objects.filter(to="mallory@example.com")
    assert mails.filter(subject__contains="refused").exists()
    told = json.dumps([[mail.subject, mail.message, mail.html_message, mail.headers] for mail in mails])
    for secret in (*ALICES, "alices-environment", *SECRETS.values()):
        assert secret == "push" or secret not in told, secret


def test_what_his_projects_are_shown_of_an_exchange_is_what_his_publishers_ask(exposed):
    for publisher in exposed[:2]:
        for exchange in Exchange.objects.all():
            seen = disclosure.seen_by(Project.objects.get(publishers=publisher), exchange)
            assert {comparison.publisher for comparison in seen.comparisons} <= {publisher.pk}
            assert (seen.links, seen.ref, seen.address) == (Links(), "", "")
            told = json.dumps([[comparison.fields, comparison.checks] for comparison in seen.comparisons])
            assert not any(secret in told for secret in (*ALICES, "alices-environment", *SECRETS.values()))


def test_his_publishers_hold_nothing_that_a_token_said_but_its_ids(exposed):
    for publisher in Publisher.objects.filter(added_by__username="mallory"):
        assert publisher.values == FIELDS
        assert publisher.pins == IDS
        assert publisher.renamed_to is None
        assert publisher.first_upload_at is None


def test_the_pages_of_his_projects_tell_nothing(client, exposed):
    for publisher in exposed:
        for address in (f"/project/{publisher.normalized_name}/", f"/simple/{publisher.normalized_name}/"):
            told = client.get(address).content.decode()
            assert not any(secret in told for secret in (*ALICES, *SECRETS.values()) if secret != "push")


def test_who_holds_a_token_of_another_repository_learns_nothing_of_hers(client, world, exposed):
    """The answers speak to the job; his own job's token is another place's."""
    his = world.local.github_claims(owner="mallory", repository="own", repository_id="5", repository_owner_id="6")
    for path in ("/_/oidc/mint-token", "/_/oidc/check"):
        for members in ({}, {"projects": [*ALICES]}):
            said = mint(client, world.local.sign(his), path, **members).content.decode()
            assert "alices-environment" not in said
            assert members or not any(name in said for name in ALICES)


def test_a_repository_of_the_same_name_learns_nothing_of_her_publishers(client, world, exposed):
    """Mallory has the names now, and not the ids."""
    Publisher.objects.filter(normalized_name__in=ALICES).update(pins=IDS)
    claims = world.local.github_claims(repository_id="75", repository_owner_id="66")
    for path in ("/_/oidc/mint-token", "/_/oidc/check"):
        said = mint(client, world.local.sign(claims), path).content.decode()
        assert "alices-environment" not in said
        assert not any(name in said for name in ALICES)


def test_the_exchange_that_covered_his_project_too_is_for_administrators(exposed):
    """What the row holds of all projects is not copied to where he reads."""
    granted = Exchange.objects.get(outcome="granted")
    assert set(ALICES) <= set(granted.projects)
    assert UploadToken.objects.get().exchange == granted
