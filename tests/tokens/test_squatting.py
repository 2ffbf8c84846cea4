"""Somebody registers another's repository, on however many projects: he stops nothing, slows nothing, learns nothing.

Mallory registers alice's repository before she comes, as publishers and pending publishers, in all the ways that the
forms allow.
"""

import json
import threading
import time
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publishers import matching, registration
from publishers.models import Publisher
from publishers.registration import Wanted
from registry.actors import Actor
from registry.deletion import delete_project
from registry.models import Event, Project, User
from tests.machine import needs_postgresql
from tests.registry.uploads import making
from tests.tokens.conftest import FIELDS, IDS, World
from tests.tokens.test_checking import check
from tests.tokens.test_exchange import lives, mint, refusal
from tokens.models import Exchange, UploadToken

ACTOR = Actor("test")


@pytest.fixture
def mallory(world: World) -> User:
    """A stranger. Alice's own publisher goes: she comes after him."""
    world.publisher.delete()
    return User.objects.create_user("mallory")


def upload(client: Client, token: str, name: str, version: str = "1.0") -> Any:
    filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    fields = making.form(making.wheel(name, version), filename)
    return client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"})


def squat(world: World, user: User, count: int, *, same_project: bool = False, **values: Any) -> list[Publisher]:
    """So many publishers of a stranger at alice's repository, on a project each or all on one."""
    names = [f"squat-{user.pk}-{number}" for number in range(1 if same_project else count)]
    projects = Project.objects.bulk_create(
        Project(name=name, normalized_name=name, ultranormalized_name=name) for name in names
    )
    first = world.add(projects[0], values={**values, "environment": "e0"} if same_project else values, added_by=user)
    rows = []
    for number in range(1, count):
        row = Publisher.objects.get(pk=first.pk)
        row.pk, row.project = None, projects[0 if same_project else number]
        row.project_name = row.normalized_name = row.ultranormalized_name = row.project.name
        row.values = {**row.values, "environment": f"e{number}"} if same_project else row.values
        row.fingerprint = f"{number:064d}" if same_project else row.fingerprint
        rows.append(row)
    Publisher.objects.bulk_create(rows)
    return [first, *rows]


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


def strangers(world: World, count: int, each: int, **values: Any) -> None:
    """So many people, each of whom has so many projects at alice's repository."""
    for number in range(count):
        squat(world, User.objects.create_user(f"mallory{number}"), each, **values)


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
    assert 0 < held.call_count <= 3 * matching.MAX_CANDIDATES


def test_globs_made_to_be_slow_are_not(client, world, mallory):
    slow = "refs/heads/" + "**a" * 7 + "**b"
    squat(world, mallory, matching.MAX_CANDIDATES, same_project=True, ref=slow)
    world.add(world.project)
    claims = world.local.github_claims(ref="refs/heads/" + "a" * 60)
    started = time.perf_counter()
    assert mint(client, world.local.sign(claims)).json()["projects"] == ["sampleproject"]
    assert time.perf_counter() - started < 4


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
def exposed(client: Client, world: World, mallory: User) -> list[Publisher]:
    """Mallory's publishers, pending ones among them, after alice published, was refused, and burnt her token."""
    his = [*squat(world, mallory, 2), world.add("his-new-name", added_by=mallory)]
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
