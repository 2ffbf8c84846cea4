"""Somebody registers another's repository, on however many projects: he stops nothing, slows nothing, learns nothing.

Mallory registers alice's repository before she comes, as publishers and pending publishers, in all the ways that the
forms allow.
"""

import threading
import time
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publishers import matching
from publishers.models import Publisher
from registry.actors import Actor
from registry.deletion import delete_project
from registry.models import Event, Project, User
from tests.machine import needs_postgresql
from tests.tokens.conftest import IDS, World
from tests.tokens.squatters import squat, strangers, upload
from tests.tokens.test_checking import check
from tests.tokens.test_exchange import mint, refusal
from tokens.models import Exchange

ACTOR = Actor("test")


@pytest.fixture
def mallory(world: World) -> User:
    """A stranger. Alice's own publisher goes: she comes after him."""
    world.publisher.delete()
    return User.objects.create_user("mallory")


# -- he stops nothing ----------------------------------------------------------------------------------------------


def test_a_hundred_projects_of_a_stranger_do_not_fill_the_token(client, world, mallory):
    squat(world, mallory, 130)
    world.add(world.project)
    answer = mint(client, world.token()).json()
    assert len(answer["projects"]) == 100
    assert "sampleproject" in answer["projects"]
    assert upload(client, answer["token"], "sampleproject").status_code == 200


def test_a_hundred_projects_of_several_strangers_do_not_fill_it_either(client, world, mallory):
    strangers(world, 4, 40)
    mine = [world.add(project).normalized_name for project in (world.project, world.create("second-one"))]
    assert set(mine) <= set(mint(client, world.token()).json()["projects"])


def test_names_that_strangers_wait_for_do_not_fill_it(client, world, mallory):
    for number in range(11):
        user = User.objects.create_user(f"mallory{number}")
        for name in range(10):
            world.add(f"waiting-{number}-{name}", added_by=user)
    world.add("brand-new")
    answer = mint(client, world.token()).json()
    assert "brand-new" in answer["projects"]
    assert upload(client, answer["token"], "brand-new").status_code == 200
    assert list(Project.objects.get(name="brand-new").owners()) == [world.owner]


@pytest.mark.parametrize("same_project", [True, False], ids=["on one project", "on a project each"])
def test_more_publishers_than_are_compared_hide_nobody(client, world, mallory, same_project):
    squat(world, mallory, matching.MAX_CANDIDATES + 50, same_project=same_project)
    world.add(world.project)
    assert "sampleproject" in mint(client, world.token()).json()["projects"]
    assert "sampleproject" in check(client, world.token())["projects"]


def test_who_uploaded_from_here_goes_before_all_who_did_not(client, world, mallory):
    strangers(world, 3, 110)
    used = squat(world, world.owner, 60)
    Publisher.objects.filter(pk__in=[publisher.pk for publisher in used]).update(first_upload_at=timezone.now())
    covered = mint(client, world.token()).json()["projects"]
    assert {publisher.normalized_name for publisher in used} <= set(covered)
    assert len(covered) == 100


def test_who_uploaded_much_from_here_gets_a_first_upload_of_another_project_too(client, world, mallory):
    strangers(world, 10, 31)
    used = squat(world, world.owner, 40)
    Publisher.objects.filter(pk__in=[publisher.pk for publisher in used]).update(first_upload_at=timezone.now())
    world.add(world.project)
    assert "sampleproject" in mint(client, world.token()).json()["projects"]


def test_my_publishers_that_do_not_match_cost_me_no_turn(client, world, mallory):
    strangers(world, 4, 30)
    for number in range(30):
        world.add(world.project, values={"environment": f"e{number}"})
    world.add(world.project)
    assert "sampleproject" in mint(client, world.token()).json()["projects"]


def test_projects_of_a_stranger_that_nearly_match_do_not_hide_why_mine_failed(client, world, mallory):
    squat(world, mallory, 5, environment="ask mallory")
    world.add(world.project, values={"environment": "pypi", "ref": "refs/tags/*"})
    assert "A publisher of sampleproject trusts" in refusal(mint(client, world.token()))[1]


def test_a_refusal_is_recorded_for_my_project_however_many_he_has(client, world, mallory):
    """With its checks, of which a record holds those of twenty publishers."""
    squat(world, mallory, 150, environment="ask mallory")
    world.add(world.project, values={"environment": "pypi"})
    refusal(mint(client, world.token()))
    assert "sampleproject" in [check["project"] for check in Exchange.objects.get().checks]
    assert Event.objects.filter(tag="project:oidc:exchange-refused", project=world.project).exists()


def test_more_publishers_than_are_compared_do_not_hide_why_mine_failed(client, world, mallory):
    squat(world, mallory, matching.MAX_CANDIDATES + 50, same_project=True)
    world.add(world.project, values={"environment": "pypi"})
    said = refusal(mint(client, world.token()))[1]
    assert "A publisher of sampleproject trusts" in said
    assert "`pypi`" in said


def test_asking_for_my_project_is_not_hindered(client, world, mallory):
    squat(world, mallory, matching.MAX_CANDIDATES + 50)
    world.add(world.project)
    assert mint(client, world.token(), projects=["sampleproject"]).json()["projects"] == ["sampleproject"]


def test_ids_that_are_changed_again_and_again_stop_nobody_else(client, world, mallory, monkeypatch):
    """His publisher is another whenever alice's exchange has just read it."""
    his = squat(world, mallory, 1)[0]
    world.add(world.project, pins={})
    real, other = matching.candidates, iter(range(100))

    def overtaken(*args: Any, lock: bool = False) -> Any:
        found = real(*args, lock=lock)
        if not lock:  # what is locked nobody changes
            Publisher.objects.filter(pk=his.pk).update(generation=next(other) + 10)
        return found

    monkeypatch.setattr(matching, "candidates", overtaken)
    answer = mint(client, world.token()).json()
    assert answer["projects"] == ["sampleproject", f"squat-{mallory.pk}-0"]
    assert upload(client, answer["token"], "sampleproject").status_code == 200


@needs_postgresql
def test_who_changes_his_publishers_without_a_pause_stops_nobody(world, mallory):
    """Really at the same moment: whatever alice has to write down is another's by then."""
    his = [publisher.pk for publisher in squat(world, mallory, 20)]
    world.add(world.project, pins=IDS)
    stop = threading.Event()

    def change_all() -> None:
        while not stop.is_set():
            for pk in his:
                Publisher.objects.filter(pk=pk).update(pins={}, generation=F("generation") + 1)
        connection.close()

    others = [threading.Thread(target=change_all) for _ in range(2)]
    for other in others:
        other.start()
    try:
        answers = [mint(Client(), world.token()) for _ in range(20)]
    finally:
        stop.set()
        for other in others:
            other.join()
    assert [answer.status_code for answer in answers] == [200] * 20
    assert all("sampleproject" in answer.json()["projects"] for answer in answers)


def test_projects_that_go_again_and_again_stop_nobody_else(client, world, mallory, monkeypatch):
    """A project of his goes whenever alice's exchange has just read its publisher."""
    squat(world, mallory, 5, same_project=False)
    Publisher.objects.update(pins=IDS)
    world.add(world.project, pins=IDS)
    real = matching.credited

    def going(*args: Any) -> Any:
        found = real(*args)
        if not connection.in_atomic_block:
            delete_project(Project.objects.filter(name__startswith="squat-").earliest("pk"), ACTOR)
        return found

    monkeypatch.setattr(matching, "credited", going)
    assert "sampleproject" in mint(client, world.token()).json()["projects"]


def test_two_first_exchanges_of_alice_lose_nothing_by_that(client, world, mallory, monkeypatch):
    """Overtaken by herself she tries again, and covers her own project, whose ids are known by then."""
    world.add(world.project, pins={})
    real = matching.candidates
    done: list[bool] = []

    def overtaken(*args: Any, **options: Any) -> Any:
        found = real(*args, **options)
        if not done:
            done.append(True)
            Publisher.objects.update(pins=IDS)
        return found

    monkeypatch.setattr(matching, "candidates", overtaken)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


@pytest.mark.parametrize(
    "values",
    [
        {"environment": "somewhere"},
        {"workflow_filename": "other.yml"},
        {"version_tag": "v{version}"},
        {"ref": "refs/heads/**a**b**c"},
        {"event_names": ["release"]},
    ],
)
def test_what_a_stranger_asks_for_does_not_bind_me(client, world, mallory, values):
    squat(world, mallory, 3, **values)
    world.add(world.project)
    answer = mint(client, world.token()).json()
    assert answer["projects"] == ["sampleproject"]
    assert upload(client, answer["token"], "sampleproject", "2.0").status_code == 200


def test_a_strangers_version_tag_binds_his_own_project_alone(client, world, mallory):
    squat(world, mallory, 1, version_tag="v{version}")
    world.add(world.project)
    claims = world.local.github_claims(ref="refs/tags/v1.0")
    token = mint(client, world.local.sign(claims)).json()["token"]
    assert upload(client, token, "sampleproject", "7.0").status_code == 200


def test_a_single_use_token_is_mine_to_use(client, world, mallory):
    squat(world, mallory, 5)
    world.add(world.project)
    token = mint(client, world.token(), features=["single-use-token"]).json()["token"]
    assert upload(client, token, "sampleproject").status_code == 200


def test_wrong_ids_of_a_stranger_refuse_nobody_else(client, world, mallory):
    for publisher in squat(world, mallory, 3):
        Publisher.objects.filter(pk=publisher.pk).update(pins={"repository_owner_id": "1", "repository_id": "2"})
    world.add(world.project)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


# -- he slows nothing past the hundred -----------------------------------------------------------------------------


def statements(client: Client, token: str, **members: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert mint(client, token, **members).status_code == 200
    return len(captured)


def test_thousands_cost_no_more_than_two_statements_more_than_a_hundred(client, world, mallory):
    world.add(world.project, pins=IDS, first_upload_at=timezone.now())
    squat(world, mallory, 99)
    Publisher.objects.update(pins=IDS)
    mint(client, world.token())
    hundred = statements(client, world.token())
    squat(world, User.objects.create_user("mallory2"), 1000)
    Publisher.objects.update(pins=IDS)
    assert statements(client, world.token()) <= hundred + 2


@pytest.mark.parametrize("path", ["granted", "refused", "checked"])
def test_of_thousands_a_bounded_number_is_looked_at(client, world, mallory, monkeypatch, path):
    squat(world, mallory, matching.MAX_CANDIDATES * 3, same_project=True)
    world.add(world.project, values={"environment": "pypi"} if path == "refused" else {})
    held = Mock(side_effect=matching.hold)
    monkeypatch.setattr(matching, "hold", held)
    token = world.token()
    if path == "checked":
        assert check(client, token)["would_mint"]
    else:
        assert mint(client, token).status_code == (200 if path == "granted" else 422)
    assert 0 < held.call_count <= 4 * matching.MAX_CANDIDATES


def test_globs_made_to_be_slow_are_not(client, world, mallory):
    slow = "refs/heads/" + "**a" * 7 + "**b"
    squat(world, mallory, matching.MAX_CANDIDATES, same_project=True, ref=slow)
    world.add(world.project)
    claims = world.local.github_claims(ref="refs/heads/" + "a" * 60)
    started = time.perf_counter()
    assert mint(client, world.local.sign(claims)).json()["projects"] == ["sampleproject"]
    assert time.perf_counter() - started < 10
