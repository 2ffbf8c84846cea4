"""From a refusal to the form that would have the token trusted."""

import re
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.utils import timezone

from publishers import matching
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
from tests.tokens.pages.conftest import text_of
from tokens import disclosure
from tokens.pages import fixes

PUBLISHING = "/manage/project/sampleproject/settings/publishing/"
PLACE = {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"}
WORKFLOWS = "octo-org/sampleproject/.github/workflows"


def offered(gate, exchange, name="alice"):
    """The links of a refusal's page: their words, paths and queries."""
    page = text_of(gate.as_(name).get(f"/manage/project/sampleproject/exchanges/{exchange.pk}/"))
    links = re.findall(r'<a class="button(?: quiet)?" href="([^"]*)">([^<]*)</a>', page)
    return {unescape(words): read(unescape(url)) for url, words in links}


def read(url):
    parts = urlsplit(url)
    return parts.path, dict(parse_qsl(parts.query, keep_blank_values=True))


@pytest.fixture
def edit(gate):
    return f"{PUBLISHING}{gate.world.publisher.pk}/"


def new(gate, **fields):
    issuer = {"provider": "github", "issuer_url": gate.world.issuer.url}
    return PUBLISHING, {**issuer, **PLACE, **fields}


def of_workflow(file, **claims):
    ref = f"{WORKFLOWS}/{file}@refs/heads/main"
    return {"workflow_ref": ref, "job_workflow_ref": ref, **claims}


# -- what differs --------------------------------------------------------------------------------------------------


def test_another_workflow(gate, edit):
    assert offered(gate, gate.exchange(**of_workflow("ci.yml"))) == {
        "Trust workflow file ci.yml": (edit, {"workflow_filename": "ci.yml"}),
        "Add a publisher for octo-org/sampleproject · ci.yml": new(gate, workflow_filename="ci.yml"),
    }


def test_another_environment(gate, edit):
    gate.narrow(environment="pypi")
    assert offered(gate, gate.exchange(environment="staging")) == {
        "Use environment staging": (edit, {"environment": "staging"}),
        "Add a publisher for octo-org/sampleproject · release.yml · environment staging": new(
            gate, environment="staging"
        ),
    }


def test_no_environment(gate, edit):
    gate.narrow(environment="pypi")
    links = offered(gate, gate.exchange(environment=None))
    assert links["Empty “Environment”"] == (edit, {"environment": ""})


def test_several_at_once(gate, edit):
    gate.narrow(environment="pypi", event_names=["push", "release"], protected_ref_only=True)
    links = offered(
        gate,
        gate.exchange(
            **of_workflow("ci.yml", environment="staging", event_name="workflow_dispatch", ref_protected="false")
        ),
    )
    words = (
        "Trust workflow file ci.yml, use environment staging, add workflow_dispatch to “Events”, "
        "unset “Protected refs only”"
    )
    changed = {
        "workflow_filename": "ci.yml",
        "environment": "staging",
        "event_names": "push, release, workflow_dispatch",
    }
    assert links.pop(words) == (edit, {**changed, "protected_ref_only": ""})
    assert list(links.values()) == [new(gate, **changed)]


def test_another_ref(gate, edit):
    gate.narrow(ref="refs/tags/v*")
    links = offered(gate, gate.exchange())
    assert links["Use ref refs/heads/main"] == (edit, {"ref": "refs/heads/main"})


def test_a_tag_of_another_form_is_for_a_person_to_say(gate, edit):
    gate.narrow(version_tag="v{version}")
    claims = {"ref": "refs/tags/1.0", "ref_type": "tag"}
    ref = f"{WORKFLOWS}/release.yml@refs/tags/1.0"
    links = offered(gate, gate.exchange(workflow_ref=ref, job_workflow_ref=ref, **claims))
    assert links == {"Change “Version tag”": (edit, {})}


def test_a_reusable_workflow(gate, edit):
    called = "octo-org/shared/.github/workflows/publish.yml@refs/heads/main"
    links = offered(gate, gate.exchange(job_workflow_ref=called))
    assert links[f"Use reusable workflow {called}"] == (edit, {"reusable_workflow": called})


def test_a_publisher_that_is_off_or_over(gate, edit):
    Publisher.objects.update(enabled=False, expires_at=timezone.now())
    links = offered(gate, gate.exchange())
    assert links == {"Let the publisher work again": (edit, {"enabled": "on", "expires_at": ""})}


def test_a_new_name(gate, edit):
    ref = "octo-org/newname/.github/workflows/release.yml@refs/heads/main"
    links = offered(gate, gate.exchange(repository="octo-org/newname", workflow_ref=ref, job_workflow_ref=ref))
    assert links == {
        "Accept the new name octo-org/newname": (edit, {"owner": "octo-org", "repository": "newname"}),
        "Add a publisher for octo-org/newname": new(gate, repository="newname"),
    }


def test_other_ids_fill_in_nothing(gate, edit):
    gate.narrow(environment="pypi")
    links = offered(gate, gate.exchange(repository_id="4711", environment="staging"))
    assert links == {"Open the publisher": (edit, {})}


# -- who, and what they may see ------------------------------------------------------------------------------------


def test_only_owners_are_offered_them(gate):
    assert offered(gate, gate.exchange(**of_workflow("ci.yml")), name="carol") == {}


@pytest.mark.parametrize(
    ("signup_open", "uploaded", "fills_in"), [(False, False, True), (True, False, False), (True, True, True)]
)
def test_only_what_the_project_may_see_is_filled_in(gate, settings, edit, signup_open, uploaded, fills_in):
    settings.SIGNUP_OPEN = signup_open
    Publisher.objects.update(first_upload_at=timezone.now() if uploaded else None)
    links = offered(gate, gate.exchange(**of_workflow("hidden.yml")))
    assert ("hidden.yml" in str(links)) is fills_in
    if not fills_in:
        assert links == {"Open the publisher": (edit, {})}


def test_what_trusts_the_token_by_now_needs_no_fix(gate):
    gate.narrow(environment="pypi")
    exchange = gate.exchange(environment="staging")
    gate.narrow(environment="staging")
    assert offered(gate, exchange) == {}
    page = text_of(gate.as_("alice").get(f"/manage/project/sampleproject/exchanges/{exchange.pk}/"))
    assert "would trust this token now" in page


def test_a_link_changes_nothing(gate):
    gate.narrow(environment="pypi")
    exchange = gate.exchange(environment="staging")
    before = list(Publisher.objects.values())
    offered(gate, exchange)
    assert list(Publisher.objects.values()) == before


# -- wildcards -----------------------------------------------------------------------------------------------------


LONG = "refs/heads/" + "a" * 300


@pytest.mark.parametrize("said", ["refs/heads/*", "refs/heads/a?", "no-ref", ["refs/heads/main"], LONG])
def test_a_value_that_the_form_would_read_otherwise_is_not_filled_in(gate, said):
    gate.narrow(ref="refs/tags/v*")
    reading = {**gate.world.issuer.kind.read(gate.world.local.github_claims()), "ref": said}
    comparison = disclosure.of_match(matching.hold(gate.world.publisher, reading))
    (fix,) = fixes.offered(gate.world.publisher, comparison, reading)
    assert fix.words == "Change “Ref”"
    assert read(fix.url)[1] == {}


# -- every provider ------------------------------------------------------------------------------------------------

VALUES = {
    "github": PLACE,
    "gitlab": {"namespace": "acme", "project": "tool", "workflow_filepath": ".gitlab-ci.yml"},
    "google": {"email": "ci@acme.iam.gserviceaccount.com"},
    "activestate": {"organization": "acme", "project": "tool", "actor": "ci"},
    "buildkite": {"organization_slug": "acme", "pipeline_slug": "tool"},
    "circleci": {
        "org_id": "9b1f7f5c-4a1c-4a0f-8a51-6f0a5f1f6c11",
        "project_id": "0d5a1a4e-8d3c-4a6e-9a2e-3f3f6f5a2b22",
        "vcs_origin": "github.com/acme/tool",
    },
}
CONSTRAINED = {
    "github": ("environment", "pypi", "staging"),
    "gitlab": ("environment", "pypi", "staging"),
    "google": ("sub", "1001", "1002"),
    "activestate": ("actor", "ci", "eve"),
    "buildkite": ("branch", "main", "side"),
    "circleci": ("vcs_ref", "refs/heads/main", "refs/heads/side"),
}


def test_every_provider_with_fields_of_its_own_is_tried():
    assert set(VALUES) == {name for name, kind in PROVIDERS.items() if not kind.names_claims}


@pytest.mark.parametrize("provider", VALUES)
def test_each_providers_own_fields_are_filled_in(gate, provider):
    name, expected, said = CONSTRAINED[provider]
    issuer = Issuer.objects.get(provider=provider, url=PROVIDERS[provider].default_issuer)
    values = {**VALUES[provider], name: expected}
    publisher = Publisher.objects.create(issuer=issuer, project=gate.world.project, values=values)
    reading = {**values, "reusable_workflow": "w", "workflow_ref": "w", name: said}
    edit, add = fixes.offered(publisher, disclosure.of_match(matching.hold(publisher, reading)), reading)
    assert read(edit.url) == (f"{PUBLISHING}{publisher.pk}/", {name: said})
    assert read(add.url) == (PUBLISHING, {"provider": provider, "issuer_url": issuer.url, **values, name: said})


def test_a_rule_about_a_claim_is_for_a_person_to_change(gate):
    issuer = Issuer.objects.create(url="https://ci.example.com", provider="generic", identity_claims=["sub"])
    sub, rules = (part.name for part in issuer.kind.fields)
    values = {sub: "job:1", rules: [{"claim": "ref", "equals": "main"}]}
    publisher = Publisher.objects.create(issuer=issuer, project=gate.world.project, values=values)
    reading = issuer.kind.read({"sub": "job:1", "ref": "side"})
    (fix,) = fixes.offered(publisher, disclosure.of_match(matching.hold(publisher, reading)), reading)
    assert (fix.words, read(fix.url)) == ("Change what is wanted of ref", (f"{PUBLISHING}{publisher.pk}/", {}))


# -- guessing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("guess", ["wrong", "their-secret"])
def test_whoever_changes_a_publisher_cannot_guess_what_the_token_said(gate, settings, edit, guess):
    settings.SIGNUP_OPEN = True
    gate.narrow(environment="pypi")
    exchange = gate.exchange(environment="their-secret")
    gate.narrow(environment=guess)
    assert offered(gate, exchange) == {"Open the publisher": (edit, {})}


def test_ids_that_were_cleared_since_open_nothing(gate, edit):
    gate.narrow(environment="pypi")
    exchange = gate.exchange(repository_id="4711", environment="their-secret")
    Publisher.objects.update(pins={}, pinned_identity="")
    assert offered(gate, exchange) == {"Open the publisher": (edit, {})}
