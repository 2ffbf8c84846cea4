"""Redemption, token, exchange, events and recorded ids commit together or not at all, wherever it breaks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import QuerySet
from django.test import Client

from publishers import pinning
from publishers.models import Publisher
from registry.models import Event, Project
from tests.machine import runs_on_postgresql
from tests.registry.uploads import making
from tests.tokens.conftest import IDS, World
from tests.tokens.test_exchange import mint
from tokens import redemption
from tokens.models import Exchange, Provenance, UploadToken


class PowerCut(Exception):
    """Nobody catches it."""


def cut(*_args: Any, **_options: Any) -> None:
    raise PowerCut


def after(work: Callable[..., Any]) -> Callable[..., Any]:
    """The work is done, and then the power goes."""

    def done(*args: Any, **options: Any) -> None:
        work(*args, **options)
        raise PowerCut

    return done


# Each step of a grant in its order: before it and after it. PostgreSQL gets the rows as one statement.
STEPS: dict[str, tuple[Any, str, Callable[[Any], Callable[..., Any]]]] = {
    "before the rows": (redemption, "insert_together", lambda _real: cut),
    "after the rows": (redemption, "insert_together", after),
    "before the ids": (pinning, "learn", lambda _real: cut),
    "after the ids": (pinning, "learn", after),
}
# Where it does not: between the tables.
TABLES = {
    "after the redemption": (UploadToken._base_manager, "bulk_create", after),
    "before the record": (Exchange._base_manager, "bulk_create", lambda _real: cut),
    "after the record": (Exchange._base_manager, "bulk_create", after),
    "before the events": (Event._base_manager, "bulk_create", lambda _real: cut),
    "after the events": (Event._base_manager, "bulk_create", after),
}
if not runs_on_postgresql():
    STEPS |= TABLES


def everything() -> tuple[Any, ...]:
    tables: list[QuerySet[Any]] = [UploadToken.objects.all(), Exchange.objects.all(), Event.objects.all()]
    return (*(table.count() for table in tables), list(Publisher.objects.values_list("pins", "generation")))


@pytest.mark.parametrize(("where", "name", "breaking"), STEPS.values(), ids=STEPS)
def test_a_grant_that_breaks_leaves_nothing_and_its_token_is_still_good(
    client: Client, world: World, monkeypatch: pytest.MonkeyPatch, where: Any, name: str, breaking: Any
):
    Publisher.objects.update(pins={}, pinned_identity="")
    before, token = everything(), world.token()
    with monkeypatch.context() as broken:
        broken.setattr(where, name, breaking(getattr(where, name)))
        with pytest.raises(PowerCut):
            mint(client, token)
    assert everything() == before
    assert mint(client, token).status_code == 200
    assert Publisher.objects.get().pins == IDS


@pytest.mark.parametrize(("where", "name"), [(Exchange, "save"), (Event.objects, "bulk_create")])
def test_a_refusal_that_breaks_leaves_nothing(client, world, monkeypatch, where, name):
    Publisher.objects.update(enabled=False)
    before, token = everything(), world.token()
    with monkeypatch.context() as broken:
        broken.setattr(where, name, after(getattr(where, name)))
        with pytest.raises(PowerCut):
            mint(client, token)
    assert everything() == before
    assert mint(client, token).status_code == 422
    assert Exchange.objects.get().outcome == "refused"


def test_a_database_that_fails_at_the_commit_is_a_503_and_nothing_is_granted(client, world, monkeypatch):
    Publisher.objects.update(pins={}, pinned_identity="")  # ids that are recorded with a grant need a transaction
    before, token = everything(), world.token()

    def failing() -> None:
        connection.rollback()
        raise OperationalError("the connection was lost")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "commit", failing)
        answer = mint(client, token)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (503, "try-again")
    assert everything() == before
    assert mint(client, token).status_code == 200


# -- the first upload of a waiting name ------------------------------------------------------------------------------


def test_a_first_upload_that_breaks_creates_nothing_and_can_be_sent_again(client, world, monkeypatch):
    waiting = world.add("brand-new")
    token = mint(client, world.token()).json()["token"]
    with monkeypatch.context() as broken:
        broken.setattr(Provenance, "save", cut)
        with pytest.raises(PowerCut):
            sent(client, token, "brand-new")
    assert not Project.objects.filter(name="brand-new").exists()
    assert Publisher.objects.get(pk=waiting.pk).is_pending
    assert not Event.objects.filter(project_name="brand-new").exists()
    assert sent(client, token, "brand-new").status_code == 200
    assert Publisher.objects.get(pk=waiting.pk).project == Project.objects.get(name="brand-new")
    assert Provenance.objects.get().publisher["id"] == waiting.pk


def test_several_names_may_wait_for_one_identity_and_each_upload_creates_its_own(client, world):
    for name in ("first-one", "second-one", "third-one"):
        world.add(name)
    answer = mint(client, world.token()).json()
    assert answer["projects"] == ["first-one", "sampleproject", "second-one", "third-one"]
    for name in ("second-one", "first-one"):
        assert sent(client, answer["token"], name).status_code == 200
    assert list(Publisher.objects.pending().values_list("normalized_name", flat=True)) == ["third-one"]
    assert [list(Project.objects.get(name=name).owners()) for name in ("first-one", "second-one")] == [
        [world.owner]
    ] * 2


def sent(client: Client, token: str, name: str) -> Any:
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    fields = making.form(making.wheel(name), filename)
    return client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"})
