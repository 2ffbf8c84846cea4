"""From an identity token to an upload token, at the public endpoints."""

import datetime
import json
import threading
import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from publishers.models import Publisher
from registry.models import Event, ProhibitedName
from tokens import secrets
from tokens.authentication import find
from tokens.credentials import UploadTokenCredential
from tokens.models import Exchange, UploadToken

MINT = "/_/oidc/mint-token"


def mint(client, token, path=MINT, **members):
    return client.post(path, json.dumps({"token": token, **members}), content_type="application/json")


def refusal(response):
    assert response.status_code == 422, response.content
    body = response.json()
    assert body["message"] == "Token request failed"
    assert response["Cache-Control"] == "no-store"
    return body["errors"][0]["code"], body["errors"][0]["description"]


def lives(text):
    return find(text) is not None


def test_the_audience_is_told(client, settings):
    response = client.get("/_/oidc/audience", headers={"Accept": "*/*"})
    assert (response.status_code, response.json()) == (200, {"audience": "localhost:8443"})
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", [MINT, "/_/oidc/github/mint-token"])
def test_a_known_workflow_gets_an_upload_token(client, world, path):
    before = time.time()
    response = mint(client, world.token(), path)
    body = response.json()
    assert response.status_code == 200, body
    assert body.keys() == {"success", "token", "expires", "projects", "exchange"}
    assert body["success"] is True
    assert body["projects"] == ["sampleproject"]
    assert isinstance(body["expires"], int)
    assert before + 895 < body["expires"] < time.time() + 901
    assert secrets.kind_of(body["token"]) == "tp"
    assert lives(body["token"])


def test_the_body_is_json_whatever_its_content_type(client, world):
    body = json.dumps({"token": world.token()})
    response = client.generic("POST", MINT, body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200


def test_a_grant_leaves_a_record_and_a_line_in_the_history(client, world):
    response = mint(client, world.token(run_id="42"))
    exchange = Exchange.objects.get()
    assert response.json()["exchange"] == str(exchange.pk)
    assert (exchange.outcome, exchange.projects) == ("granted", ["sampleproject"])
    assert exchange.claims["run_id"] == "42"
    assert {check["claim"] for check in exchange.checks[0]["checks"]} >= {"repository_owner", "repository"}
    event = Event.objects.get(tag="project:oidc:exchange-granted")
    assert event.project == world.project
    assert event.details["exchange"] == str(exchange.pk)


def test_no_secret_is_kept(client, world):
    identity = world.token()
    text = mint(client, identity).json()["token"]
    kept = json.dumps([*UploadToken.objects.values(), *Exchange.objects.values(), *Event.objects.values()], default=str)
    assert text not in kept
    assert identity.rsplit(".", 1)[1] not in kept


def statements_of(ask):
    """How many statements it took, transaction control included."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    listed = [query["sql"] for query in captured]
    # psycopg sends BEGIN by itself, and Django does not list it.
    unlisted = connection.vendor == "postgresql" and "COMMIT" in listed and "BEGIN" not in listed
    return len(listed) + unlisted


def test_a_known_publisher_costs_three_statements_on_postgresql(client, world):
    mint(client, world.token())
    token = world.token()
    assert statements_of(lambda: mint(client, token)) == (3 if connection.vendor == "postgresql" else 7)


def test_a_publisher_of_forty_projects_costs_no_statement_more(client, world):
    for number in range(39):
        world.add(world.create(f"sample{number}"), pins=dict(world.publisher.pins))
    tokens = [world.token(), world.token()]
    assert statements_of(lambda: mint(client, tokens[0])) <= 7
    assert len(mint(client, tokens[1]).json()["projects"]) == 40
    assert Event.objects.filter(tag="project:oidc:exchange-granted").count() == 80


def test_a_refusal_costs_no_statement_more_where_forty_projects_trust_the_place(client, world):
    workflow = "octo-org/sampleproject/.github/workflows/x.yml@refs/heads/main"
    first, second, third, fourth = [world.token(workflow_ref=workflow) for _ in "abcd"]
    mint(client, first)  # the owners get their mail of the day
    one = statements_of(lambda: mint(client, second))
    for number in range(39):
        world.add(world.create(f"sample{number}"))
    mint(client, third)
    assert statements_of(lambda: mint(client, fourth)) == one
    assert Event.objects.filter(tag="project:oidc:exchange-refused").count() == 82


BAD_PAYLOADS = [
    b"",
    b"null",
    b"[]",
    b'"token"',
    b"{",
    b"{}",
    b'{"token": null}',
    b'{"token": 7}',
    b'{"token": ""}',
    b'{"token": ["a"]}',
    b'{"token": "a", "token": "b"}',
    b'{"token": "a.b.c"}',
    b'{"token": "\\ud800"}',
    b'{"token": "a", "x": NaN}',
    b'{"token": "a", "x": 1e999}',
    b"\xff\xfe",
    b"[" * 5000 + b"]" * 5000,
    b'{"token": "a", "projects": "sampleproject"}',
    b'{"token": "a", "projects": []}',
    b'{"token": "a", "projects": [1]}',
    b'{"token": "a", "projects": ["-"]}',
    b'{"token": "a", "projects": ["a\\u0000"]}',
    json.dumps({"token": "a", "projects": [f"p{i}" for i in range(101)]}).encode(),
    b'{"token": "a", "features": "single-use-token"}',
    b'{"token": "a", "features": ["free-token"]}',
    b'{"token": "a", "features": [[]]}',
    b'{"token": "a", "features": ["single-use-token", "multi-use-token"]}',
    b'{"token": "e30.e30.e30"}',
    b'{"token": "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIn0.e30"}',
]


@pytest.mark.django_db
@pytest.mark.parametrize("body", BAD_PAYLOADS, ids=range(len(BAD_PAYLOADS)))
@pytest.mark.parametrize("path", [MINT, "/_/oidc/github/mint-token"])
def test_what_is_no_request_is_an_invalid_payload_and_writes_nothing(client, path, body):
    with CaptureQueriesContext(connection) as captured:
        response = client.generic("POST", path, body, content_type="application/json", CONTENT_LENGTH=str(len(body)))
    assert refusal(response)[0] == "invalid-payload"
    assert not [query for query in captured if not query["sql"].startswith("SELECT")]


@pytest.mark.django_db
def test_an_unknown_issuer_is_named_so(client):
    token = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIn0.e30"
    assert refusal(mint(client, token)) == ("invalid-payload", "unknown trusted publishing issuer")


def test_an_issuer_that_is_off_is_not_enabled(client, world):
    world.issuer.enabled = False
    world.issuer.save()
    assert refusal(mint(client, world.token()))[0] == "not-enabled"


def test_a_token_for_another_audience_is_told_the_right_one(client, world):
    code, said = refusal(mint(client, world.token(aud="pypi")))
    assert code == "invalid-token"
    assert "localhost:8443" in said
    assert "pypi" in said


def test_a_token_is_used_up_by_its_grant_and_a_replay_is_counted(client, world):
    token = world.token()
    first = mint(client, token)
    again = mint(client, token)
    assert refusal(again)[0] == "invalid-reuse-token"
    assert again.json()["exchange"] == first.json()["exchange"]
    assert Exchange.objects.get().replays == 1
    assert UploadToken.objects.count() == 1


def test_a_token_without_jti_is_used_once_by_what_was_signed(client, world):
    token = world.token(jti=None)
    assert mint(client, token).status_code == 200
    assert refusal(mint(client, token))[0] == "invalid-reuse-token"


def test_an_issuer_may_allow_reuse_until_expiry(client, world):
    world.issuer.reuse = "until-expiry"
    world.issuer.save()
    token = world.token()
    assert [mint(client, token).status_code for _ in range(3)] == [200, 200, 200]


def test_a_refused_exchange_does_not_use_the_token_up(client, world):
    world.publisher.values["workflow_filename"] = "other.yml"
    world.publisher.save()
    token = world.token()
    assert refusal(mint(client, token))[0] == "invalid-publisher"
    world.publisher.values["workflow_filename"] = "release.yml"
    world.publisher.save()
    assert mint(client, token).status_code == 200


def test_a_refusal_says_which_claim_differs_and_is_recorded_once(client, world):
    token = world.token(
        workflow_ref="octo-org/sampleproject/.github/workflows/ci.yml@refs/heads/main",
        job_workflow_ref="octo-org/sampleproject/.github/workflows/ci.yml@refs/heads/main",
        ref="refs/heads/main",
    )
    first, again = mint(client, token), mint(client, token)
    code, said = refusal(first)
    assert code == "invalid-publisher"
    for word in ("sampleproject", "octo-org/sampleproject", "workflow_ref", "release.yml", "ci.yml"):
        assert word in said
    exchange = Exchange.objects.get()
    assert exchange.outcome == "refused"
    assert first.json()["exchange"] == again.json()["exchange"] == str(exchange.pk)
    assert Event.objects.filter(tag="project:oidc:exchange-refused", project=world.project).count() == 1


def test_a_refusal_where_no_publisher_stands_is_not_recorded(client, world):
    token = world.token(
        repository="octo-org/elsewhere",
        repository_id="75",
        workflow_ref="octo-org/elsewhere/.github/workflows/release.yml@refs/heads/main",
        job_workflow_ref="octo-org/elsewhere/.github/workflows/release.yml@refs/heads/main",
        ref="refs/heads/main",
    )
    response = mint(client, token)
    assert refusal(response)[0] == "invalid-publisher"
    assert "octo-org/elsewhere" in response.json()["errors"][0]["description"]
    assert "exchange" not in response.json()
    assert not Exchange.objects.exists()


def test_an_event_that_others_can_start_is_refused_with_a_sentence(client, world):
    code, said = refusal(mint(client, world.token(event_name="pull_request_target")))
    assert code == "invalid-publisher"
    assert "pull_request_target" in said
    assert "not supported" in said


@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"expires_at": timezone.now() - datetime.timedelta(seconds=1)},
        {"pins": {}, "unpinned_since": timezone.now() - datetime.timedelta(days=31)},
    ],
)
def test_a_publisher_that_is_off_expired_or_never_pinned_does_not_match(client, world, change):
    Publisher.objects.filter(pk=world.publisher.pk).update(**change)
    assert refusal(mint(client, world.token()))[0] == "invalid-publisher"


# -- narrowing -----------------------------------------------------------------------------------------------------


def test_a_token_covers_every_project_that_trusts_the_workflow(client, world):
    world.add(world.create("another"), pins={})
    world.add(world.create("unrelated"), values={"workflow_filename": "other.yml"})
    assert mint(client, world.token()).json()["projects"] == ["another", "sampleproject"]


def test_projects_narrow_it(client, world):
    world.add(world.create("An.other"))
    body = mint(client, world.token(), projects=["an_OTHER"]).json()
    assert body["projects"] == ["an-other"]


def test_a_project_that_does_not_match_is_refused_as_one_that_does_not_exist(client, world):
    world.create("secretproject")
    said = {}
    for name in ("secretproject", "nosuchproject"):
        code, said[name] = refusal(mint(client, world.token(), projects=["sampleproject", name]))
        assert code == "invalid-publisher"
    assert said["secretproject"].replace("secretproject", "nosuchproject") == said["nosuchproject"]


def test_at_most_a_hundred_projects_those_uploaded_to_first(client, world):
    for number in range(105):
        world.add(world.create(f"bulk{number:03d}x"))
    late = world.add(world.create("late-but-used"), first_upload_at=timezone.now())
    projects = mint(client, world.token()).json()["projects"]
    assert len(projects) == 100
    assert late.normalized_name in projects


def test_the_most_constrained_publisher_is_credited_and_ties_go_to_the_oldest(client, world):
    narrow = world.add(world.project, values={"environment": "pypi"})
    world.add(world.project, values={"ref": "refs/heads/main"})
    mint(
        client,
        world.token(
            environment="pypi",
            ref="refs/heads/main",
            workflow_ref="octo-org/sampleproject/.github/workflows/release.yml@refs/heads/main",
            job_workflow_ref="octo-org/sampleproject/.github/workflows/release.yml@refs/heads/main",
        ),
    )
    assert UploadToken.objects.get().grants[0]["publisher"] == narrow.pk


# -- pins ----------------------------------------------------------------------------------------------------------


def test_pins_are_learned_at_the_first_granted_exchange(client, world):
    Publisher.objects.filter(pk=world.publisher.pk).update(pins={}, unpinned_since=timezone.now())
    assert mint(client, world.token()).status_code == 200
    world.publisher.refresh_from_db()
    assert world.publisher.pins == {"repository_owner_id": "65", "repository_id": "74"}
    assert world.publisher.unpinned_since is None


@pytest.mark.parametrize("claims", [{"repository_id": "75"}, {"repository_owner_id": "1"}, {"repository_id": None}])
def test_another_id_or_none_is_refused_and_nothing_expected_is_told(client, world, claims):
    world.publisher.values["environment"] = "secret-environment"
    world.publisher.save()
    code, said = refusal(mint(client, world.token(**claims)))
    assert code == "invalid-publisher"
    assert "registered id" in said
    assert "secret-environment" not in said
    assert "65" not in said
    assert "74" not in said


def test_two_first_exchanges_at_once_pin_the_same_ids(client, world):
    Publisher.objects.filter(pk=world.publisher.pk).update(pins={})
    tokens = [world.token() for _ in range(4)]
    assert at_once(tokens) == [200] * 4
    world.publisher.refresh_from_db()
    assert world.publisher.pins == {"repository_owner_id": "65", "repository_id": "74"}


# -- pending publishers --------------------------------------------------------------------------------------------


def test_a_pending_publisher_is_covered_under_its_waiting_name(client, world):
    world.add("Brand.New")
    body = mint(client, world.token()).json()
    assert body["projects"] == ["brand-new", "sampleproject"]
    assert not Event.objects.filter(project_name="brand-new").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [("sampleproject", "taken"), ("sampIeproject", "similar"), ("json", "allowed"), ("forbidden", "allowed")],
)
def test_a_waiting_name_that_is_no_longer_free_is_refused_with_the_reason(client, world, name, why):
    ProhibitedName.objects.create(name="forbidden")
    world.publisher.delete()
    world.add(name)
    code, said = refusal(mint(client, world.token()))
    assert code == "invalid-pending-publisher"
    assert why in said


def test_a_waiting_name_that_is_not_free_stops_nothing_else(client, world):
    world.add("sampleproject2")
    world.create("sampleproject2")
    world.add("sampIeproject")
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


def test_a_pending_publisher_expires(client, world):
    late = world.add("brand-new")
    Publisher.objects.filter(pk=late.pk).update(created_at=timezone.now() - datetime.timedelta(days=31))
    assert mint(client, world.token()).json()["projects"] == ["sampleproject"]


# -- what kills a token --------------------------------------------------------------------------------------------


def test_removing_the_credited_publisher_kills_the_token(client, world):
    text = mint(client, world.token()).json()["token"]
    world.publisher.delete()
    assert not lives(text)


def test_a_token_dies_project_by_project(client, world):
    other = world.add(world.create("another"))
    text = mint(client, world.token()).json()["token"]
    world.publisher.delete()
    assert lives(text)
    assert list(UploadTokenCredential(UploadToken.objects.get()).publishers) == ["another"]
    other.enabled = False
    other.save()
    assert not lives(text)


@pytest.mark.parametrize(
    "edit",
    [
        lambda publisher: publisher.values.update(environment="pypi"),
        lambda publisher: setattr(publisher, "enabled", False),
        lambda publisher: setattr(publisher, "expires_at", timezone.now()),
    ],
)
def test_editing_switching_off_or_expiring_the_publisher_kills_the_token(client, world, edit):
    text = mint(client, world.token()).json()["token"]
    edit(world.publisher)
    world.publisher.save()
    assert not lives(text)


def test_a_new_label_does_not_kill_the_token(client, world):
    text = mint(client, world.token()).json()["token"]
    world.publisher.label = "release"
    world.publisher.save()
    assert lives(text)


def test_switching_the_issuer_off_kills_the_token(client, world):
    text = mint(client, world.token()).json()["token"]
    world.issuer.enabled = False
    world.issuer.save()
    assert not lives(text)


def test_switching_oidc_off_kills_the_token_while_it_lasts(client, world, settings):
    text = mint(client, world.token()).json()["token"]
    settings.OIDC_ENABLED = False
    assert not lives(text)
    settings.OIDC_ENABLED = True
    assert lives(text)


def test_an_expired_token_is_dead(client, world):
    text = mint(client, world.token()).json()["token"]
    UploadToken.objects.update(expires_at=timezone.now())
    assert not lives(text)


def test_burning_kills_the_token_and_leaves_one_event(client, world):
    text = mint(client, world.token()).json()["token"]
    for _ in range(2):
        response = client.post("/_/oidc/burn-token", json.dumps({"token": text}), content_type="application/json")
        assert (response.status_code, response.json()) == (202, {"message": "Accepted"})
    assert not lives(text)
    assert Event.objects.filter(tag="project:oidc:upload-token-burnt").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    ["x", "gth_tp_" + "0" * 49, secrets.new("tp"), secrets.new("api"), "\u0000"],
    ids=["no token", "a misspelt token", "a token that never was", "an API token", "NUL"],
)
def test_burning_noise_answers_the_same_and_writes_nothing(client, text):
    with CaptureQueriesContext(connection) as captured:
        response = client.post("/_/oidc/burn-token", {"token": text}, content_type="application/json")
    assert response.status_code in {202, 422}
    assert not [query for query in captured if not query["sql"].startswith("SELECT")]


# -- the edges of the endpoints ------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_while_oidc_is_off_only_burning_works(client, settings):
    settings.OIDC_ENABLED = False
    for response in (client.get("/_/oidc/audience"), mint(client, "a.b.c")):
        assert response.status_code == 403
        assert response.json()["message"] == "Trusted publishing functionality not enabled"
        assert response.json()["errors"][0]["code"] == "not-enabled"
    assert client.get("/.well-known/pytp?discover=%2Flegacy%2F").status_code == 404
    burn = client.post("/_/oidc/burn-token", {"token": secrets.new("tp")}, content_type="application/json")
    assert burn.status_code == 202


def test_discovery_names_the_endpoints(client):
    response = client.get("/.well-known/pytp?discover=%2Flegacy%2F")
    assert response["Content-Type"] == "application/vnd.pypi.pytp.v1+json"
    assert response.json() == {
        "audience-endpoint": "https://localhost:8443/_/oidc/audience",
        "token-mint-endpoint": "https://localhost:8443/_/oidc/mint-token",
        "features": ["single-use-token", "multi-use-token"],
        "default-features": ["multi-use-token"],
    }


@pytest.mark.parametrize("query", ["", "?discover=", "?discover=%2Flegacy", "?discover=%2Fsimple%2F", "?discover=%00"])
def test_discovery_of_another_path_is_not_found(client, query):
    response = client.get("/.well-known/pytp" + query)
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "status", "media"),
    [
        ("application/vnd.pypi.pytp.v1+json", 422, "application/problem+json"),
        ("application/json", 422, "application/json"),
        ("*/*", 422, "application/json"),
        ("text/html", 406, "application/problem+json"),
    ],
)
@pytest.mark.django_db
def test_an_error_comes_in_the_type_that_is_accepted(client, accept, status, media):
    response = client.post(MINT, b"{}", content_type="application/json", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (status, media)
    body = response.json()
    assert body["errors"][0]["code"]
    if media == "application/problem+json":
        assert body.keys() >= {"type", "title", "status", "detail"}
        assert body["status"] == status


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", MINT, "POST"),
        ("OPTIONS", MINT, "POST"),
        ("PUT", MINT, "POST"),
        ("POST", "/_/oidc/audience", "GET"),
        ("GET", "/_/oidc/burn-token", "POST"),
    ],
)
def test_another_method_is_told_which_one(client, method, path, allow):
    response = client.generic(method, path)
    assert response.status_code == 405
    assert allow in response["Allow"]
    assert response.json()["errors"][0]["code"] == "method-not-allowed"
    assert response["Cache-Control"] == "no-store"


def test_a_body_without_a_length_is_411(client):
    response = client.generic("POST", MINT, b"", CONTENT_LENGTH="")
    assert response.status_code == 411
    assert response.json()["errors"]


def test_a_body_over_64_kib_is_413(client):
    response = client.generic("POST", MINT, b" " * 65537, content_type="application/json")
    assert response.status_code == 413
    assert response.json()["errors"]


# -- at the same moment --------------------------------------------------------------------------------------------


def at_once(tokens):
    """Mint with all tokens at the same moment, each on its own thread; the statuses, sorted."""
    barrier, statuses = threading.Barrier(len(tokens)), []

    def run(token):
        try:
            barrier.wait()
            statuses.append(mint(Client(), token).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(token,)) for token in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


def test_of_many_identical_exchanges_at_once_one_is_granted(world):
    token = world.token()
    assert at_once([token] * 8) == [200] + [422] * 7
    assert UploadToken.objects.count() == 1
    assert Exchange.objects.get().replays == 7
