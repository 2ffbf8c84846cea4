"""Buildkite's rules, as data: which claims a publisher matches."""

import pytest

from publishers import matching
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher

ISSUER = "https://agent.buildkite.com"

# The documented sample (Buildkite docs, "buildkite-agent oidc"), with both optional ids as they are documented.
CLAIMS = {
    "iss": ISSUER,
    "sub": "organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/main:commit:9f3182061f:step:build",
    "aud": "https://buildkite.com/acme-inc",
    "iat": 1669014898,
    "nbf": 1669014898,
    "exp": 1669015198,
    "organization_slug": "acme-inc",
    "pipeline_slug": "super-duper-app",
    "build_number": 1,
    "build_branch": "main",
    "build_tag": "v1.0.0",
    "build_commit": "9f3182061f1e2cca4702c368cbc039b7dc9d4485",
    "step_key": "build",
    "job_id": "0184990a-477b-4fa8-9968-496074483cee",
    "agent_id": "0184990a-4782-42b5-afc1-16715b10b8ff",
    "build_source": "ui",
    "runner_environment": "buildkite-hosted",
}
IDS = {
    "organization_id": "0184990a-477b-4fa8-9968-496074483k77",
    "pipeline_id": "0184990a-4782-42b5-afc1-16715b10b1l0",
}
FIELDS = {"organization_slug": "acme-inc", "pipeline_slug": "super-duper-app"}


def kind():
    return Issuer(url=ISSUER, provider="buildkite").kind


def held(values, pins, claims):
    issuer = Issuer(url=ISSUER, provider="buildkite")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values}, pins=pins)
    publisher.project_id = 1
    reading = issuer.kind.read({**CLAIMS, **claims})
    match = matching.hold(publisher, reading)
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and match.ok


MINTS = [
    ("the documented sample", {}, {}, {}),
    ("the branch", {"branch": "main"}, {}, {}),
    ("a branch by glob", {"branch": "release/*"}, {}, {"build_branch": "release/1.x"}),
    ("the tag", {"tag": "v1.0.0"}, {}, {}),
    ("a tag by glob", {"tag": "v*"}, {}, {}),
    ("the step", {"step_key": "build"}, {}, {}),
    ("a step without a key, and none asked for", {}, {}, {"step_key": None}),
    ("no tag, and none asked for", {}, {}, {"build_tag": None}),
    ("both pins", {}, IDS, IDS),
    ("ids that were never recorded", {}, {}, IDS),
    ("another subject", {}, {}, {"sub": "0191f956-042f-7ec4-aa62-8e5eeae396d0"}),
    ("extra claims", {}, {}, {"cluster_id": "0191f956", "https://aws.amazon.com/tags": {"principal_tags": {}}}),
]
REFUSES = [
    ("another organization", {"organization_slug": "acme"}, {}, {}),
    ("another pipeline", {"pipeline_slug": "super-duper"}, {}, {}),
    ("the organization in another case", {"organization_slug": "Acme-Inc"}, {}, {}),
    ("the pipeline in another case", {"pipeline_slug": "Super-duper-app"}, {}, {}),
    ("another branch", {"branch": "release"}, {}, {}),
    ("a branch below", {"branch": "release/*"}, {}, {"build_branch": "release/1/x"}),
    ("no branch", {"branch": "main"}, {}, {"build_branch": None}),
    ("another tag", {"tag": "v2*"}, {}, {}),
    ("no tag", {"tag": "v*"}, {}, {"build_tag": None}),
    ("another step", {"step_key": "publish"}, {}, {}),
    ("a step without a key", {"step_key": "publish"}, {}, {"step_key": None}),
    ("another organization id", {}, IDS, {**IDS, "organization_id": "other"}),
    ("another pipeline id", {}, IDS, {**IDS, "pipeline_id": "other"}),
    ("recorded ids that the job does not ask for", {}, IDS, {}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert held(values, pins, claims)


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in REFUSES], ids=[row[0] for row in REFUSES])
def test_a_publisher_does_not_match(values, pins, claims):
    assert not held(values, pins, claims)


@pytest.mark.parametrize("claim", ["organization_slug", "pipeline_slug"])
@pytest.mark.parametrize("value", [None, "", 7, True, ["acme-inc"], {"a": 1}, "a\x00b", "a\nb", "x" * 1025])
def test_a_required_claim_that_is_missing_or_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        kind().read({**CLAIMS, claim: value})


@pytest.mark.parametrize("claim", ["build_branch", "build_tag", "step_key", "organization_id", "pipeline_id"])
@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}, "a\x00b", "x" * 1025])
def test_an_optional_claim_that_is_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        kind().read({**CLAIMS, claim: value})


@pytest.mark.parametrize(
    ("pins", "missing"),
    [({}, "no organization_id and no pipeline_id is"), ({"organization_id": "a"}, "no pipeline_id is")],
)
def test_a_publisher_without_ids_is_not_protected(pins, missing):
    narrowed = {**FIELDS, "tag": "v*"}
    (sentence,) = kind().warnings(narrowed, pins)
    assert sentence.startswith(f"Not protected against a reused name: {missing} recorded.")
    assert kind().warnings(narrowed, IDS) == []


@pytest.mark.django_db
def test_a_publisher_without_ids_stays_alive():
    publisher = Publisher(issuer=Issuer.objects.get(url=ISSUER), project_name="x", values=FIELDS)
    publisher.save()
    assert publisher.unpinned_since is None


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("organization_slug", "acme-inc", True),
        ("organization_slug", "acme-inc/super-duper-app", False),
        ("pipeline_slug", "https://buildkite.com/acme-inc", False),
        ("branch", "release/*", True),
        ("branch", "*", False),
        ("tag", "?1", False),
    ],
)
def test_what_the_form_takes(field, value, ok):
    part = next(part for part in kind().fields if part.name == field)
    assert (part.refusal(value) is None) is ok


def test_what_is_taken_as_given():
    assert (kind().max_token_age, kind().reuse, kind().enabled_by_default) == (3600, "once", False)


def test_links_lead_to_the_job():
    place = "https://buildkite.com/acme-inc/super-duper-app/builds/1"
    assert kind().links(CLAIMS).run == f"{place}#0184990a-477b-4fa8-9968-496074483cee"
    assert kind().links({**CLAIMS, "job_id": None}).run == place
    assert kind().links({}).run == ""


def test_a_publisher_is_described_in_one_line():
    line = kind().describe({**FIELDS, "branch": "main", "tag": "v*", "step_key": "publish"})
    assert line == "acme-inc/super-duper-app · branch main · tag v* · step publish"
