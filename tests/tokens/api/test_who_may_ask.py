"""Every address of the API, asked with every kind of credential."""

import pytest

from publishers.models import Issuer, Publisher
from registry.models import Event, Project, User
from registry.roles import remove_role, set_role
from tests.factories import TESTER, make_project, make_user
from tests.registry.api.asking import Asker, asker, refused
from tokens import secrets
from tokens.creating import create_api_token
from tokens.models import ApiToken, Exchange, UploadToken
from tokens.revoking import revoke_api_token

pytestmark = pytest.mark.django_db

FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
BODY = {"provider": "github", **FIELDS, "pin_at_first_use": True}
OTHER_BODY = {**BODY, "workflow_filename": "other.yml"}

# The credentials, in the order of the columns below.
CREDENTIALS = (
    "nothing", "noise", "upload token", "upload", "download", "read", "manage", "of another project", "of this project",
    "a maintainer's", "a reading maintainer's", "a stranger's", "dead",
)  # fmt: skip
TABLE = """
GET    projects/                                401 401 403 403 403 200 200 200 200 200 200 200 401
GET    projects/sampleproject/                  401 401 403 403 403 200 200 404 200 200 200 404 401
PATCH  projects/sampleproject/                  401 401 403 403 403 403 200 404 200 403 403 404 401
GET    projects/sampleproject/publishers/       401 401 403 403 403 200 200 404 200 200 200 404 401
POST   projects/sampleproject/publishers/       401 401 403 403 403 403 201 404 201 403 403 404 401
GET    projects/sampleproject/publishers/ID/    401 401 403 403 403 200 200 404 200 200 200 404 401
PUT    projects/sampleproject/publishers/ID/    401 401 403 403 403 403 200 404 200 403 403 404 401
PATCH  projects/sampleproject/publishers/ID/    401 401 403 403 403 403 200 404 200 403 403 404 401
DELETE projects/sampleproject/publishers/ID/    401 401 403 403 403 403 204 404 204 403 403 404 401
GET    projects/sampleproject/exchanges/        401 401 403 403 403 200 200 404 200 200 200 404 401
GET    projects/sampleproject/exchanges/XID/    401 401 403 403 403 200 200 404 200 200 200 404 401
GET    projects/sampleproject/events/           401 401 403 403 403 200 200 404 200 200 200 404 401
GET    pending-publishers/                      401 401 403 403 403 200 200 403 403 200 200 200 401
POST   pending-publishers/                      401 401 403 403 403 403 201 403 403 201 403 201 401
GET    pending-publishers/PID/                  401 401 403 403 403 200 200 403 403 404 404 404 401
PUT    pending-publishers/PID/                  401 401 403 403 403 403 200 403 403 404 403 404 401
PATCH  pending-publishers/PID/                  401 401 403 403 403 403 200 403 403 404 403 404 401
DELETE pending-publishers/PID/                  401 401 403 403 403 403 204 403 403 404 403 404 401
GET    tokens/                                  401 401 403 403 403 200 200 403 403 200 200 200 401
POST   tokens/                                  405 405 405 405 405 405 405 405 405 405 405 405 405
GET    tokens/TID/                              401 401 403 403 403 200 200 403 403 404 404 404 401
DELETE tokens/TID/                              401 401 403 403 403 403 204 403 403 404 403 404 401
GET    providers/                               401 401 403 403 403 200 200 200 200 200 200 200 401
POST   providers/                               405 405 405 405 405 405 405 405 405 405 405 405 405
DELETE projects/sampleproject/                  405 405 405 405 405 405 405 405 405 405 405 405 405
OPTIONS projects/                               405 405 405 405 405 405 405 405 405 405 405 405 405
GET    schema/                                  200 401 200 200 200 200 200 200 200 200 200 200 401
GET    nothing/                                 404 404 404 404 404 404 404 404 404 404 404 404 404
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]
CASES = [
    (row[0], row[1], credential, int(status))
    for row in ROWS
    for credential, status in zip(CREDENTIALS, row[2:], strict=True)
]


@pytest.fixture
def ids():
    """A project of alice with a publisher, an exchange, and bob as maintainer; what else she has."""
    alice, bob = make_user("alice"), make_user("bob")
    project = make_project("sampleproject", alice)
    make_project("other", alice)
    set_role(project, bob, "maintainer", actor=TESTER)
    issuer = Issuer.objects.get(url="https://token.actions.githubusercontent.com")
    publisher = Publisher.objects.create(issuer=issuer, project=project, values=FIELDS, added_by=alice)
    pending = Publisher.objects.create(issuer=issuer, project_name="brand-new", values=FIELDS, added_by=alice)
    exchange = Exchange.objects.create(outcome="granted", issuer=issuer, issuer_url=issuer.url, provider="github")
    Event.objects.record("project:oidc:exchange-granted", TESTER, project=project, exchange=str(exchange.pk))
    create_api_token(alice, name="old", scopes=["read"], actor=TESTER)
    return {"ID": publisher.pk, "PID": pending.pk, "XID": exchange.pk, "TID": ApiToken.objects.get().pk}


def asker_with(credential: str) -> Asker:
    alice, bob = User.objects.get(username="alice"), User.objects.get(username="bob")
    project, other = (Project.objects.get(name=name) for name in ("sampleproject", "other"))
    made = {
        "nothing": lambda: Asker(),
        "noise": lambda: Asker("gth_api_noise"),
        "upload token": lambda: Asker(upload_token(project)),
        "upload": lambda: asker(alice, "upload"),
        "download": lambda: asker(alice, "download"),
        "read": lambda: asker(alice, "read"),
        "manage": lambda: asker(alice, "manage"),
        "of another project": lambda: asker(alice, "manage", projects=[other]),
        "of this project": lambda: asker(alice, "manage", projects=[project]),
        "a maintainer's": lambda: asker(bob, "manage"),
        "a reading maintainer's": lambda: asker(bob, "read"),
        "a stranger's": lambda: asker(make_user("carol"), "manage"),
        "dead": lambda: dead(alice),
    }
    return made[credential]()


def upload_token(project) -> str:
    import datetime

    from django.utils import timezone

    text, publisher = secrets.new(secrets.UPLOAD), project.publishers.get()
    later = timezone.now() + datetime.timedelta(minutes=5)
    grants = [{"project": "sampleproject", "publisher": publisher.pk, "generation": 0, "version": None}]
    UploadToken.objects.create(
        digest=secrets.digest(text),
        issuer=publisher.issuer,
        issuer_url=publisher.issuer.url,
        redeemed="x",
        redeemed_until=later,
        expires_at=later,
        grants=grants,
    )
    return text


def dead(user) -> Asker:
    made = asker(user, "manage", "read")
    user.is_active = False
    user.save()
    return made


BODIES = {"projects/sampleproject/": {"status": "archived"}, "pending-publishers/": {**BODY, "project_name": "newer"}}


def body_of(method: str, path: str):
    if method in {"GET", "DELETE", "OPTIONS"}:
        return None
    if method == "PATCH" and "publishers" in path:
        return {"label": "other"}
    return BODIES.get(path, OTHER_BODY)


@pytest.mark.parametrize(("method", "path", "credential", "status"), CASES)
def test_what_is_answered(ids, method, path, credential, status):
    address = "/".join(str(ids.get(part, part)) for part in path.split("/"))
    answer = asker_with(credential)(method, address, body_of(method, path))
    assert answer.status_code == status, answer.content
    if status >= 400:
        refused(answer, status)
    if status == 401:
        assert answer["WWW-Authenticate"] == 'Basic realm="package registry"'


@pytest.mark.parametrize(
    ("credential", "method", "path", "sentence"),
    [
        ("upload", "GET", "projects/", "This token has no scope 'read' or 'manage'."),
        ("upload token", "GET", "projects/", "This token has no scope 'read' or 'manage'."),
        ("read", "PATCH", "projects/sampleproject/", "This token has no scope 'manage'."),
        ("download", "GET", "projects/sampleproject/events/", "This token has no scope 'read' or 'manage'."),
        ("of this project", "GET", "tokens/", "limited to some projects"),
        ("a maintainer's", "PATCH", "projects/sampleproject/", "Only an owner"),
        ("nothing", "GET", "projects/", "Send an API token with the scope 'read' or 'manage'."),
        ("of another project", "GET", "projects/sampleproject/", "You have no project of this name."),
        ("manage", "GET", "projects/missing/", "You have no project of this name."),
    ],
)
@pytest.mark.usefixtures("ids")
def test_why_is_said(credential, method, path, sentence):
    answer = asker_with(credential)(method, path, body_of(method, path))
    assert sentence in answer.json()["detail"]


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}"])
@pytest.mark.usefixtures("ids")
def test_tokens_come_as_bearer_or_as_password(scheme):
    from base64 import b64encode

    asking = asker_with("read")
    asking.get("projects/", HTTP_AUTHORIZATION=scheme.format(asking.token))
    basic = b64encode(f"__token__:{asking.token}".encode()).decode()
    asking.get("projects/", HTTP_AUTHORIZATION=f"Basic {basic}")


@pytest.mark.usefixtures("ids")
def test_a_limited_token_lists_its_project_only():
    assert [one["name"] for one in asker_with("of another project").get("projects/")["results"]] == ["other"]
    assert len(asker_with("manage").get("projects/")["results"]) == 2
    assert [one["role"] for one in asker_with("a maintainer's").get("projects/")["results"]] == ["maintainer"]


def expire(token):
    ApiToken.objects.filter(pk=token.pk).update(expires_at=token.created_at)


def deactivate(token):
    User.objects.filter(pk=token.user_id).update(is_active=False)


def revoke(token):
    revoke_api_token(token, "Lost.", TESTER)


@pytest.mark.parametrize("end", [expire, deactivate, revoke])
@pytest.mark.parametrize("path", ["projects/", "projects/sampleproject/events/", "tokens/", "providers/", "schema/"])
@pytest.mark.usefixtures("ids")
def test_a_token_that_ended_opens_nothing(end, path):
    asking = asker(User.objects.get(username="alice"), "manage", "read")
    asking.get(path)
    end(ApiToken.objects.latest("pk"))
    refused(asking("GET", path), 401)


@pytest.mark.usefixtures("ids")
def test_who_loses_the_role_loses_the_project():
    bob, project = User.objects.get(username="bob"), Project.objects.get(name="sampleproject")
    asking = asker(bob, "read")
    limited = asker(bob, "read", projects=[project])
    for one in (asking, limited):
        one.get("projects/sampleproject/events/")
    remove_role(project, bob, actor=TESTER)
    for one in (asking, limited):
        refused(one("GET", "projects/sampleproject/events/"), 404)
        assert one.get("projects/")["results"] == []


@pytest.mark.usefixtures("ids")
def test_a_token_whose_projects_are_gone_does_not_reach_the_others():
    other = Project.objects.get(name="other")
    asking = asker(User.objects.get(username="alice"), "read", projects=[other])
    other.delete()
    assert asking.get("projects/")["results"] == []
    refused(asking("GET", "projects/sampleproject/"), 404)
