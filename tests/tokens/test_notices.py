"""How often owners are told: of refusals once a day, of environments and API tokens once; exactly so, also at once."""

import datetime
import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from post_office.models import Email

from publishers.models import Publisher
from registry.deletion import delete_user
from registry.models import Event, Role
from registry.roles import set_role
from tests.factories import TESTER, make_user
from tests.machine import needs_postgresql
from tests.registry.uploads import making
from tests.tokens.test_exchange import mint
from tokens import notices, telling
from tokens.creating import create_api_token
from tokens.models import RefusalNotice


@pytest.fixture
def narrowed(world):
    world.publisher.values["environment"] = "pypi"
    world.publisher.save()
    Email.objects.all().delete()
    return world


def refusals():
    return Email.objects.filter(subject__contains="an upload token was refused").count()


def a_day_passes() -> None:
    RefusalNotice.objects.update(told_at=timezone.now() - datetime.timedelta(days=1))


def test_of_refusals_owners_are_told_once_a_day(narrowed, client):
    for _ in range(3):
        mint(client, narrowed.token())
    assert refusals() == 1
    a_day_passes()
    for _ in range(3):
        mint(client, narrowed.token())
    assert refusals() == 2


def test_the_same_identity_token_is_told_of_once(narrowed, client):
    token = narrowed.token()
    mint(client, token)
    a_day_passes()
    mint(client, token)
    assert refusals() == 1


def test_each_project_and_each_identity_counts_for_itself(narrowed, client):
    mint(client, narrowed.token())
    narrowed.add(narrowed.create("another"), values={"environment": "pypi"})
    mint(client, narrowed.token())
    assert refusals() == 2
    narrowed.add(narrowed.project, values={"repository": "other", "environment": "pypi"})
    ref = "octo-org/other/.github/workflows/release.yml@refs/heads/main"
    mint(client, narrowed.token(repository="octo-org/other", workflow_ref=ref, job_workflow_ref=ref))
    assert refusals() == 3


def test_owners_of_whose_publishers_one_matches_are_not_told(narrowed, client):
    narrowed.add(narrowed.create("another"))
    Email.objects.all().delete()
    response = mint(client, narrowed.token(), projects=["another", "sampleproject"])
    assert response.status_code == 422
    assert [mail.subject for mail in Email.objects.all()] == ["[Gatehouse] sampleproject: an upload token was refused"]


def test_an_unknown_workload_writes_nothing(world, client):
    Email.objects.all().delete()
    ref = "evil/repo/.github/workflows/release.yml@refs/heads/main"
    claims = {"repository": "evil/repo", "repository_owner": "evil", "repository_id": "1", "repository_owner_id": "2"}
    assert mint(client, world.token(**claims, workflow_ref=ref, job_workflow_ref=ref)).status_code == 422
    assert not Email.objects.exists()
    assert not RefusalNotice.objects.exists()


def test_who_waits_is_told_once_a_day_whatever_he_waits_for(narrowed, client):
    dave = make_user("dave")
    for name in ("brand-new", "brand-newer"):
        narrowed.add(name, values={"environment": "pypi"}, added_by=dave)
    for _ in range(3):
        mint(client, narrowed.token())
    (mail,) = Email.objects.filter(to="dave@example.com")
    assert mail.subject == "[Gatehouse] Pending publisher for brand-new: an upload token was refused"
    assert ("brand-new: GitHub Actions: octo" in mail.message, "brand-newer: GitHub" in mail.message) == (True, True)
    lines = Event.objects.filter(tag="account:oidc:exchange-refused")
    assert [(line.user, line.details["pending"], line.details["code"]) for line in lines] == [
        (dave, "brand-new", "invalid-publisher")
    ] * 3
    a_day_passes()
    mint(client, narrowed.token())
    assert Email.objects.filter(to="dave@example.com").count() == 2


def test_who_waits_with_a_publisher_that_matches_is_not_told(narrowed, client):
    narrowed.add("brand-new", added_by=make_user("dave"))
    assert mint(client, narrowed.token(), projects=["brand-new", "sampleproject"]).status_code == 422
    assert not Email.objects.filter(to="dave@example.com").exists()


def test_where_strangers_register_who_waits_is_not_told_what_the_token_said(narrowed, client, settings):
    settings.SIGNUP_OPEN = True
    dave = make_user("dave")
    narrowed.add("brand-new", values={"environment": "pypi"}, added_by=dave)
    mint(client, narrowed.token(environment="staging-of-others", run_id="4711"))
    (mail,) = Email.objects.filter(to="dave@example.com")
    assert "The claim `environment` must be `pypi`, and is not." in mail.message
    for hidden in ("staging-of-others", "4711", "127.0.0.1"):
        assert hidden not in mail.message
    client.force_login(dave)
    history = client.get("/manage/account/history/").content.decode()
    assert "Refused an upload token for brand-new: invalid-publisher" in history
    assert "127.0.0.1" not in history


def test_a_notice_goes_with_its_user(narrowed, client):
    dave = make_user("dave")
    narrowed.add("brand-new", values={"environment": "pypi"}, added_by=dave)
    mint(client, narrowed.token())
    assert RefusalNotice.objects.filter(user=dave).count() == 1
    delete_user(dave, TESTER)
    assert [str(notice.project) for notice in RefusalNotice.objects.all()] == ["sampleproject"]


@transaction.atomic
def take_turn(world):
    return notices.take_turn([world.project], world.issuer, "[]")


def test_a_turn_goes_back_with_its_transaction(world):
    with transaction.atomic():
        assert take_turn(world) == [world.project]
        transaction.set_rollback(True)
    assert take_turn(world) == [world.project]
    assert take_turn(world) == []


@needs_postgresql
@pytest.mark.parametrize("known", [True, False])
def test_of_many_at_once_one_takes_the_turn(world, known):
    if known:
        take_turn(world)
        a_day_passes()
    barrier, turns = threading.Barrier(8), []

    def refuse():
        barrier.wait()
        turns.append(take_turn(world))
        connection.close()

    threads = [threading.Thread(target=refuse) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, turns)) == [0] * 7 + [1]


# -- environments --------------------------------------------------------------------------------------------------


def environments() -> list[str]:
    mails = Email.objects.filter(subject__contains="used from the environment").order_by("pk")
    return [mail.subject.rpartition(" ")[2] for mail in mails]


def test_of_an_environment_owners_are_told_once(world, client):
    for name in ("pypi", "PyPI", "test", "pypi", "test"):
        assert mint(client, world.token(environment=name)).status_code == 200
    assert environments() == ["pypi", "test"]
    assert Publisher.objects.get().environments_told == ["pypi", "test"]


def test_a_publisher_that_names_its_environment_has_nothing_to_tell(narrowed, client):
    assert mint(client, narrowed.token(environment="pypi")).status_code == 200
    assert environments() == []


def test_invented_environments_fill_no_mailbox(world, client):
    for number in range(25):
        assert mint(client, world.token(environment=f"e{number}")).status_code == 200
    assert len(environments()) == 20


def test_two_exchanges_at_once_tell_it_once(world, client, monkeypatch):
    real, told = telling.environments_used, list[bool]()

    def environments_used(*args):
        if not told:
            told.append(True)
            # As a faster exchange does between our look at the publisher and our update.
            Publisher.objects.update(environments_told=["pypi"])
        real(*args)

    monkeypatch.setattr(telling, "environments_used", environments_used)
    assert mint(client, world.token(environment="pypi")).status_code == 200
    assert environments() == []


def test_a_known_environment_costs_no_statement(world, client):
    mint(client, world.token())
    with CaptureQueriesContext(connection) as without:
        mint(client, world.token())
    mint(client, world.token(environment="pypi"))
    with CaptureQueriesContext(connection) as known:
        mint(client, world.token(environment="pypi"))
    assert len(known) == len(without)


# -- API tokens ----------------------------------------------------------------------------------------------------


def test_of_an_api_token_owners_are_told_once(world, client):
    carol = make_user("carol")
    set_role(world.project, carol, Role.Kind.MAINTAINER, actor=TESTER)
    Email.objects.all().delete()
    for name in ("one", "two"):
        token = create_api_token(carol, name=name, scopes=["upload"], actor=TESTER)
        for version in ("1", "2"):
            wheel = making.wheel(version=f"{version}.{name == 'two':d}")
            filename = f"sampleproject-{version}.{name == 'two':d}-py3-none-any.whl"
            fields = making.form(wheel, filename)
            assert client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    told = [mail.message for mail in Email.objects.order_by("pk")]
    assert ['API token "one"' in text for text in told] == [True, False]
    assert ['API token "two"' in text for text in told] == [False, True]


def test_without_publishers_an_api_token_is_nothing_to_tell(world, client):
    world.publisher.delete()
    Email.objects.all().delete()
    token = create_api_token(world.owner, name="ci", scopes=["upload"], actor=TESTER)
    fields = making.form(making.wheel(), "sampleproject-1.0-py3-none-any.whl")
    assert client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert not Email.objects.exists()
