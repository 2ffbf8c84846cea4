"""``POST /_/oidc/check``: what an exchange would do, without doing it."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from demo.signing import SigningKey
from publishers.models import Publisher
from registry.models import Event
from tests.tokens.test_exchange import BAD_PAYLOADS, MINT, mint
from tests.tokens.test_exchange import refusal as refused
from tokens.models import Exchange, UploadToken

CHECK = "/_/oidc/check"
ELSEWHERE = {
    "repository": "octo-org/elsewhere",
    "repository_id": "75",
    "ref": "refs/heads/main",
    "workflow_ref": "octo-org/elsewhere/.github/workflows/release.yml@refs/heads/main",
    "job_workflow_ref": "octo-org/elsewhere/.github/workflows/release.yml@refs/heads/main",
}


def check(client, token, **members):
    response = mint(client, token, CHECK, **members)
    assert response.status_code == 200, response.content
    assert response["Cache-Control"] == "no-store"
    body = response.json()
    assert body.keys() == {"would_mint", "projects", "publishers", "errors"}
    assert body["would_mint"] is (not body["errors"])
    return body


def codes(body):
    return [error["code"] for error in body["errors"]]


def failing(publisher):
    return [check for check in publisher["checks"] if not check["ok"]]


def test_a_token_that_would_be_granted_is_told_so_with_every_check(client, world):
    body = check(client, world.token())
    assert (body["would_mint"], body["projects"], body["errors"]) == (True, ["sampleproject"], [])
    (publisher,) = body["publishers"]
    assert publisher.keys() == {"project", "provider", "fields", "checks"}
    assert (publisher["project"], publisher["provider"]) == ("sampleproject", "github")
    assert publisher["fields"] == world.publisher.values
    assert {"claim": "workflow_ref", "expected": "release.yml", "actual": "release.yml", "ok": True} in publisher[
        "checks"
    ]
    assert {check["claim"] for check in publisher["checks"]} >= {"repository_id", "repository_owner_id"}


def test_nothing_is_written_and_nothing_used_up(client, world):
    Publisher.objects.update(pins={}, unpinned_since=timezone.now())
    token = world.token()
    with CaptureQueriesContext(connection) as captured:
        check(client, token)
        check(client, world.token(**ELSEWHERE))
        check(client, world.token(repository_id="75"))
    assert not [query["sql"] for query in captured if not query["sql"].startswith("SELECT")]
    assert not Exchange.objects.exists()
    assert not Event.objects.filter(tag__contains="exchange").exists()
    assert mint(client, token).status_code == 200


def test_a_token_that_was_used_is_told_so_and_not_counted_as_a_replay(client, world):
    token = world.token()
    mint(client, token)
    body = check(client, token)
    assert codes(body) == ["invalid-reuse-token"]
    assert body["projects"] == []
    assert Exchange.objects.get().replays == 0
    assert UploadToken.objects.count() == 1


def test_a_token_that_may_be_used_again_is_told_so(client, world):
    world.issuer.reuse = "until-expiry"
    world.issuer.save()
    token = world.token()
    mint(client, token)
    assert check(client, token)["would_mint"]


def test_it_says_what_mint_says(client, world):
    token = world.token(event_name="workflow_run")
    said = check(client, token)["errors"]
    assert said == mint(client, token).json()["errors"]


def test_a_claim_that_differs_is_shown_with_what_was_expected(client, world):
    world.publisher.values["environment"] = "pypi"
    world.publisher.save()
    body = check(client, world.token(environment="test"))
    assert codes(body) == ["invalid-publisher"]
    assert failing(body["publishers"][0]) == [
        {"claim": "environment", "expected": "pypi", "actual": "test", "ok": False},
    ]


@pytest.mark.parametrize("claims", [{"repository_id": "75"}, {"repository_owner_id": "1"}])
def test_where_a_pin_differs_nothing_of_the_publisher_is_told(client, world, claims):
    world.publisher.values["environment"] = "secret-environment"
    world.publisher.save()
    body = check(client, world.token(**claims))
    (publisher,) = body["publishers"]
    assert (publisher["project"], publisher["fields"]) == (None, {})
    (only,) = publisher["checks"]
    assert (only["claim"], only["expected"], only["ok"]) == (*claims, "the registered id", False)
    assert "secret-environment" not in json.dumps(body)
    assert "sampleproject trusts" not in json.dumps(body)


def test_of_other_workloads_nothing_is_told(client, world):
    body = check(client, world.token(**ELSEWHERE))
    assert (body["publishers"], codes(body)) == ([], ["invalid-publisher"])


def test_a_publisher_that_is_off_is_told_so(client, world):
    world.publisher.enabled = False
    world.publisher.save()
    body = check(client, world.token())
    assert [check["actual"] for check in failing(body["publishers"][0])] == ["The publisher is switched off."]


def test_projects_narrow_it(client, world):
    world.add(world.create("another"))
    assert check(client, world.token(), projects=["another"])["projects"] == ["another"]
    body = check(client, world.token(), projects=["another", "nosuchproject"])
    assert codes(body) == ["invalid-publisher"]


def test_those_that_match_come_first_and_at_most_twenty_are_shown(client, world):
    for number in range(30):
        world.add(world.project, values={"environment": f"e{number}"}, pins=world.publisher.pins)
    shown = check(client, world.token(environment="e29"))["publishers"]
    assert len(shown) == 20
    assert [bool(failing(publisher)) for publisher in shown] == [False, False] + [True] * 18


@pytest.mark.parametrize(
    ("claims", "word"),
    [
        ({"aud": "pypi"}, "localhost:8443"),
        ({"exp": 1_000_000}, "exp"),
        ({"workflow_ref": None}, "workflow_ref"),
    ],
)
def test_what_is_wrong_with_a_signed_token_is_told_as_an_error(client, world, claims, word):
    body = check(client, world.token(**claims))
    assert (codes(body), body["publishers"]) == (["invalid-token"], [])
    assert word in body["errors"][0]["description"]


def test_a_token_that_its_issuer_did_not_sign_is_refused_as_at_mint(client, world):
    forged = world.local.sign(
        world.local.github_claims(), key=SigningKey.new(), headers={"kid": world.local.key.key_id}
    )
    assert refused(mint(client, forged, CHECK)) == refused(mint(client, forged))


@pytest.mark.django_db
@pytest.mark.parametrize("body", BAD_PAYLOADS, ids=range(len(BAD_PAYLOADS)))
def test_what_is_no_request_is_refused_as_at_mint(client, body):
    answers = [client.generic("POST", path, body, content_type="application/json") for path in (CHECK, MINT)]
    assert (answers[0].status_code, answers[0].content) == (answers[1].status_code, answers[1].content)


def test_while_oidc_is_off_it_is_off_too(client, settings):
    settings.OIDC_ENABLED = False
    assert mint(client, "a.b.c", CHECK).status_code == 403


def test_it_is_posted_to(client):
    response = client.get(CHECK)
    assert (response.status_code, response["Allow"]) == (405, "POST")
