"""Requests made up from the API's own document, the same each time: never a 500, and answers that fit the document."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks

from publishers import fetch
from publishers.fetch import FetchFailed
from publishers.models import Issuer, Publisher
from registry.models import Event, Project
from registry.wsgi import application
from tests.factories import TESTER, make_project, make_release, make_user
from tests.registry.api.asking import asker
from tokens.models import ApiToken, Exchange

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def connection_of_the_test() -> Iterator[None]:
    """The application, called as a server calls it, would close the test's connection after each request."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


FEW = settings(
    max_examples=4,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}


@pytest.fixture
def ids(monkeypatch) -> dict[str, Any]:
    """What the addresses' parameters may name, by the words of the addresses."""

    def down(url, **_options):
        raise FetchFailed("The provider's API cannot be reached.")

    monkeypatch.setattr(fetch, "get_json", down)
    alice = make_user("alice")
    project = make_project("sampleproject", alice)
    make_release(project)
    issuer = Issuer.objects.get(url="https://token.actions.githubusercontent.com")
    generic = Issuer.objects.create(url="https://ci.example.com", provider="generic", identity_claims=["sub"])
    publisher = Publisher.objects.create(issuer=issuer, project=project, values=FIELDS, added_by=alice)
    rules = {"sub": "x", "claims": [{"claim": "ref", "glob": "refs/tags/v*"}]}
    Publisher.objects.create(issuer=generic, project=project, values=rules)
    pending = Publisher.objects.create(issuer=issuer, project_name="brand-new", values=FIELDS, added_by=alice)
    check = {"claim": "ref", "expected": None, "actual": ["a"], "ok": False}
    record = {"project": "sampleproject", "publisher": publisher.pk, "fields": FIELDS, "dead": None, "checks": [check]}
    exchange = Exchange.objects.create(outcome="refused", issuer=issuer, provider="github", checks=[record])
    Event.objects.record("project:oidc:exchange-refused", TESTER, project=project, exchange=str(exchange.pk))
    asker(alice, "upload", days=5)
    return {
        "publishers": publisher.pk,
        "pending-publishers": pending.pk,
        "exchanges": str(exchange.pk),
        "tokens": ApiToken.objects.get().pk,
    }


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("scope", ["manage", "read"])
def test_answers_fit_the_document(ids, scope, mode):
    token = str(asker(Project.objects.get(name="sampleproject").owners().get(), scope).token)
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", application)
    for found in schema.get_all_operations():
        operation = cast(Any, found).ok()
        for known in known_parameters(operation.path, ids):
            try_out(operation, token, mode, known)


def known_parameters(path: str, ids: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
    """Parameters of the address that name what stands; then whatever comes."""
    known = {"name": "sampleproject"} if "{name}" in path else {}
    if "{id}" in path:
        known["id"] = ids[path.split("/")[-3]]
    if known:
        yield known
    yield None


def try_out(operation: Any, token: str, mode: GenerationMode, known: dict[str, Any] | None) -> None:
    """Ask, and leave things as they were."""

    @FEW
    @given(case=operation.as_strategy(generation_mode=mode, path_parameters=known))
    def asked(case: Any) -> None:
        with transaction.atomic():
            case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=CHECKS)
            transaction.set_rollback(True)

    asked()
