"""ActiveState's rules, as data: which claims a publisher matches."""

import pytest

from publishers import matching
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher

ISSUER = "https://platform.activestate.com/api/v1/oauth/oidc"
ACTOR_ID = "00000000-0000-1000-8000-000000000002"

# No sample is documented. The claims' names and the subject's form are those that ActiveState gave to PyPI.
CLAIMS = {
    "iss": ISSUER,
    "aud": "packages.example.com",
    "sub": "org:acme-org:project:sampleproject",
    "actor": "alice",
    "actor_id": ACTOR_ID,
    "artifact_id": "00000000-0000-1000-8000-000000000003",
    "builder": "pypi-publisher",
    "ingredient": "sampleproject",
    "organization": "acme-org",
    "organization_id": "00000000-0000-1000-8000-000000000004",
    "project": "sampleproject",
    "project_id": "00000000-0000-1000-8000-000000000005",
    "project_path": "acme-org/sampleproject",
    "project_visibility": "private",
}
FIELDS = {"organization": "acme-org", "project": "sampleproject", "actor": "alice"}


def kind():
    return Issuer(url=ISSUER, provider="activestate").kind


def held(values, pins, claims):
    issuer = Issuer(url=ISSUER, provider="activestate")
    publisher = Publisher(issuer=issuer, project_name="x", values={**FIELDS, **values}, pins=pins)
    publisher.project_id = 1
    reading = issuer.kind.read({**CLAIMS, **claims})
    match = matching.hold(publisher, reading)
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and match.ok


MINTS = [
    ("the claims as ActiveState sends them", {}, {}, {}),
    ("the pin", {}, {"actor_id": ACTOR_ID}, {}),
    ("another person, who is registered", {"actor": "bob"}, {}, {"actor": "bob"}),
    ("a longer subject", {}, {}, {"sub": "org:acme-org:project:sampleproject:artifact:a"}),
    ("extra claims", {}, {}, {"something": [1]}),
]
REFUSES = [
    ("another organization", {"organization": "acme"}, {}, {}),
    ("another project", {"project": "sample"}, {}, {}),
    ("another actor", {"actor": "bob"}, {}, {}),
    ("the organization in another case", {"organization": "Acme-Org"}, {}, {}),
    ("the actor in another case", {"actor": "Alice"}, {}, {}),
    ("another actor id", {}, {"actor_id": "00000000-0000-1000-8000-000000000009"}, {}),
    ("another builder", {}, {}, {"builder": "wheel-builder"}),
    ("the builder in another case", {}, {}, {"builder": "PyPI-Publisher"}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert held(values, pins, claims)


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in REFUSES], ids=[row[0] for row in REFUSES])
def test_a_publisher_does_not_match(values, pins, claims):
    assert not held(values, pins, claims)


@pytest.mark.parametrize("claim", ["organization", "project", "actor", "actor_id", "builder", "sub"])
@pytest.mark.parametrize("value", [None, "", 7, True, ["alice"], {"a": 1}, "a\x00b", "a\nb", "x" * 1025])
def test_a_required_claim_that_is_missing_or_malformed_is_named(claim, value):
    with pytest.raises(InvalidToken, match=f"`{claim}`"):
        kind().read({**CLAIMS, claim: value})


@pytest.mark.parametrize(
    "subject",
    [
        "org:acme-org:project:other",
        "org:other:project:sampleproject",
        "org:acme-org:project:sampleproject2",
        "org:acme-org",
        "project:sampleproject:org:acme-org",
        "Org:acme-org:project:sampleproject",
    ],
)
def test_a_subject_that_says_something_else_is_refused(subject):
    with pytest.raises(InvalidToken, match="does not agree"):
        kind().read({**CLAIMS, "sub": subject})


def test_another_builder_is_explained():
    sentence = kind().forbid(kind().read({**CLAIMS, "builder": "wheel-builder"}))
    assert sentence is not None
    assert "`builder` is `wheel-builder`, not `pypi-publisher`" in sentence


@pytest.mark.parametrize(
    ("field", "value", "ok"),
    [
        ("organization", "acme-org", True),
        ("organization", "acme-org/sampleproject", False),
        ("project", "org:acme", False),
        ("actor", "alice", True),
        ("actor", "Alice Liddell", False),
    ],
)
def test_what_the_form_takes(field, value, ok):
    part = next(part for part in kind().fields if part.name == field)
    assert (part.refusal(value) is None) is ok


def test_what_is_taken_as_given():
    assert (kind().max_token_age, kind().reuse, kind().enabled_by_default) == (3600, "once", False)


def test_a_publisher_is_described_in_one_line():
    assert kind().describe(FIELDS) == "acme-org/sampleproject · by alice"
