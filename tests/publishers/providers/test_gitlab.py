"""GitLab's rules, as data: which claims a publisher matches."""

from dataclasses import dataclass
from typing import Any

import pytest

from publishers import matching
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher
from publishers.providers.base import LookupFailed

ISSUER = "https://gitlab.com"
SHA = "714a629c0b401fdce83e847fc9589983fc6f46bc"

# The documented sample (GitLab docs, "OpenID Connect (OIDC) Authentication Using ID Tokens"), at gitlab.com.
CLAIMS = {
    "namespace_id": "72",
    "namespace_path": "my-group",
    "project_id": "20",
    "project_path": "my-group/my-project",
    "user_id": "1",
    "user_login": "sample-user",
    "user_email": "sample-user@example.com",
    "user_identities": [{"provider": "github", "extern_uid": "2435223452345"}],
    "pipeline_id": "574",
    "pipeline_source": "push",
    "job_id": "302",
    "ref": "feature-branch-1",
    "ref_type": "branch",
    "ref_path": "refs/heads/feature-branch-1",
    "ref_protected": "false",
    "groups_direct": ["mygroup/mysubgroup", "myothergroup/myothersubgroup"],
    "environment": "test-environment2",
    "environment_protected": "false",
    "deployment_tier": "testing",
    "environment_action": "start",
    "runner_id": 1,
    "runner_environment": "self-hosted",
    "sha": SHA,
    "project_visibility": "public",
    "ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/feature-branch-1",
    "ci_config_sha": SHA,
    "jti": "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
    "iss": ISSUER,
    "iat": 1681395193,
    "nbf": 1681395188,
    "exp": 1681398793,
    "sub": "project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1",
    "aud": "https://vault.example.com",
}
TAG = {
    "ref": "v1.2",
    "ref_type": "tag",
    "ref_path": "refs/tags/v1.2",
    "ref_protected": "true",
    "ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/tags/v1.2",
    "sub": "project_path:my-group/my-project:ref_type:tag:ref:v1.2",
}
NESTED = {
    "project_path": "acme/tools/python/sampleproject",
    "sub": "project_path:acme/tools/python/sampleproject:ref_type:branch:ref:main",
    "ci_config_ref_uri": "gitlab.com/acme/tools/python/sampleproject//ci/release.yaml@refs/heads/feature-branch-1",
}
NESTED_FIELDS = {
    "namespace": "acme/tools/python",
    "project": "sampleproject",
    "workflow_filepath": "ci/release.yaml",
}
FIELDS = {"namespace": "my-group", "project": "my-project", "workflow_filepath": ".gitlab-ci.yml"}


def kind(url=ISSUER):
    return Issuer(url=url, provider="gitlab").kind


def held(values, pins, claims, url=ISSUER):
    issuer = Issuer(url=url, provider="gitlab")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values}, pins=pins)
    publisher.project_id = 1
    reading = issuer.kind.read({**CLAIMS, **claims})
    match = matching.hold(publisher, reading)
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and match.ok


MINTS = [
    ("the documented sample", {}, {}, {}),
    ("namespace and project in another case", {"namespace": "My-Group", "project": "MY-project"}, {}, {}),
    ("nested groups and a file in a folder", NESTED_FIELDS, {}, NESTED),
    (
        "the claims in another case than each other",
        {},
        {},
        {
            "project_path": "My-Group/My-Project",
            "ci_config_ref_uri": "GitLab.com/my-GROUP/my-project//.gitlab-ci.yml@refs/heads/feature-branch-1",
        },
    ),
    (
        "the pipeline at the commit",
        {},
        {},
        {"ci_config_ref_uri": f"gitlab.com/my-group/my-project//.gitlab-ci.yml@{SHA}"},
    ),
    ("the environment", {"environment": "test-environment2"}, {}, {}),
    ("an environment that nobody asked for", {}, {}, {"environment": "staging"}),
    ("no environment, and none asked for", {}, {}, {"environment": None}),
    ("both pins", {}, {"namespace_id": "72", "project_id": "20"}, {}),
    ("a ref by glob", {"ref": "refs/heads/feature-*"}, {}, {}),
    ("a tag by glob", {"ref": "refs/tags/v*"}, {}, TAG),
    ("a tag of the form", {"version_tag": "v{version}"}, {}, TAG),
    ("a protected ref", {"protected_ref_only": True}, {}, TAG),
    ("another subject after the project", {}, {}, {"sub": "project_path:my-group/my-project:ref:main"}),
    ("extra claims", {}, {}, {"job_project_path": "my-group/my-project", "user_access_level": "owner"}),
]
REFUSES = [
    ("another namespace", {"namespace": "my-other-group"}, {}, {}),
    ("another project", {"project": "my-project2"}, {}, {}),
    ("a group above", {**NESTED_FIELDS, "namespace": "acme/tools"}, {}, NESTED),
    ("another file", {"workflow_filepath": "release.yml"}, {}, {}),
    ("the file in another case", {"workflow_filepath": ".GitLab-ci.yml"}, {}, {}),
    ("the file without its folder", {**NESTED_FIELDS, "workflow_filepath": "release.yaml"}, {}, NESTED),
    ("another environment", {"environment": "production"}, {}, {}),
    ("the environment in another case", {"environment": "Test-environment2"}, {}, {}),
    ("no environment", {"environment": "production"}, {}, {"environment": None}),
    ("another namespace id", {}, {"namespace_id": "73"}, {}),
    ("another project id", {}, {"project_id": "21"}, {}),
    ("no project id", {}, {"project_id": "20"}, {"project_id": None}),
    ("another ref", {"ref": "refs/heads/main"}, {}, {}),
    ("a branch where a tag is wanted", {"ref": "refs/tags/*"}, {}, {}),
    ("no ref", {"ref": "refs/heads/*"}, {}, {"ref_path": None}),
    ("a branch named as the tag", {"version_tag": "v{version}"}, {}, {**TAG, "ref_type": "branch"}),
    ("a tag of another form", {"version_tag": "release-{version}"}, {}, TAG),
    ("an unprotected ref", {"protected_ref_only": True}, {}, {}),
    ("a ref that does not say whether it is protected", {"protected_ref_only": True}, {}, {"ref_protected": ""}),
    (
        "a pipeline of another project",
        {},
        {},
        {"ci_config_ref_uri": "gitlab.com/my-group/other//.gitlab-ci.yml@refs/heads/feature-branch-1"},
    ),
    (
        "a pipeline of a project whose name begins the same",
        {},
        {},
        {"ci_config_ref_uri": "gitlab.com/my-group/my-project2//.gitlab-ci.yml@refs/heads/feature-branch-1"},
    ),
    (
        "a pipeline of another instance",
        {},
        {},
        {"ci_config_ref_uri": "gitlab.example.com/my-group/my-project//.gitlab-ci.yml@refs/heads/feature-branch-1"},
    ),
    (
        "a pipeline at another ref",
        {},
        {},
        {"ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/other"},
    ),
    (
        "a ref in another case",
        {},
        {},
        {"ci_config_ref_uri": "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/Feature-branch-1"},
    ),
    ("no file", {}, {}, {"ci_config_ref_uri": "gitlab.com/my-group/my-project//@refs/heads/feature-branch-1"}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert held(values, pins, claims)


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in REFUSES], ids=[row[0] for row in REFUSES])
def test_a_publisher_does_not_match(values, pins, claims):
    assert not held(values, pins, claims)


@pytest.mark.parametrize(
    ("url", "before", "ok"),
    [
        ("https://gitlab.example.com", "gitlab.example.com", True),
        ("https://gitlab.example.com/", "gitlab.example.com", True),
        ("https://example.com:8443/git/lab", "example.com:8443/git/lab", True),
        ("https://example.com/git/lab", "example.com", False),
        ("https://example.com", "example.com/git/lab", False),
        ("https://gitlab.example.com", "gitlab.com", False),
    ],
)
def test_a_self_managed_instance_is_named_by_the_issuers_address(url, before, ok):
    config = f"{before}/my-group/my-project//.gitlab-ci.yml@refs/heads/feature-branch-1"
    assert held({}, {}, {"iss": url, "ci_config_ref_uri": config}, url) is ok


@pytest.mark.parametrize("claim", ["project_path", "ci_config_ref_uri", "sub"])
@pytest.mark.parametrize("value", [None, "", 7, True, ["my-group"], {"a": 1}, "a\x00b", "a\nb", "x" * 1025])
def test_a_required_claim_that_is_missing_or_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        kind().read({**CLAIMS, claim: value})


@pytest.mark.parametrize(
    "claim", ["environment", "ref_path", "ref_type", "ref_protected", "sha", "namespace_id", "project_id"]
)
@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}, "a\x00b", "x" * 1025])
def test_an_optional_claim_that_is_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        kind().read({**CLAIMS, claim: value})


@pytest.mark.parametrize(
    "subject",
    [
        "project_path:my-group/other:ref_type:branch:ref:main",
        "project_path:my-group/my-project2:ref_type:branch:ref:main",
        "project_path:my-group/my-project",
        "my-group/my-project",
        "user:my-group/my-project:",
    ],
)
def test_a_subject_that_does_not_begin_with_the_project_is_refused(subject):
    with pytest.raises(InvalidToken, match="do not agree"):
        kind().read({**CLAIMS, "sub": subject})


@pytest.mark.parametrize("path", ["my-project", "/my-project", "my-group/"])
def test_a_project_path_without_namespace_or_project_is_refused(path):
    with pytest.raises(InvalidToken, match="is not NAMESPACE/PROJECT"):
        kind().read({**CLAIMS, "project_path": path, "sub": f"project_path:{path}:ref:main"})


def test_a_pipeline_that_is_defined_elsewhere_is_explained():
    with pytest.raises(InvalidToken, match="only where it lies in the project itself"):
        kind().read({**CLAIMS, "ci_config_ref_uri": None})
    config = "gitlab.com/my-group/other//.gitlab-ci.yml@refs/heads/feature-branch-1"
    sentence = kind().forbid(kind().read({**CLAIMS, "ci_config_ref_uri": config}))
    assert sentence is not None
    assert "does not name a pipeline file of gitlab.com/my-group/my-project" in sentence


def test_a_version_tag_gives_the_version():
    issuer = Issuer(url=ISSUER, provider="gitlab")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, "version_tag": "v{version}"})
    publisher.project_id = 1
    assert matching.hold(publisher, issuer.kind.read({**CLAIMS, **TAG})).version == "1.2"


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("namespace", "acme", True),
        ("namespace", "acme/tools/python_2.x", True),
        ("namespace", "acme/", False),
        ("namespace", "/acme", False),
        ("namespace", "https://gitlab.com/acme", False),
        ("project", "sample.project", True),
        ("project", "acme/sampleproject", False),
        ("workflow_filepath", ".gitlab-ci.yml", True),
        ("workflow_filepath", "ci/release.yaml", True),
        ("workflow_filepath", "/ci/release.yml", False),
        ("workflow_filepath", "ci//release.yml", False),
        ("workflow_filepath", "ci/.yml", False),
        ("workflow_filepath", ".gitlab-ci.yml@acme/other", False),
        ("workflow_filepath", "release.json", False),
        ("ref", "refs/tags/*", True),
        ("ref", "main", False),
    ],
)
def test_what_the_form_takes(field, value, ok):
    part = next(part for part in kind().fields if part.name == field)
    assert (part.refusal(value) is None) is ok


def test_what_is_taken_as_given():
    gitlab = kind()
    assert next(part.default for part in gitlab.fields if part.name == "workflow_filepath") == ".gitlab-ci.yml"
    assert (gitlab.max_token_age, gitlab.reuse, gitlab.enabled_by_default) == (86400, "once", True)


def test_links_lead_to_the_job_and_the_commit():
    links = kind("https://example.com/git").links(CLAIMS)
    assert links.run == "https://example.com/git/my-group/my-project/-/jobs/302"
    assert links.commit == f"https://example.com/git/my-group/my-project/-/commit/{SHA}"


def test_a_publisher_is_described_in_one_line():
    line = kind().describe({**NESTED_FIELDS, "environment": "production"})
    assert line == "acme/tools/python/sampleproject · ci/release.yaml · environment production"


# -- ids ------------------------------------------------------------


@dataclass
class Said:
    """What the API answers."""

    status: int
    document: Any = None


PROJECT = {"id": 20, "path_with_namespace": "My-Group/My-Project", "namespace": {"id": 72}}


@pytest.mark.parametrize(
    ("answer", "ids"),
    [
        (Said(200, PROJECT), {"namespace_id": "72", "project_id": "20"}),
        (Said(200, {**PROJECT, "namespace": None}), {"project_id": "20"}),
        (Said(404, {"message": "404 Project Not Found"}), {}),
        (Said(401, {"message": "401 Unauthorized"}), {}),
    ],
)
def test_ids_are_looked_up_where_the_api_shows_them(answer, ids):
    asked = {"/projects/my-group%2Fmy-project": answer}
    assert kind().lookup(FIELDS, asked.__getitem__) == ids


@pytest.mark.parametrize(
    "answer", [Said(429), Said(500, []), Said(301), Said(200, []), Said(200, {**PROJECT, "path_with_namespace": "a/b"})]
)
def test_an_api_that_answers_otherwise_is_no_lookup(answer):
    with pytest.raises(LookupFailed):
        kind().lookup(FIELDS, lambda _path: answer)
