"""What the API says of itself."""

from pathlib import Path

import pytest
import yaml

from registry.api import documents
from tests.factories import make_user
from tests.machine import needs_chromium
from tests.registry.api.asking import Asker, asker, refused
from tests.windows import fits

pytestmark = pytest.mark.django_db

COMMITTED = Path(__file__).resolve().parents[3] / "docs" / "openapi.yaml"


def test_the_committed_document_is_what_is_served():
    served = Asker()("GET", "schema/")
    assert served["Content-Type"] == "application/vnd.oai.openapi+json"
    assert served.json() == yaml.safe_load(COMMITTED.read_text())


@pytest.mark.parametrize("accepted", ["application/vnd.oai.openapi+json", "application/json", "*/*"])
def test_it_is_given_to_who_asks_for_it_by_name(accepted):
    served = Asker()("GET", "schema/", HTTP_ACCEPT=accepted)
    assert (served.status_code, served["Content-Type"]) == (200, "application/vnd.oai.openapi+json")


def test_every_operation_has_a_name_and_says_what_it_does():
    operations = [one for path in documents.document()["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    assert len(names) == len(set(names)) == 22
    assert all(one["description"] and {"bearer": []} in one["security"] for one in operations)


def test_a_closed_registry_tells_it_to_those_it_knows(client, settings):
    settings.ANONYMOUS_READ = False
    alice = make_user("alice")
    refused(Asker()("GET", "schema/"), 401)
    for scope in ("read", "manage", "download"):
        asker(alice, scope).get("schema/")
    refused(asker(alice, "upload")("GET", "schema/"), 403)
    assert client.get("/api/v1/docs/").status_code == 302
    client.force_login(alice)
    assert client.get("/api/v1/docs/").status_code == 200


@needs_chromium
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_draws_it_and_keeps_to_the_policy(live_server, page, width):
    said = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.locator(".opblock-summary-path").first.wait_for()
    assert page.locator(".opblock").count() == 22
    page.locator(".opblock-summary").first.click()
    page.locator(".opblock-body").first.wait_for()
    page.wait_for_timeout(300)
    assert not [line for line in said if line.startswith(("error", "warning"))]
    assert fits(page)
