"""GitHub's rules, as data: which claims a publisher matches."""

import pytest

from publishers import matching
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher
from publishers.providers.base import Links

ISSUER = "https://token.actions.githubusercontent.com"
SHA = "5be0e8d1d6cfe58a1cf8c46b0d1b7bd2a2bf9c3d"

# The documented sample (GitHub docs, "OpenID Connect reference"), with the workflow of a release.
CLAIMS = {
    "jti": "example-id",
    "sub": "repo:octo-org/octo-repo:environment:prod",
    "environment": "prod",
    "aud": "https://github.com/octo-org",
    "ref": "refs/heads/main",
    "sha": SHA,
    "repository": "octo-org/octo-repo",
    "repository_owner": "octo-org",
    "actor_id": "12",
    "repository_visibility": "private",
    "repository_id": "74",
    "repository_owner_id": "65",
    "run_id": "example-run-id",
    "run_number": "10",
    "run_attempt": "2",
    "runner_environment": "github-hosted",
    "actor": "octocat",
    "workflow": "example-workflow",
    "head_ref": "",
    "base_ref": "",
    "event_name": "workflow_dispatch",
    "ref_type": "branch",
    "ref_protected": "true",
    "workflow_ref": "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
    "job_workflow_ref": "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main",
    "iss": ISSUER,
}
TAG = {
    "ref": "refs/tags/v1.2",
    "ref_type": "tag",
    "workflow_ref": "octo-org/octo-repo/.github/workflows/release.yml@refs/tags/v1.2",
    "job_workflow_ref": "octo-org/octo-repo/.github/workflows/release.yml@refs/tags/v1.2",
}
FIELDS = {"owner": "octo-org", "repository": "octo-repo", "workflow_filename": "release.yml"}
AT_COMMIT = {
    "workflow_ref": f"octo-org/octo-repo/.github/workflows/release.yml@{SHA}",
    "job_workflow_ref": f"octo-org/octo-repo/.github/workflows/release.yml@{SHA}",
}
EVERYTHING = {
    "environment": "prod",
    "reusable_workflow": "octo-org/octo-repo/.github/workflows/release.yml@refs/tags/v*",
    "ref": "refs/tags/v*",
    "version_tag": "v{version}",
    "event_names": ["workflow_dispatch"],
    "protected_ref_only": True,
    "hosted_runner_only": True,
}
REUSABLE = "octo-org/shared/.github/workflows/publish.yml@refs/tags/v3"


def held(values, pins, claims):
    issuer = Issuer(url=ISSUER, provider="github")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values}, pins=pins)
    publisher.project_id = 1
    reading = issuer.kind.read({**CLAIMS, **claims})
    match = matching.hold(publisher, reading)
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and match.ok


MINTS = [
    ("the documented sample", {}, {}, {}),
    ("owner and repository in another case", {"owner": "Octo-Org", "repository": "OCTO-repo"}, {}, {}),
    ("the environment in another case", {"environment": "Prod"}, {}, {}),
    ("an environment that nobody asked for", {}, {}, {"environment": "staging"}),
    ("both pins", {}, {"repository_owner_id": "65", "repository_id": "74"}, {}),
    (
        "the workflow at the commit",
        {},
        {},
        AT_COMMIT,
    ),
    ("an allowed event", {"event_names": ["push", "workflow_dispatch"]}, {}, {}),
    ("a ref by glob", {"ref": "refs/heads/ma*"}, {}, {}),
    ("a tag of the form", {"version_tag": "v{version}"}, {}, TAG),
    ("a protected ref", {"protected_ref_only": True}, {}, {}),
    ("a hosted runner", {"hosted_runner_only": True}, {}, {}),
    (
        "a reusable workflow",
        {"reusable_workflow": "Octo-Org/shared/.github/workflows/publish.yml@refs/tags/v*"},
        {},
        {"job_workflow_ref": REUSABLE},
    ),
    (
        "a reusable workflow at a commit",
        {"reusable_workflow": f"octo-org/shared/.github/workflows/publish.yml@{SHA}"},
        {},
        {"job_workflow_ref": f"octo-org/shared/.github/workflows/publish.yml@{SHA}"},
    ),
    (
        "a reusable workflow of the repository itself",
        {"reusable_workflow": "octo-org/octo-repo/.github/workflows/publish.yml@refs/heads/**"},
        {},
        {"job_workflow_ref": "octo-org/octo-repo/.github/workflows/publish.yml@refs/heads/a/b"},
    ),
    (
        "the claims in another case than each other",
        {},
        {},
        {
            "workflow_ref": "Octo-Org/octo-REPO/.github/workflows/release.yml@refs/heads/main",
            "job_workflow_ref": "Octo-Org/octo-REPO/.github/workflows/release.yml@refs/heads/main",
        },
    ),
    ("the owner in another case than the repository's", {}, {}, {"repository_owner": "Octo-Org"}),
    (
        "the steps in another case than the workflow",
        {},
        {},
        {"job_workflow_ref": "Octo-Org/octo-REPO/.github/workflows/release.yml@refs/heads/main"},
    ),
    ("a branch by glob over slashes", {"ref": "refs/**"}, {}, {}),
    ("a protected ref said as a boolean", {"protected_ref_only": True}, {}, {"ref_protected": True}),
    ("no ref, with the workflow at the commit", {}, {}, {"ref": None, **AT_COMMIT}),
    ("all constraints at once", EVERYTHING, {"repository_owner_id": "65", "repository_id": "74"}, TAG),
    ("a customised sub", {}, {}, {"sub": "repo:octo-org@65/octo-repo@74:ref:refs/heads/main"}),
    ("extra claims", {}, {}, {"enterprise": "acme", "repo_property_team": ["a"]}),
]
REFUSES = [
    ("another owner", {"owner": "octo"}, {}, {}),
    ("another repository", {"repository": "octo-repo2"}, {}, {}),
    ("another workflow", {"workflow_filename": "ci.yml"}, {}, {}),
    ("the workflow in another case", {"workflow_filename": "Release.yml"}, {}, {}),
    ("another environment", {"environment": "pypi"}, {}, {}),
    ("no environment", {"environment": "prod"}, {}, {"environment": ""}),
    (
        "an environment that lower-cases to the same",
        {"environment": "kprod"},
        {},
        {"environment": "\u212aprod"},
    ),
    (
        "the steps' file in another case than the workflow's",
        {},
        {},
        {"job_workflow_ref": "octo-org/octo-repo/.github/workflows/Release.yml@refs/heads/main"},
    ),
    (
        "the steps' ref in another case than the workflow's",
        {},
        {},
        {"job_workflow_ref": "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/Main"},
    ),
    ("another owner id", {}, {"repository_owner_id": "66"}, {}),
    ("another repository id", {}, {"repository_id": "75"}, {}),
    ("no repository id", {}, {"repository_id": "74"}, {"repository_id": None}),
    ("pull_request_target", {}, {}, {"event_name": "pull_request_target"}),
    ("workflow_run", {}, {}, {"event_name": "workflow_run"}),
    ("an event that is not allowed", {"event_names": ["push"]}, {}, {}),
    (
        "a workflow of another repository",
        {},
        {},
        {"workflow_ref": "octo-org/other/.github/workflows/release.yml@refs/heads/main"},
    ),
    (
        "a workflow at another ref",
        {},
        {},
        {"workflow_ref": "octo-org/octo-repo/.github/workflows/release.yml@refs/heads/x"},
    ),
    (
        "a workflow outside its folder",
        {},
        {},
        {"workflow_ref": "octo-org/octo-repo/ci/release.yml@refs/heads/main"},
    ),
    (
        "a workflow in a folder below",
        {},
        {},
        {"workflow_ref": "octo-org/octo-repo/.github/workflows/a/release.yml@refs/heads/main"},
    ),
    ("a reusable workflow that nobody asked for", {}, {}, {"job_workflow_ref": REUSABLE}),
    (
        "another reusable workflow",
        {"reusable_workflow": "octo-org/shared/.github/workflows/publish.yml@refs/heads/*"},
        {},
        {"job_workflow_ref": REUSABLE},
    ),
    (
        "the reusable workflow's file in another case",
        {"reusable_workflow": "octo-org/shared/.github/workflows/Publish.yml@refs/tags/*"},
        {},
        {"job_workflow_ref": REUSABLE},
    ),
    (
        "no reusable workflow",
        {"reusable_workflow": "octo-org/shared/.github/workflows/publish.yml@refs/tags/*"},
        {},
        {},
    ),
    (
        "a reusable workflow at another commit",
        {"reusable_workflow": f"octo-org/shared/.github/workflows/publish.yml@{SHA}"},
        {},
        {"job_workflow_ref": f"octo-org/shared/.github/workflows/publish.yml@{SHA[::-1]}"},
    ),
    (
        "a reusable workflow of another repository",
        {"reusable_workflow": "octo-org/other/.github/workflows/publish.yml@refs/tags/v*"},
        {},
        {"job_workflow_ref": REUSABLE},
    ),
    (
        "a reusable workflow at a tag below the glob",
        {"reusable_workflow": "octo-org/shared/.github/workflows/publish.yml@refs/tags/*"},
        {},
        {"job_workflow_ref": "octo-org/shared/.github/workflows/publish.yml@refs/tags/v3/x"},
    ),
    ("the steps at another ref than the workflow", {}, {}, {"job_workflow_ref": CLAIMS["workflow_ref"][:-1]}),
    ("the workflow at another commit", {}, {}, {**AT_COMMIT, "sha": SHA[::-1]}),
    ("the workflow at a commit that is not said", {}, {}, {**AT_COMMIT, "sha": None}),
    ("the workflow at nothing", {}, {}, {"workflow_ref": f"{CLAIMS['workflow_ref'].partition('@')[0]}@"}),
    ("another ref", {"ref": "refs/tags/*"}, {}, {}),
    ("a ref in another case", {"ref": "refs/heads/Main"}, {}, {}),
    ("a branch below the glob", {"ref": "refs/*"}, {}, {}),
    ("a short ref", {"ref": "refs/heads/main"}, {}, {"ref": "main", **AT_COMMIT}),
    ("no ref", {"ref": "refs/heads/main"}, {}, {"ref": None, **AT_COMMIT}),
    ("no tag at all", {"version_tag": "v{version}"}, {}, {}),
    ("a tag without a version", {"version_tag": "v1.2{version}"}, {}, TAG),
    ("an event in another case", {"event_names": ["Workflow_Dispatch"]}, {}, {}),
    ("all constraints but one", {**EVERYTHING, "event_names": ["push"]}, {}, TAG),
    ("a branch named as the tag", {"version_tag": "v{version}"}, {}, {**TAG, "ref_type": "branch"}),
    ("a tag of another form", {"version_tag": "release-{version}"}, {}, TAG),
    ("an unprotected ref", {"protected_ref_only": True}, {}, {"ref_protected": "false"}),
    (
        "a ref that does not say whether it is protected",
        {"protected_ref_only": True},
        {},
        {"ref_protected": None},
    ),
    ("an unprotected ref said as a boolean", {"protected_ref_only": True}, {}, {"ref_protected": False}),
    ("a runner that is not said", {"hosted_runner_only": True}, {}, {"runner_environment": None}),
    ("no owner id", {}, {"repository_owner_id": "65"}, {"repository_owner_id": None}),
    ("a self-hosted runner", {"hosted_runner_only": True}, {}, {"runner_environment": "self-hosted"}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert held(values, pins, claims)


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in REFUSES], ids=[row[0] for row in REFUSES])
def test_a_publisher_does_not_match(values, pins, claims):
    assert not held(values, pins, claims)


@pytest.mark.parametrize("claim", ["repository", "repository_owner", "workflow_ref", "job_workflow_ref", "event_name"])
@pytest.mark.parametrize("value", [None, "", 7, True, ["octo-org"], {"a": 1}, "a\x00b", "a\nb", "x" * 1025])
def test_a_required_claim_that_is_missing_or_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        Issuer(url=ISSUER, provider="github").kind.read({**CLAIMS, claim: value})


@pytest.mark.parametrize("repository", ["octo-repo", "octo-org/a/b", "other/octo-repo", "octo-org/", "/octo-repo"])
def test_a_repository_that_does_not_agree_with_its_owner_is_refused(repository):
    with pytest.raises(InvalidToken, match="do not agree"):
        Issuer(url=ISSUER, provider="github").kind.read({**CLAIMS, "repository": repository})


def test_only_ascii_letters_are_the_same_in_another_case():
    claims = {**CLAIMS, "repository": "k/octo-repo", "repository_owner": "\u212a"}  # the Kelvin sign
    with pytest.raises(InvalidToken, match="do not agree"):
        Issuer(url=ISSUER, provider="github").kind.read(claims)


def test_a_version_tag_gives_the_version():
    issuer = Issuer(url=ISSUER, provider="github")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, "version_tag": "v{version}"})
    publisher.project_id = 1
    assert matching.hold(publisher, issuer.kind.read({**CLAIMS, **TAG})).version == "1.2"


def test_links_lead_to_the_run_and_the_commit():
    links = Issuer(url=ISSUER, provider="github").kind.links(CLAIMS)
    assert links.run == "https://github.com/octo-org/octo-repo/actions/runs/example-run-id"
    assert links.commit == f"https://github.com/octo-org/octo-repo/commit/{SHA}"


SERVERS = [
    (ISSUER, "https://github.com", "github.com"),
    (f"{ISSUER}/acme", "https://github.com", "github.com"),
    ("https://ghes.example/_services/token", "https://ghes.example", "ghes.example"),
    ("https://ghes.example:8443/_services/token", "https://ghes.example:8443", "ghes.example:8443"),
    ("https://token.actions.acme.ghe.com", "https://acme.ghe.com", "acme.ghe.com"),
    ("https://token.actions.acme.ghe.com/acme", "https://acme.ghe.com", "acme.ghe.com"),
    # Whose server nobody can know: no links, but an address that is pasted may be of the same host.
    ("https://ghes.example/tokens", "", "ghes.example"),
    ("https://ghes.example/_services/token/more", "", "ghes.example"),
    ("http://127.0.0.1:8000/_services/token", "", "127.0.0.1:8000"),
    (f"{ISSUER}.evil.example", "", "token.actions.githubusercontent.com.evil.example"),
    ("https://user@ghes.example/_services/token", "", "user@ghes.example"),
    ("https://token.actions.acme.example", "", "token.actions.acme.example"),
]


@pytest.mark.parametrize(("url", "server", "site"), SERVERS)
def test_links_and_addresses_are_those_of_the_issuers_server(url, server, site):
    kind = Issuer(url=url, provider="github").kind
    place = f"{server}/octo-org/octo-repo"
    links = kind.links(CLAIMS)
    assert (links.run, links.commit) == (
        (f"{place}/actions/runs/example-run-id", f"{place}/commit/{SHA}") if server else ("", "")
    )
    pages = ("https://octo-org.github.io/octo-repo",) if server == "https://github.com" else ()
    assert kind.addresses(FIELDS) == ((place, *pages) if server else ())
    assert kind.site == site


def test_claims_that_name_no_repository_lead_nowhere():
    assert Issuer(url=ISSUER, provider="github").kind.links({"run_id": "1", "sha": SHA}) == Links()


def test_a_publisher_is_described_in_one_line():
    kind = Issuer(url=ISSUER, provider="github").kind
    assert kind.describe({**FIELDS, "environment": "pypi"}) == "octo-org/octo-repo · release.yml · environment pypi"
