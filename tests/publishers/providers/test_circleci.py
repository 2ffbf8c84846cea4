"""CircleCI's rules, as data: which claims a publisher matches."""

import pytest

from publishers import matching
from publishers.errors import InvalidToken
from publishers.forms import PublisherForm
from publishers.models import Issuer, Publisher

ISSUER = "https://oidc.circleci.com"
ORG = "a64b0a19-f221-4291-b000-8d24bd842b72"
PROJECT = "5a301f56-eaa7-4cce-9441-37810f7c8452"
DEFINITION = "17c50866-1802-5aeb-874e-7f4dfce1b6b5"
CONTEXTS = ["a74579f1-2e7d-451e-b009-5c082ad2729e", "cb32986e-2f6f-4f43-b2bd-d3c2fd98e903"]
OTHER = "00000000-0000-4000-8000-000000000000"
ORIGIN = "github.com/organization-123/repo-1"

# The documentation describes each claim and prints no sample; the ids are of one that CircleCI's people published.
CLAIMS = {
    "aud": "packages.example.com",
    "exp": 1763075032,
    "iat": 1763071432,
    "iss": ISSUER,
    "oidc.circleci.com/context-ids": CONTEXTS,
    "oidc.circleci.com/org-id": ORG,
    "oidc.circleci.com/pipeline-definition-id": DEFINITION,
    "oidc.circleci.com/pipeline-id": "cd267951-f409-44fc-a0f0-81512f5840b0",
    "oidc.circleci.com/project-id": PROJECT,
    "oidc.circleci.com/ssh-rerun": False,
    "oidc.circleci.com/vcs-origin": ORIGIN,
    "oidc.circleci.com/vcs-ref": "refs/heads/main",
    "sub": f"org/{ORG}/project/{PROJECT}/user/{OTHER}/vcs-origin/{ORIGIN}/vcs-ref/refs/heads/main",
}
FIELDS = {"org_id": ORG, "project_id": PROJECT, "vcs_origin": ORIGIN}
WEBHOOK = {"vcs-origin": None, "vcs-ref": None}


def kind(url=ISSUER):
    return Issuer(url=url, provider="circleci").kind


def named(claims):
    return {f"oidc.circleci.com/{name}": value for name, value in claims.items()}


def match_of(values, pins, claims, url=ISSUER):
    issuer = Issuer(url=url, provider="circleci")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values}, pins=pins)
    publisher.project_id = 1
    reading = issuer.kind.read({**CLAIMS, **named(claims)})
    match = matching.hold(publisher, reading)
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and match.ok


MINTS = [
    ("the documented claims", {}, {}, {}),
    ("the pin", {}, {"org_id": ORG}, {}),
    ("the ref", {"vcs_ref": "refs/heads/main"}, {}, {}),
    ("a tag by glob", {"vcs_ref": "refs/tags/v*"}, {}, {"vcs-ref": "refs/tags/v1.2"}),
    ("the pipeline definition", {"pipeline_definition_id": DEFINITION}, {}, {}),
    ("one context of two", {"context_id": CONTEXTS[1]}, {}, {}),
    ("no context, and none asked for", {}, {}, {"context-ids": []}),
    ("another repository where that is waived", {"vcs_origin": "*"}, {}, {"vcs-origin": "github.com/fork/repo-1"}),
    ("a custom webhook where the repository is waived", {"vcs_origin": "*"}, {}, WEBHOOK),
    ("a token of before the pipeline definition's claim", {}, {}, {"pipeline-definition-id": None}),
    ("extra claims", {}, {}, {"job-id": "a"}),
]
REFUSES = [
    ("another organization", {"org_id": OTHER}, {}, {}),
    ("another project", {"project_id": OTHER}, {}, {}),
    ("another project where the repository is waived", {"project_id": OTHER, "vcs_origin": "*"}, {}, {}),
    ("another repository", {}, {}, {"vcs-origin": "github.com/fork/repo-1"}),
    ("the repository in another case", {"vcs_origin": ORIGIN.upper()}, {}, {}),
    ("a custom webhook", {}, {}, WEBHOOK),
    ("a repository that is called as the waiver", {}, {}, {"vcs-origin": "*"}),
    ("a publisher without a repository", {"vcs_origin": ""}, {}, WEBHOOK),
    ("another pinned organization", {}, {"org_id": OTHER}, {}),
    ("another ref", {"vcs_ref": "refs/tags/v*"}, {}, {}),
    ("no ref", {"vcs_origin": "*", "vcs_ref": "refs/heads/main"}, {}, WEBHOOK),
    ("another pipeline definition", {"pipeline_definition_id": OTHER}, {}, {}),
    ("no pipeline definition", {"pipeline_definition_id": DEFINITION}, {}, {"pipeline-definition-id": None}),
    ("another context", {"context_id": OTHER}, {}, {}),
    ("no context", {"context_id": CONTEXTS[0]}, {}, {"context-ids": []}),
    ("contexts that are not said", {"context_id": CONTEXTS[0]}, {}, {"context-ids": None}),
    ("a rerun with SSH", {}, {}, {"ssh-rerun": True}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert match_of(values, pins, claims)


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in REFUSES], ids=[row[0] for row in REFUSES])
def test_a_publisher_does_not_match(values, pins, claims):
    assert not match_of(values, pins, claims)


@pytest.mark.parametrize("claim", ["org-id", "project-id"])
@pytest.mark.parametrize("value", [None, "", 7, True, [ORG], {"a": 1}, "a\x00b", "a\nb", "x" * 1025])
def test_a_required_claim_that_is_missing_or_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`oidc.circleci.com/{claim}`"):
        kind().read({**CLAIMS, **named({claim: value})})


@pytest.mark.parametrize("value", [None, "", "false", 0, 1, [], {}])
def test_a_rerun_that_is_neither_true_nor_false_is_refused(value):
    with pytest.raises(InvalidToken, match=r"`oidc.circleci.com/ssh-rerun`"):
        kind().read({**CLAIMS, **named({"ssh-rerun": value})})


@pytest.mark.parametrize("claim", ["vcs-origin", "vcs-ref", "pipeline-definition-id", "context-ids"])
@pytest.mark.parametrize("value", [7, True, [7], [""], [None], [["a"]], {"a": 1}, ["a\x00b"]])
def test_an_optional_claim_that_is_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`oidc.circleci.com/{claim}`"):
        kind().read({**CLAIMS, **named({claim: value})})


@pytest.mark.parametrize("url", [f"{ISSUER}/org/{ORG}", f"{ISSUER}/org/{ORG}/", f"https://oidc.example.com/org/{ORG}"])
def test_an_organizations_own_issuer_speaks_for_it(url):
    assert match_of({}, {}, {}, url)
    with pytest.raises(InvalidToken, match="is not the organization"):
        match_of({"org_id": OTHER}, {}, {"org-id": OTHER}, url)


def test_a_rerun_with_ssh_is_explained():
    sentence = kind().forbid(kind().read({**CLAIMS, **named({"ssh-rerun": True})}))
    assert sentence is not None
    assert "rerun with SSH" in sentence


def test_who_waives_the_repository_is_warned():
    narrowed = {**FIELDS, "vcs_ref": "refs/tags/v*"}
    assert kind().warnings(narrowed, {}) == []
    (sentence,) = kind().warnings({**narrowed, "vcs_origin": "*"}, {})
    assert sentence.startswith("Any repository that starts a pipeline of this CircleCI project may publish")


def test_a_publisher_of_one_repository_is_more_constrained_than_one_of_any():
    issuer = Issuer(url=ISSUER, provider="circleci")
    counts = [
        Publisher(issuer=issuer, values={**FIELDS, "vcs_origin": said}).constraint_count() for said in ("*", ORIGIN)
    ]
    assert counts == [0, 1]


@pytest.mark.django_db
def test_the_organization_is_pinned_as_it_is_typed(django_user_model):
    issuer, user = Issuer.objects.get(url=ISSUER), django_user_model.objects.create_user("alice")
    form = PublisherForm(issuer, {**FIELDS, "project_name": "brand-new", "enabled": True}, user=user)
    assert form.is_valid(), form.errors
    assert form.wanted.pins == {"org_id": ORG}
    assert "vcs_origin" in PublisherForm(issuer, {**FIELDS, "vcs_origin": ""}, user=user).errors


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("org_id", ORG, True),
        ("org_id", ORG.upper(), False),
        ("project_id", "sampleproject", False),
        ("vcs_origin", ORIGIN, True),
        ("vcs_origin", "*", True),
        ("vcs_origin", "github.com/*", False),
        ("vcs_origin", f"https://{ORIGIN}", False),
        ("vcs_origin", "sampleproject", False),
        ("vcs_ref", "main", False),
        ("context_id", CONTEXTS[0], True),
        ("context_id", "*", False),
    ],
)
def test_what_the_form_takes(field, value, ok):
    part = next(part for part in kind().fields if part.name == field)
    assert (part.refusal(value) is None) is ok


def test_what_is_taken_as_given():
    assert (kind().max_token_age, kind().reuse, kind().enabled_by_default) == (3600, "once", False)


def test_a_publisher_is_described_in_one_line():
    line = kind().describe({**FIELDS, "vcs_ref": "refs/tags/v*", "context_id": OTHER})
    assert line == f"{ORIGIN} · project {PROJECT} · ref refs/tags/v* · context {OTHER}"
