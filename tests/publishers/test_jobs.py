"""The job to copy is the documents' own, with this registry's and the publisher's names in it."""

import pytest
import yaml

from publishers import jobs
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS
from tests.publishers.providers.samples import FIELDS

ODD = ["pypi", "a: b # c", 'q"uo\\te', "true", "No", "007", "-x", "ümläut", "a'b", "{x}", "*"]


def publisher(provider: str, **values: str) -> Publisher:
    kind = PROVIDERS[provider]
    claims = {"identity_claims": ["repository", "workflow"]} if provider == "generic" else {}
    issuer = Issuer(url=kind.default_issuer or "https://ci.example.com", provider=provider, **claims)
    return Publisher(issuer=issuer, project_name="x", values={**FIELDS.get(provider, {}), **values})


def code(job: jobs.Job) -> list[str]:
    return ["\n".join(line.text for line in part.lines) for part in job.parts if part.lines]


def first_yaml(one: Publisher):
    return yaml.safe_load(code(jobs.of(one)[0])[0])


@pytest.fixture(autouse=True)
def here(settings):
    settings.SITE_URL, settings.OIDC_AUDIENCE = "https://index.acme.test:8443", "index.acme.test:8443"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_has_a_job_with_this_registrys_names(provider):
    shown = jobs.of(publisher(provider))
    text = "\n".join(block for job in shown for block in code(job))
    assert "index.acme.test:8443" in text
    assert "packages.example" not in text.lower()
    assert "PACKAGES_EXAMPLE" not in text
    assert [line for job in shown for part in job.parts for line in part.lines if line.matters]


@pytest.mark.parametrize("provider", [name for name, kind in PROVIDERS.items() if kind.known_to_id])
def test_twine_is_told_of_where_its_token_can_be_had(provider):
    titles = [job.title for job in jobs.of(publisher(provider))]
    assert "The job, with uv" in titles
    assert len([title for title in titles if "twine" in title]) == 1


@pytest.mark.parametrize("environment", ODD)
def test_githubs_jobs_may_ask_for_their_token_in_the_publishers_environment(environment):
    uv, action, _ = jobs.of(publisher("github", environment=environment))
    for job in (uv, action):
        publish = yaml.safe_load(code(job)[0])["jobs"]["publish"]
        assert publish["environment"] == environment
        assert publish["permissions"]["id-token"] == "write"
    assert publish["steps"][-1]["with"]["repository-url"] == "https://index.acme.test:8443/legacy/"


@pytest.mark.parametrize("environment", ODD)
def test_gitlabs_job_asks_for_this_registrys_audience(environment):
    publish = first_yaml(publisher("gitlab", environment=environment))["publish"]
    assert publish["id_tokens"] == {"INDEX_ACME_TEST_8443_ID_TOKEN": {"aud": "index.acme.test:8443"}}
    assert publish["environment"] == environment


def test_an_issuers_own_audience_is_asked_for():
    one = publisher("gitlab")
    one.issuer.audience = "urn:acme"
    assert first_yaml(one)["publish"]["id_tokens"] == {"URN_ACME_ID_TOKEN": {"aud": "urn:acme"}}


def test_what_the_publisher_does_not_name_is_left_out():
    assert "environment" not in first_yaml(publisher("github"))["jobs"]["publish"]
    assert "key" not in first_yaml(publisher("buildkite"))["steps"][0]
    assert first_yaml(publisher("buildkite", step_key="release"))["steps"][0]["key"] == "release"


def test_the_account_of_google_is_the_publishers():
    text = "\n".join(block for job in jobs.of(publisher("google", email="me@acme.example")) for block in code(job))
    assert "GOOGLE_SERVICE_ACCOUNT_NAME=me@acme.example" in text
    assert "publisher@acme.iam" not in text


@pytest.mark.parametrize(
    ("provider", "file"), [("github", ".github/workflows/release.yml"), ("gitlab", ".gitlab-ci.yml"), ("google", "")]
)
def test_the_file_that_holds_the_job(provider, file):
    values = {"workflow_filename": "release.yml", "workflow_filepath": ".gitlab-ci.yml"}
    assert jobs.file_of(publisher(provider, **values)) == file


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_a_provider_says_of_its_job_stands_on_its_page(provider):
    kind = PROVIDERS[provider]
    page = (jobs.DOCS / "providers" / f"{provider}.md").read_text()
    assert [shown for shown in kind.in_job.values() if shown not in page] == []
