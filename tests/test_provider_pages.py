"""Each provider's page names its fields, and the job on it can be copied as it stands."""

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from publishers import matching, sentences
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher
from publishers.providers import PROVIDERS

PAGES = Path(__file__).parent.parent / "docs" / "providers"
AUDIENCE = "packages.example.com"
UPLOAD = f"https://{AUDIENCE}/legacy/"
WITHOUT_A_JOB = {"activestate"}
UV = f"uv publish --trusted-publishing always --publish-url {UPLOAD}"


def page_of(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def job_of(name: str) -> Any:
    """The first YAML block of the page, or the script where there is no job."""
    page = page_of(name)
    return block(page, "text") if name in WITHOUT_A_JOB else yaml.safe_load(block(page, "yaml"))


def block(page: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert found is not None, f"there is no {language} block"
    return found[1]


def texts(document: Any) -> list[str]:
    """Every line of every text in a YAML document."""
    if isinstance(document, str):
        return [line.strip() for line in document.splitlines()]
    members = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
    return [line for member in members for line in texts(member)]


def check_github(job: Any) -> None:
    publish = job["jobs"]["publish"]
    assert publish["permissions"]["id-token"] == "write"
    assert publish["environment"]
    # PyYAML reads YAML 1.1, where the bare word `on` is true.
    assert "pull_request_target" not in job[True]


def check_gitlab(job: Any) -> None:
    """The variable's name is the one that clients derive from the audience."""
    variable = re.sub("[^A-Z0-9]", "_", AUDIENCE.upper()) + "_ID_TOKEN"
    assert job["publish"]["id_tokens"] == {variable: {"aud": AUDIENCE}}
    assert job["publish"]["environment"]
    assert job["publish"]["stage"] in job["stages"]


def check_buildkite(job: Any) -> None:
    """The ids are asked for before the token is."""
    (step,) = job["steps"]
    asks = "export BUILDKITE_OIDC_TOKEN_CLAIMS=organization_id,pipeline_id"
    assert step["commands"].index(asks) < step["commands"].index(UV)
    assert step["key"]


def check_circleci(job: Any) -> None:
    """The job of the workflow is the one that publishes, in a context."""
    (used,) = job["workflows"]["release"]["jobs"]
    assert used["publish"]["context"]
    assert UV in texts(job["jobs"]["publish"])
    assert 'circleci run oidc get --claims \'{"aud": "packages.example.com"}\'' in block(page_of("circleci"), "sh")


def check_google(job: Any) -> None:
    """The account that the build runs as is the one whose token is asked for."""
    account = job["serviceAccount"].rpartition("/")[2]
    assert job["steps"][0]["env"] == [f"GOOGLE_SERVICE_ACCOUNT_NAME={account}"]
    assert f"--audiences={AUDIENCE} --include-email" in block(page_of("google"), "sh")


def check_activestate(script: str) -> None:
    """It publishes by itself, from a build script that is not YAML."""
    assert f'audience = "{AUDIENCE}"' in script
    assert f'pypi_uri = "{AUDIENCE}"' in script


CHECKS: dict[str, Callable[[Any], None]] = {
    "github": check_github,
    "gitlab": check_gitlab,
    "buildkite": check_buildkite,
    "circleci": check_circleci,
    "google": check_google,
    "activestate": check_activestate,
}


@pytest.mark.parametrize("name", PROVIDERS)
def test_every_provider_has_a_page_with_its_fields_and_ids(name):
    page, kind = page_of(name), PROVIDERS[name]
    wanted = [part.name for part in kind.fields] + [pin.name for pin in kind.pins] + [kind.name]
    assert [word for word in wanted if f"`{word}`" not in page] == []
    assert kind.default_issuer in page
    for part in kind.fields:
        assert (f"| `{part.name}` ★ |" in page) is part.identity, part.name


@pytest.mark.parametrize("name", [name for name in PROVIDERS if name not in WITHOUT_A_JOB])
def test_the_job_publishes_to_this_registry(name):
    assert UV in texts(job_of(name))


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_job_may_ask_for_its_identity_token(name):
    CHECKS[name](job_of(name))


# -- what it says ------------------------------------------------------------

# What a publisher wants beside its identity, and in what the token differs from the documented sample.
REFUSED = [
    ("github", {"workflow_filename": "publish.yml"}, {}),
    ("github", {"environment": "pypi"}, {"environment": ""}),
    ("github", {}, {"job_workflow_ref": "octo-org/shared/.github/workflows/publish.yml@refs/tags/v3"}),
    ("github", {"protected_ref_only": True}, {"ref_protected": "false"}),
    ("github", {}, {"event_name": "pull_request_target"}),
    ("github", {}, {"repository": "other/octo-repo"}),
    ("gitlab", {"workflow_filepath": "ci/release.yml"}, {}),
    ("gitlab", {"environment": "production"}, {"environment": None}),
    ("gitlab", {"protected_ref_only": True}, {}),
    ("gitlab", {"version_tag": "v{version}"}, {}),
    ("gitlab", {}, {"ci_config_ref_uri": None}),
    ("gitlab", {}, {"ci_config_ref_uri": "gitlab.com/a/b//.gitlab-ci.yml@refs/heads/feature-branch-1"}),
    ("gitlab", {}, {"sub": "project_path:a/b:ref_type:branch:ref:main"}),
    ("buildkite", {"tag": "v*"}, {"build_tag": None}),
    ("buildkite", {"step_key": "publish"}, {"step_key": None}),
    ("circleci", {}, {"oidc.circleci.com/vcs-origin": "github.com/fork/repo-1"}),
    ("circleci", {}, {"oidc.circleci.com/vcs-origin": None}),
    ("circleci", {"context_id": "00000000-0000-4000-8000-000000000000"}, {}),
    ("circleci", {}, {"oidc.circleci.com/ssh-rerun": True}),
    ("circleci", {}, {"oidc.circleci.com/ssh-rerun": None}),
    ("google", {}, {"email": None}),
    ("google", {}, {"email_verified": False}),
    ("activestate", {"actor": "alice"}, {"actor": "bob"}),
    ("activestate", {}, {"builder": "wheel-builder"}),
    ("activestate", {}, {"sub": "org:acme-org:project:other"}),
]


def refusal_of(name: str, values: dict[str, Any], claims: dict[str, Any]) -> str:
    """What is said of the sample of the provider's own test."""
    sample = importlib.import_module(f"tests.publishers.providers.test_{name}")
    issuer = Issuer(url=sample.ISSUER, provider=name)
    publisher = Publisher(issuer=issuer, project_name="x", values={**sample.FIELDS, **values})
    publisher.project_id = 1
    try:
        reading = issuer.kind.read({**sample.CLAIMS, **claims})
    except InvalidToken as refused:
        return refused.description
    unmet = [sentences.unmet(check) for check in matching.hold(publisher, reading).checks if not check.ok]
    return issuer.kind.forbid(reading) or unmet[0]


def quoted(page: str) -> list[str]:
    """What the first column of the table of refusals quotes, as regular expressions: … stands for anything."""
    table = page.partition("## When it is refused")[2]
    said = re.findall(r"^\| “(.*?)” \|", table, re.MULTILINE)
    return [".*".join(re.escape(piece.strip()) for piece in sentence.split("…")) for sentence in said]


@pytest.mark.parametrize(("name", "values", "claims"), REFUSED)
def test_the_page_quotes_what_is_really_said(name, values, claims):
    sentence = refusal_of(name, values, claims)
    assert [quote for quote in quoted(page_of(name)) if re.fullmatch(quote, sentence)], sentence
