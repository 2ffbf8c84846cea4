"""Whatever is sent, the answer is a problem document that says what is wrong; never a 500."""

import pytest
from django.db import OperationalError

from registry import switches
from registry.api import projects
from tests.factories import TESTER, make_project, make_user
from tests.registry.api.asking import Asker, asker, refused

pytestmark = pytest.mark.django_db

PATH = "projects/sampleproject/publishers/"


@pytest.fixture
def ask():
    alice = make_user("alice")
    make_project("sampleproject", alice)
    return asker(alice, "manage", "read")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 30_000,
        b'{"a":' * 10_000,
        b'{"provider": "github", "provider": "gitlab"}',
        b'{"provider": NaN}',
        b'{"provider": 1e999}',
        b'{"provider": ' + b"9" * 5000 + b"}",
        b'{"provider": "\\ud800"}',
        b'{"provider": "git\\u0000hub"}',
        b'{"\\u0000": 1}',
        b'{"provider": {"a": []}}',
        b'{"provider": "github", "owner": {"a": 1}, "repository": [], "workflow_filename": 12345678901234567890}',
        b'{"provider": "github", "expires_at": "9999-12-31T23:59:59-23:59"}',
        b'{"provider": "github", "expires_at": "0001-01-01T00:00:00+14:00"}',
        b'{"provider": "github", "issuer": "' + b"x" * 5000 + b'"}',
        b'{"provider": "generic", "claims": "x"}',
        b'{"provider": "generic", "claims": [[1], {"a": 1}, null, {"claim": {}, "equals": []}]}',
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", PATH), ("POST", "pending-publishers/")])
def test_a_body_that_cannot_be_used(ask, method, path, body):
    refused(ask(method, path, body), 400)


def test_a_body_that_is_too_large(ask):
    refused(ask("POST", PATH, b'{"label": "' + b"x" * 70_000 + b'"}'), 413)


def test_a_body_whose_length_nobody_said(ask):
    answer = ask("PATCH", "projects/sampleproject/", HTTP_TRANSFER_ENCODING="chunked")
    refused(answer, 411)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "x", ""])
def test_another_kind_of_body(ask, kind):
    answer = ask.client.post(f"/api/v1/{PATH}", b"a=1", content_type=kind, HTTP_AUTHORIZATION=f"Bearer {ask.token}")
    refused(answer, 415)


def test_json_only(ask):
    refused(ask("GET", "projects/", HTTP_ACCEPT="text/html"), 406)
    ask.get("projects/", HTTP_ACCEPT="text/html,application/xhtml+xml,*/*;q=0.8")


def test_an_empty_accept_takes_anything(ask):
    assert ask("GET", "projects/", HTTP_ACCEPT="").status_code == 200


@pytest.mark.parametrize(("method", "path"), [("OPTIONS", "tokens/"), ("PUT", "tokens/"), ("FOO", "tokens/1/")])
def test_allow_names_what_is_answered(ask, method, path):
    answer = ask(method, path)
    refused(answer, 405)
    assert answer["Allow"] == ("GET, HEAD" if path == "tokens/" else "GET, DELETE, HEAD")


def test_what_is_switched_off_is_a_problem_too(ask):
    switches.switch_off(switches.WRITING, "We move house.", TESTER)
    answer = ask("PATCH", "projects/sampleproject/", {"status": "archived"})
    problem = refused(answer, 503)
    assert (problem["code"], answer["Retry-After"]) == ("read-only", "300")
    assert problem["detail"].endswith(" We move house.")


@pytest.mark.parametrize("path", ["/api/", "/api/v1/", "/api/v2/projects/", "/api/v1/projects", "/api/v1/nothing/%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_address(method, path):
    assert "slash" in refused(Asker()(method, path), 404)["detail"]


def test_a_wrong_host_is_told_to_programs(client):
    answer = client.get("/api/v1/projects/", HTTP_HOST="evil.example.com")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize(
    "query",
    [
        "tag=%00",
        "created_after=x",
        "created_after=0001-01-01T00:00:00%2B14:00",
        "created_before=9999-12-31T23:59:59-14:00",
        "since=x",
        "since=-99999999999999999999999",
        "since=%00",
        f"since={'9' * 5000}",
    ],
)
def test_a_wrong_filter_is_named(ask, query):
    errors = refused(ask("GET", f"projects/sampleproject/events/?{query}"), 400)["errors"]
    assert list(errors) == [query.partition("=")[0]]


@pytest.mark.parametrize(
    "query", ["outcome=perhaps", "provider=x", "publisher=x", "publisher=1e400", "publisher=0", "since=7", "code=%00"]
)
def test_a_wrong_filter_of_exchanges_is_named(ask, query):
    errors = refused(ask("GET", f"projects/sampleproject/exchanges/?{query}"), 400)["errors"]
    assert list(errors) == [query.partition("=")[0]]


@pytest.mark.parametrize("number", ["99999999999999999999999999", "9" * 5000])
def test_a_huge_id_is_nobodys(ask, number):
    for path in (PATH, "pending-publishers/", "tokens/"):
        refused(ask("GET", f"{path}{number}/"), 404)


def test_a_database_that_cannot_be_had_is_a_503(ask, monkeypatch):
    def busy(*_args):
        raise OperationalError("database is locked")

    monkeypatch.setattr(projects, "latest_versions", busy)
    answer = ask("GET", "projects/")
    assert (refused(answer, 503)["detail"], answer["Retry-After"]) == (
        "The registry is busy; try again in a few seconds.",
        "5",
    )


def test_head_says_the_length_only(ask):
    answer = ask("HEAD", "projects/")
    assert (answer.status_code, answer.content) == (200, b"")
