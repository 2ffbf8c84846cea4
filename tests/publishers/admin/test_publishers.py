"""Publishers in the admin: the place first, then the provider's own fields."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
from publishers.providers.base import Ask, LookupFailed, UnknownIdentity
from publishers.providers.github import GitHub
from registry.models import Event, Project, User
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

ADD = "/admin/publishers/publisher/add/"
FIELDS = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
FORM = {**FIELDS, "enabled": "on"}


class Known(GitHub):
    """GitHub, whose API answers without a network, and which notes whether a transaction was open meanwhile."""

    in_transaction: list[bool] = []

    def lookup(self, values: Any, ask: Ask) -> dict[str, str]:
        self.in_transaction.append(connection.in_atomic_block)
        if values["owner"] == "nobody":
            raise UnknownIdentity("owner", "GitHub knows no user or organization nobody.")
        if values["owner"] == "later":
            raise LookupFailed("GitHub's API answered with status 403.")
        return {"repository_owner_id": "65"}


@pytest.fixture(autouse=True)
def api(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    monkeypatch.setitem(PROVIDERS, "github", Known)
    monkeypatch.setattr(Known, "in_transaction", [])
    return Known.in_transaction


@pytest.fixture
def project() -> Project:
    return make_project("sampleproject", make_user("alice"))


def place(**changes: Any) -> str:
    issuer = Issuer.objects.get(url=GitHub.default_issuer)
    return f"{ADD}?{urlencode({'issuer': issuer.pk, 'project_name': 'sampleproject', **changes})}"


def tags() -> list[str]:
    return list(Event.objects.filter(actor_name="boss").order_by("pk").values_list("tag", flat=True))


def add(client: Client, **changes: Any) -> Publisher:
    answer = client.post(place(), {**FORM, **changes})
    assert answer.status_code == 302, answer.content.decode()
    return Publisher.objects.latest("pk")


@pytest.mark.usefixtures("boss")
def test_the_place_comes_first(client: Client, project: Project):
    page = client.get(ADD).content.decode()
    assert 'name="issuer"' in page
    assert 'name="workflow_filename"' not in page
    page = client.get(place()).content.decode()
    assert 'name="workflow_filename"' in page
    assert "for the project sampleproject" in page
    assert 'name="project_name"' not in page


@pytest.mark.usefixtures("boss", "project")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"issuer": 0}, "Select a valid choice"),
        ({"project_name": ""}, "This field is required"),
        ({"project_name": "brand-new"}, "There is no project brand-new. Name the user who waits for it."),
        ({"project_name": "brand-new", "username": "nobody"}, "There is no user nobody."),
        ({"username": "alice"}, "The project sampleproject exists; nobody waits for it."),
    ],
)
def test_a_wrong_place_is_refused(client: Client, changes: dict[str, Any], sentence: str):
    answer = client.post(place(**changes), FORM)
    assert sentence in answer.content.decode()
    assert not Publisher.objects.exists()


@pytest.mark.usefixtures("project")
def test_a_publisher_is_added_with_its_ids_and_an_event(client: Client, boss: User):
    publisher = add(client, environment="pypi", event_names="push, release", hosted_runner_only="on")
    assert publisher.values == {
        **FIELDS,
        "environment": "pypi",
        "event_names": ["push", "release"],
        "hosted_runner_only": True,
    }
    assert publisher.pins == {"repository_owner_id": "65"}
    assert publisher.added_by == boss
    assert tags() == ["project:oidc:publisher-added"]


@pytest.mark.usefixtures("boss")
def test_a_pending_publisher_is_added_for_its_user(client: Client, project: Project):
    there = place(project_name="brand-new", username="alice")
    assert 'value="brand-new"' in client.get(there).content.decode()
    assert client.post(there, {**FORM, "project_name": "brand-new"}).status_code == 302
    publisher = Publisher.objects.get()
    assert (publisher.is_pending, publisher.project_name) == (True, "brand-new")
    assert publisher.added_by == User.objects.get(username="alice")
    assert tags() == ["account:oidc:pending-publisher-added"]


@pytest.mark.django_db(transaction=True)
def test_the_network_is_not_asked_inside_a_transaction(client: Client, boss: User, api: list[bool]):
    make_project("sampleproject", make_user("alice"))
    publisher = add(client)
    client.post(f"/admin/publishers/publisher/{publisher.pk}/change/", {**FORM, "repository": "moved"})
    assert api == [False, False]


@pytest.mark.usefixtures("boss", "project")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"owner": ""}, "Owner is required."),
        ({"workflow_filename": "release"}, "ends in .yml or .yaml"),
        ({"owner": "nobody"}, "GitHub knows no user or organization nobody."),
        ({"owner": "later"}, "Pin at first use instead"),
    ],
)
def test_a_wrong_publisher_is_refused_in_the_form(client: Client, changes: dict[str, Any], sentence: str):
    answer = client.post(place(), {**FORM, **changes})
    assert sentence in answer.content.decode()
    assert not Publisher.objects.exists()


@pytest.mark.usefixtures("boss", "project")
def test_an_api_that_fails_may_be_passed_over(client: Client):
    publisher = add(client, owner="later", pin_at_first_use="on")
    assert publisher.pins == {}
    assert publisher.unpinned_since is not None


@pytest.mark.usefixtures("boss", "project")
def test_the_same_publisher_twice_is_refused(client: Client):
    add(client, label="main")
    answer = client.post(place(), FORM)
    assert "This publisher is registered already: &#x27;main&#x27;." in answer.content.decode()


@pytest.mark.usefixtures("boss", "project")
def test_a_publisher_is_changed_and_stays_where_it_is(client: Client):
    publisher = add(client)
    page = f"/admin/publishers/publisher/{publisher.pk}/change/"
    assert 'value="octo-org"' in client.get(page).content.decode()
    other = Issuer.objects.create(url="https://ghe.example.com", provider="github")
    answer = client.post(f"{page}?issuer={other.pk}", {**FORM, "environment": "pypi", "issuer": other.pk})
    assert answer.status_code == 302
    before = publisher.fingerprint
    publisher.refresh_from_db()
    assert publisher.values["environment"] == "pypi"
    assert publisher.issuer.url == GitHub.default_issuer
    assert publisher.fingerprint != before
    assert tags() == ["project:oidc:publisher-added", "project:oidc:publisher-changed"]


@pytest.mark.usefixtures("boss", "project")
def test_ids_are_forgotten_by_an_action(client: Client):
    publisher = add(client)
    client.post("/admin/publishers/publisher/", {"action": "forget_ids", "_selected_action": [str(publisher.pk)]})
    publisher.refresh_from_db()
    assert publisher.pins == {}
    assert tags()[-1] == "project:oidc:publisher-changed"


@pytest.mark.usefixtures("boss", "project")
@pytest.mark.parametrize("how", ["page", "list"])
def test_deleting_leaves_an_event(client: Client, how: str):
    publisher = add(client)
    if how == "page":
        client.post(f"/admin/publishers/publisher/{publisher.pk}/delete/", {"post": "yes"})
    else:
        said = {"action": "delete_selected", "_selected_action": [str(publisher.pk)], "post": "yes"}
        client.post("/admin/publishers/publisher/", said)
    assert not Publisher.objects.exists()
    assert tags() == ["project:oidc:publisher-added", "project:oidc:publisher-removed"]


@pytest.mark.usefixtures("project")
def test_who_may_only_look_changes_nothing(client: Client, boss: User):
    publisher = add(client)
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_publisher"))
    client.force_login(helper)
    page = f"/admin/publishers/publisher/{publisher.pk}/change/"
    text = client.get(page).content.decode()
    assert "octo-org" in text
    assert 'name="_save"' not in text
    assert client.post(page, FORM).status_code == 403
    assert client.get(ADD).status_code == 403
    assert client.post(place(), FORM).status_code == 403


@pytest.mark.usefixtures("boss")
def test_a_form_without_its_secret_is_refused(project: Project):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="boss"))
    assert strict.post(place(), FORM).status_code == 403
    assert not Publisher.objects.exists()


@pytest.mark.usefixtures("boss")
@pytest.mark.parametrize("pk", ["999", "x"])
def test_what_is_not_there_is_not_found(client: Client, pk: str):
    assert client.get(f"/admin/publishers/publisher/{pk}/change/").status_code == 404


@pytest.mark.usefixtures("boss")
def test_what_a_maintainer_should_know_of_a_publisher_is_shown(client: Client, project: Project):
    buildkite = Issuer.objects.get(provider="buildkite")
    values = {"organization_slug": "acme-inc", "pipeline_slug": "sampleproject"}
    publisher = Publisher.objects.create(issuer=buildkite, project=project, values=values)
    page = client.get(f"/admin/publishers/publisher/{publisher.pk}/change/").content.decode()
    assert "Not protected against a reused name: no organization_id and no pipeline_id is recorded." in page


# -- the generic provider ------------------------------------------------------------


@pytest.fixture
def generic() -> Issuer:
    return Issuer.objects.create(
        url="https://issuer.example.com",
        provider="generic",
        identity_claims=["repository", "/build/file"],
        pinned_claims=["/owner/id"],
    )


RULES = {
    "claims-0-claim": "ref",
    "claims-0-how": "glob",
    "claims-0-text": "refs/tags/v*",
    "claims-1-claim": "",
    "claims-1-how": "equals",
    "claims-1-text": "",
}
GENERIC = {"repository": "acme/tool", "/build/file": "release.yml", "enabled": "on", **RULES}


def generic_place(issuer: Issuer, **query: str) -> str:
    return f"{ADD}?{urlencode({'issuer': issuer.pk, 'project_name': 'sampleproject', **query})}"


@pytest.mark.usefixtures("boss", "project")
def test_a_generic_issuers_claims_are_asked_and_saved(client: Client, generic: Issuer):
    page = client.get(generic_place(generic, repository="acme/tool")).content.decode()
    assert 'name="repository" value="acme/tool"' in page
    for name in ("/build/file", "claims-0-claim", "claims-2-text", "/owner/id"):
        assert f'name="{name}"' in page
    assert "rules.css" in page
    assert client.post(generic_place(generic), GENERIC).status_code == 302
    publisher = Publisher.objects.get()
    assert publisher.values == {
        "repository": "acme/tool",
        "/build/file": "release.yml",
        "claims": [{"claim": "ref", "glob": "refs/tags/v*"}],
    }
    change = f"/admin/publishers/publisher/{publisher.pk}/change/"
    assert 'value="refs/tags/v*"' in client.get(change).content.decode()
    assert client.post(change, {**GENERIC, "claims-0-claim": "", "claims-0-text": ""}).status_code == 302
    publisher.refresh_from_db()
    assert "claims" not in publisher.values
    assert "No further claim narrows this publisher" in client.get(change).content.decode()


@pytest.mark.usefixtures("boss", "project")
def test_a_wrong_rule_is_refused_with_its_row(client: Client, generic: Issuer):
    page = client.post(generic_place(generic), {**GENERIC, "claims-0-text": "*"}).content.decode()
    assert "Rule 1 (ref): A pattern must begin with literal text" in page
    assert 'value="ref"' in page
    assert not Publisher.objects.exists()


@pytest.mark.usefixtures("boss", "project")
def test_a_publisher_of_other_claims_than_its_issuers_can_be_seen_and_mended(client: Client, generic: Issuer):
    client.post(generic_place(generic), GENERIC)
    Issuer.objects.filter(pk=generic.pk).update(identity_claims=["sub"])
    publisher = Publisher.objects.get()
    change = f"/admin/publishers/publisher/{publisher.pk}/change/"
    assert client.get("/admin/publishers/publisher/").status_code == 200
    assert client.get(change).status_code == 200
    assert client.post(change, {**GENERIC, "sub": "a workload"}).status_code == 302
    publisher.refresh_from_db()
    assert publisher.values["sub"] == "a workload"
