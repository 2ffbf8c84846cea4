"""A pending publisher whose name was lost: it grants nothing, stops nothing, and tells the job what became of it."""

import json

import pytest
from django.test import Client
from post_office.models import Email

from publishers import pending
from publishers.models import Publisher
from registry.actors import Actor
from registry.creation import create_project
from registry.deletion import delete_project
from registry.models import Event, ProhibitedName
from tests.factories import TESTER, make_user
from tests.registry.uploads import making
from tests.tokens.test_checking import CHECK
from tests.tokens.test_exchange import lives, mint, refusal
from tokens.creating import create_api_token
from tokens.models import Exchange

TAKEN = "The name 'brand-new' is taken."


@pytest.fixture
def dave(world):
    """Waits for ``brand-new``, and nobody else trusts the workload."""
    world.publisher.delete()
    dave = make_user("dave")
    world.add("brand-new", added_by=dave)
    return dave


def take(world, name="brand-new"):
    return create_project(name, owners=[world.owner], actor=Actor("test"))


def prohibit(world, name="brand-new"):
    pending.invalidate_prohibited(ProhibitedName.objects.create(name=name), TESTER)


LOSSES = {
    "taken": (take, TAKEN),
    "prohibited": (prohibit, "The name 'brand-new' isn't allowed in this registry."),
}


@pytest.mark.parametrize("what", LOSSES)
def test_the_job_is_told_what_became_of_it_and_that_is_recorded(client, world, dave, what):
    lose, sentence = LOSSES[what]
    lose(world)
    Email.objects.all().delete()
    response = mint(client, world.token())
    code, said = refusal(response)
    assert code == "invalid-pending-publisher"
    assert said.startswith(sentence)
    exchange = Exchange.objects.get()
    assert response.json()["exchange"] == str(exchange.pk)
    assert (exchange.outcome, exchange.code, exchange.description) == ("refused", code, said)
    (record,) = exchange.checks
    assert record["project"] == "brand-new"
    assert record["dead"].startswith("The pending publisher lost its name on ")
    line = Event.objects.get(tag="account:oidc:exchange-refused")
    assert (line.user, line.details["pending"], line.details["code"]) == (dave, "brand-new", code)
    assert not Email.objects.exists(), "he was told when it happened"


def test_too_similar_is_told_as_well(client, world, dave):
    world.add("sampleprojecto", added_by=dave)
    take(world, "sampleproject0")
    assert (
        "too similar to an existing project ('sampleproject0')"
        in refusal(mint(client, world.token(), projects=["sampleprojecto"]))[1]
    )


def test_its_own_user_may_be_who_took_the_name(client, world, dave):
    token = create_api_token(dave, name="ci", scopes=["upload"], actor=TESTER)
    fields = making.form(making.wheel("brand-new"), "brand_new-1.0-py3-none-any.whl")
    assert client.post("/legacy/", fields, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    assert refusal(mint(client, world.token())) == ("invalid-pending-publisher", TAKEN)


def test_it_stops_nothing_that_anything_else_grants(client, world, dave):
    project = take(world)
    world.add(world.project)
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]
    world.add(project)
    assert mint(client, world.token()).json()["projects"] == ["brand-new", "sampleproject"]


def test_what_else_stands_there_is_told_too(client, world, dave):
    take(world)
    world.add(world.project, values={"environment": "pypi"})
    code, said = refusal(mint(client, world.token()))
    assert code == "invalid-pending-publisher"
    assert said.startswith(f"{TAKEN} A publisher of sampleproject trusts octo-org/sampleproject, but not this token.")


def test_once_its_project_trusts_the_place_only_that_publisher_is_told_of(client, world, dave):
    world.add(take(world), values={"environment": "pypi"})
    code, said = refusal(mint(client, world.token()))
    assert (code, "taken" in said) == ("invalid-publisher", False)


@pytest.mark.parametrize("claims", [{"environment": "other"}, {"event_name": "pull_request_target"}])
def test_one_that_would_not_have_matched_says_nothing(client, world, dave, claims):
    Publisher.objects.all().delete()
    world.add("brand-new", added_by=dave, values={"environment": "pypi"})
    take(world)
    assert refusal(mint(client, world.token(**claims)))[0] == "invalid-publisher"
    assert not Exchange.objects.exists()


def test_a_name_that_is_free_again_wakes_nobody(client, world, dave):
    project = take(world)
    token = world.token()
    delete_project(project, TESTER)
    code, said = refusal(mint(client, token))
    assert code == "invalid-pending-publisher"
    assert "belonged to a deleted project" in said
    prohibited = world.add("other-name", added_by=dave, values={"workflow_filename": "ci.yml"})
    name = ProhibitedName.objects.create(name="other-name")
    pending.invalidate_prohibited(name, TESTER)
    name.delete()
    ref = "octo-org/sampleproject/.github/workflows/ci.yml@refs/heads/main"
    claims = {"workflow_ref": ref, "job_workflow_ref": ref, "ref": "refs/heads/main"}
    code, said = refusal(mint(client, world.token(**claims)))
    assert code == "invalid-pending-publisher"
    assert said.startswith("The name 'other-name' could not be had for a while")
    prohibited.refresh_from_db()
    assert prohibited.why_dead()


def test_a_token_of_before_opens_nothing(client, world, dave):
    text = mint(client, world.token()).json()["token"]
    prohibit(world)
    assert not lives(text)
    fields = making.form(making.wheel("brand-new"), "brand_new-1.0-py3-none-any.whl")
    assert client.post("/legacy/", fields, headers={"Authorization": f"Bearer {text}"}).status_code in {400, 403}


@pytest.mark.parametrize("projects", [None, ["brand-new"], ["brand-new", "sampleproject"], ["sampleproject"]])
def test_a_check_says_the_same(client, world, dave, projects):
    take(world)
    world.add(world.project, values={"environment": "pypi"})
    token, more = world.token(), {} if projects is None else {"projects": projects}
    body = json.dumps({"token": token, **more})
    checked = Client().post(CHECK, body, content_type="application/json").json()
    assert checked["errors"] == mint(client, token, **more).json()["errors"]
    named = {held["project"] for held in checked["publishers"]}
    assert ("brand-new" in named) == (checked["errors"][0]["code"] == "invalid-pending-publisher")


def test_its_user_sees_it_waiting_nowhere(client, world, dave):
    take(world)
    client.force_login(dave)
    page = client.get("/manage/account/publishing/").content.decode()
    assert "No project of yours waits for its first upload" in page
    key = Publisher.objects.invalidated().get().pk
    assert client.get(f"/manage/account/publishing/{key}/").status_code == 404
    headers = {"Authorization": f"Bearer {create_api_token(dave, name='x', scopes=['manage'], days=1, actor=TESTER)}"}
    assert client.get("/api/v1/pending-publishers/", headers=headers).json()["results"] == []
    assert client.get(f"/api/v1/pending-publishers/{key}/", headers=headers).status_code == 404


def test_the_admin_says_so_and_changes_nothing_of_it(client, world, dave):
    take(world)
    row = Publisher.objects.invalidated().get()
    client.force_login(make_user("boss", is_staff=True, is_superuser=True))
    listed = client.get("/admin/publishers/publisher/?pending=2").content.decode()
    assert f"invalidated on {row.invalidated_at:%Y-%m-%d}" in listed
    assert "brand-new" not in client.get("/admin/publishers/publisher/?pending=1").content.decode()
    path = f"/admin/publishers/publisher/{row.pk}/change/"
    assert "The pending publisher lost its name on" in client.get(path).content.decode()
    assert client.post(path, {}).status_code == 403
    assert client.post(f"/admin/publishers/publisher/{row.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Publisher.objects.exists()
