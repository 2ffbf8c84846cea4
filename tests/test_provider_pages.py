"""Each provider's page names its fields, and the job on it can be copied as it stands."""

import importlib
import re
import tomllib
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from publishers import matching, sentences
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher
from publishers.presets import PRESETS
from publishers.providers import PROVIDERS
from tests.publishers.providers.samples import FIELDS, sample_of

PAGES = Path(__file__).parent.parent / "docs" / "providers"
AUDIENCE = "packages.example.com"
UPLOAD = f"https://{AUDIENCE}/legacy/"
WITHOUT_A_JOB = {"activestate", "generic"}
# How a job whose token uv does not find by itself gets an upload token, and uploads with it.
MINTS = (
    f"answer=$(curl -sS -X POST https://{AUDIENCE}/_/oidc/mint-token -d ",
    "UV_PUBLISH_TOKEN=$(printf '%s' \"$answer\" | python3 -c 'import json, sys",
    'print(said.get("token") or sys.exit(said["errors"][0]["description"]))\')',
    "export UV_PUBLISH_TOKEN",
    f"uv publish --publish-url {UPLOAD}",
)
UV = f"uv publish --trusted-publishing always --publish-url {UPLOAD}"


def page_of(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def job_of(name: str) -> Any:
    """The first YAML block of the page, or the script where there is no job."""
    page = page_of(name)
    if name not in WITHOUT_A_JOB:
        return yaml.safe_load(block(page, "yaml"))
    return block(page, "sh" if name == "generic" else "text")


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


def check_generic(script: str) -> None:
    """What every job does with its token, whatever gave it to it."""
    assert [line for line in MINTS if line not in script] == []
    assert f"twine upload --repository-url {UPLOAD} dist/*" in script


CHECKS: dict[str, Callable[[Any], None]] = {
    "github": check_github,
    "gitlab": check_gitlab,
    "buildkite": check_buildkite,
    "circleci": check_circleci,
    "google": check_google,
    "activestate": check_activestate,
    "generic": check_generic,
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


# -- presets ------------------------------------------------------------


def check_kubernetes(page: str) -> None:
    """The token in the file is for this registry, and is the one that the script reads."""
    pod = yaml.safe_load(block(page, "yaml"))["spec"]["template"]["spec"]
    (volume,) = [volume["projected"]["sources"] for volume in pod["volumes"] if "projected" in volume]
    token = volume[0]["serviceAccountToken"]
    assert token["audience"] == AUDIENCE
    assert 600 <= token["expirationSeconds"] <= PRESETS["kubernetes"].max_token_age
    (mounted,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == "packages-token"]
    assert f"$(cat {mounted['mountPath']}/{token['path']})" in script_of("kubernetes")
    assert pod["serviceAccountName"] == FIELDS["kubernetes"]["sub"].rpartition(":")[2]
    assert pod["automountServiceAccountToken"] is False


def check_forgejo(page: str) -> None:
    """One job may ask, and asks for this registry's audience."""
    workflow = yaml.safe_load(block(page, "yaml"))
    assert workflow["jobs"]["publish"]["enable-openid-connect"] is True
    assert "enable-openid-connect" not in workflow
    assert set(workflow[True]) == {"push"}  # PyYAML reads `on` as true
    assert f'"$ACTIONS_ID_TOKEN_REQUEST_URL&audience={AUDIENCE}"' in script_of("forgejo")


def check_semaphore(page: str) -> None:
    """The job has its token without asking; the issuer's audience is the organization's address."""
    assert yaml.safe_load(block(page, "yaml"))["version"] == "v1.0"
    assert "$SEMAPHORE_OIDC_TOKEN" in script_of("semaphore")
    assert issuer_of("semaphore")["audience"] == issuer_of("semaphore")["url"]


def check_bitbucket(page: str) -> None:
    """The step asks for a token, for no audience of its own, in a deployment environment."""
    (step,) = yaml.safe_load(block(page, "yaml"))["pipelines"]["tags"]["v*"]
    assert step["step"]["oidc"] is True
    assert step["step"]["deployment"]
    assert "$BITBUCKET_STEP_OIDC_TOKEN" in script_of("bitbucket")
    assert issuer_of("bitbucket")["audience"].startswith("ari:cloud:bitbucket::workspace/")


def check_jenkins(page: str) -> None:
    """The credential is bound, and its audience is this registry's."""
    assert "string(credentialsId: 'packages', variable: 'IDENTITY')" in block(page, "groovy")
    assert f"the audience\n`{AUDIENCE}`" in page
    assert "set +x" in script_of("jenkins")


PRESET_CHECKS: dict[str, Callable[[str], None]] = {
    "kubernetes": check_kubernetes,
    "forgejo": check_forgejo,
    "semaphore": check_semaphore,
    "bitbucket": check_bitbucket,
    "jenkins": check_jenkins,
}


def script_of(name: str) -> str:
    """What the page's job runs, as the shell reads it."""
    page = page_of(name)
    if name == "jenkins":
        found = re.search(r"sh '''\n(.*?)'''", block(page, "groovy"), re.DOTALL)
        assert found is not None
        return found[1].replace("\\\\", "\\")  # Groovy's own escapes
    job = yaml.safe_load(block(page, "yaml"))
    found_in: dict[str, Callable[[Any], list[str]]] = {
        "kubernetes": lambda job: job["spec"]["template"]["spec"]["containers"][0]["args"],
        "forgejo": lambda job: [step["run"] for step in job["jobs"]["publish"]["steps"]],
        "semaphore": lambda job: job["blocks"][0]["task"]["jobs"][0]["commands"],
        "bitbucket": lambda job: job["pipelines"]["tags"]["v*"][0]["step"]["script"],
    }
    return "\n".join(found_in[name](job))


def tables_of(page: str) -> list[dict[str, Any]]:
    """What the page shows of an apply file."""
    return [tomllib.loads(found) for found in re.findall(r"^```toml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)]


def issuer_of(name: str) -> dict[str, Any]:
    """The issuer in the page's apply file."""
    (issuer,) = tables_of(page_of(name))[0]["issuer"]
    return dict(issuer)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_a_page_that_says_the_same(name):
    preset, page, issuer = PRESETS[name], page_of(name), issuer_of(name)
    assert preset.page == f"docs/providers/{name}.md"
    assert f"<{preset.source}>" in page
    assert f"| preset | `{name}` |" in page
    for claim in preset.identity_claims:
        assert f"| `{claim}` ★ |" in page
    assert [claim for claim in preset.pinned_claims if f"`{claim}`" not in page] == []
    assert tuple(issuer["identity_claims"]) == preset.identity_claims
    assert tuple(issuer.get("pinned_claims", ())) == preset.pinned_claims
    assert issuer.get("reuse", "once") == preset.reuse
    assert issuer.get("max_token_age", 3600) == preset.max_token_age
    assert ("audience" in issuer) is bool(preset.audience)


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_job_mints_and_publishes_to_this_registry(name):
    script = script_of(name)
    assert [line for line in MINTS if line not in script] == []
    PRESET_CHECKS[name](page_of(name))


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["generic", *PRESETS])
def test_the_pages_apply_file_can_be_applied(name, tmp_path):
    issuer, publisher = (re.findall(r"^```toml\n(.*?)^```$", page_of(name), re.DOTALL | re.MULTILINE))[:2]
    who = '[[user]]\nusername = "alice"\nemail = "a@example.com"\n[[project]]\nname = "tool"\nowners = ["alice"]\n'
    (tmp_path / "file.toml").write_text(f"{issuer}\n{who}\n{publisher}")
    call_command("apply", str(tmp_path / "file.toml"), stdout=StringIO())
    added = Publisher.objects.get()
    if name in PRESETS:
        expected = {field: FIELDS[name][field] for field in PRESETS[name].identity_claims}
        assert {field: added.values[field] for field in expected} == expected


def test_the_generic_page_names_every_preset():
    page = page_of("generic")
    assert [name for name in PRESETS if f"]({name}.md)" not in page] == []


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
PRESETS_REFUSED = [
    ("kubernetes", {"claims": [{"claim": "/kubernetes.io/pod/name", "glob": "publish-*"}]}, {}),
    ("kubernetes", {}, {"kubernetes.io": {"namespace": "my-namespace"}}),
    ("forgejo", {}, {"repository_owner_id": None}),
    ("forgejo", {}, {"ref": "refs/heads/main"}),
    ("forgejo", {}, {"event_name": "pull_request_target"}),
    ("semaphore", {}, {"ref_type": None}),
    ("semaphore", {}, {"job_type": "debug_job"}),
    ("bitbucket", {}, {"deploymentEnvironmentUuid": None}),
    ("bitbucket", {}, {"branchName": "feature"}),
]


def refusal_of(name: str, values: dict[str, Any], claims: dict[str, Any]) -> str:
    """What is said of the sample of the provider's own test."""
    sample = importlib.import_module(f"tests.publishers.providers.test_{name}")
    issuer = Issuer(url=sample.ISSUER, provider=name)
    return refusal_at(issuer, {**sample.FIELDS, **values}, {**sample.CLAIMS, **claims})


def refusal_at(issuer: Issuer, values: dict[str, Any], claims: dict[str, Any]) -> str:
    """What is said of a token at an issuer, which has one publisher."""
    publisher = Publisher(issuer=issuer, project_name="x", values=values)
    publisher.project_id = 1
    try:
        reading = issuer.kind.read(claims)
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


@pytest.mark.parametrize(("name", "values", "claims"), PRESETS_REFUSED)
def test_a_presets_page_quotes_what_is_really_said(name, values, claims):
    sample = sample_of(name)
    sentence = refusal_at(sample.issuer, {**sample.fields, **values}, {**sample.claims, **claims})
    assert [quote for quote in quoted(page_of(name)) if re.fullmatch(quote, sentence)], sentence


@pytest.mark.parametrize(
    ("rules", "claims"),
    [
        ([], {"workflow": None}),
        ([], {"repository": 7}),
        ([{"claim": "ref", "glob": "refs/tags/v*"}], {"ref": "refs/heads/main"}),
        ([{"claim": "ref", "glob": "refs/tags/v*"}], {}),
        ([{"claim": "build", "equals": "production"}], {"build": {"environment": "production"}}),
    ],
)
def test_the_generic_page_quotes_what_is_really_said(rules, claims):
    issuer = Issuer(url="https://ci.example.com", provider="generic", identity_claims=["repository", "workflow"])
    known = {"repository": "acme/tool", "workflow": "release.yml"}
    sentence = refusal_at(issuer, {**known, "claims": rules}, {**known, **claims})
    assert [quote for quote in quoted(page_of("generic")) if re.fullmatch(quote, sentence)], sentence
