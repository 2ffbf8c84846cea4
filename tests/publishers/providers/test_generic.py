"""The generic provider's rules, as data: which claims a publisher matches, whatever the issuer calls them."""

import json

import pytest

from publishers import matching, sentences
from publishers.errors import InvalidToken
from publishers.models import Issuer, Publisher, fingerprint_of
from publishers.presets import PRESETS
from publishers.providers.rules import Rule, Rules, Said, distinct
from tests.publishers.providers.samples import FIELDS as SAMPLE_FIELDS
from tests.publishers.providers.samples import PINS, sample_of

ISSUER = "https://issuer.example.com"
IDENTITY, PINNED = ["repository", "/build/file"], ["repository_id", "/owner/id"]
CLAIMS = {
    "iss": ISSUER,
    "repository": "acme/tool",
    "repository_id": "74",
    "owner": {"id": 65, "name": "Acme"},
    "build": {"file": "release.yml", "steps": [{"name": "publish"}]},
    "ref": "refs/tags/v1.0",
    "environment": "Production",
    "protected": True,
    "attempt": 2,
    "groups": ["readers", "releasers", 7, False],
    "kubernetes.io": {"namespace": "ci"},
    "a.b": "dots",
    "a": {"b": "nested"},
    "empty": "",
    "nothing": None,
    "share": 0.5,
    "odd": ["a", ["b"]],
    "none": [],
    "many": ["x"] * 101,
    "heavy": ["x" * 1000] * 9,
    "long": "x" * 1025,
    "control": "a\x01b",
}
FIELDS = {"repository": "acme/tool", "/build/file": "release.yml"}
IDS = {"repository_id": "74", "/owner/id": "65"}


def issuer_of(identity=IDENTITY, pinned=PINNED):
    return Issuer(url=ISSUER, provider="generic", identity_claims=list(identity), pinned_claims=list(pinned))


def publisher_of(issuer, values, pins=None):
    publisher = Publisher(issuer=issuer, project_name="x", values=values, pins=pins or {})
    publisher.project_id = 1
    return publisher


def held(values, pins, claims):
    issuer = issuer_of()
    publisher = publisher_of(issuer, {**FIELDS, **values}, pins)
    reading = issuer.kind.read({**CLAIMS, **claims})
    at_place = issuer.kind.identity(publisher.values) == issuer.kind.identity(reading)
    return at_place and issuer.kind.forbid(reading) is None and matching.hold(publisher, reading).ok


def rule(claim, **how):
    return {"claims": [{"claim": claim, **how}]}


TAGS = [{"claim": "ref", "glob": "refs/tags/*"}]
MINTS = [
    ("the identity alone", {}, {}, {}),
    ("both pins", {}, IDS, {}),
    ("an id that was never recorded", {}, {"repository_id": "74"}, {"owner": {"id": 66}}),
    ("a claim that is equal", rule("ref", equals="refs/tags/v1.0"), {}, {}),
    ("a claim by pattern", rule("ref", glob="refs/tags/v*"), {}, {}),
    ("a claim in any case", rule("environment", iequals="pRODUCTION"), {}, {}),
    ("true", rule("protected", equals="true"), {}, {}),
    ("a whole number", rule("attempt", equals="2"), {}, {}),
    ("a member of a list", rule("groups", equals="releasers"), {}, {}),
    ("a member of a list by pattern", rule("groups", glob="releas*"), {}, {}),
    ("a number in a list", rule("groups", equals="7"), {}, {}),
    ("false in a list", rule("groups", iequals="FALSE"), {}, {}),
    ("a nested claim", rule("/kubernetes.io/namespace", equals="ci"), {}, {}),
    ("a nested claim that is a number", rule("/owner/id", equals="65"), {}, {}),
    ("a claim within a list", rule("/build/steps/0/name", equals="publish"), {}, {}),
    ("a member by its place", rule("/groups/1", equals="releasers"), {}, {}),
    ("a name with a dot", rule("a.b", equals="dots"), {}, {}),
    ("the same by pointer", rule("/a.b", equals="dots"), {}, {}),
    ("a nested claim beside it", rule("/a/b", equals="nested"), {}, {}),
    (
        "several claims",
        {"claims": [{"claim": "ref", "glob": "refs/tags/*"}, {"claim": "attempt", "equals": "2"}]},
        {},
        {},
    ),
    ("two members of one list", {"claims": [{"claim": "groups", "equals": g} for g in ("readers", "7")]}, {}, {}),
    ("a list of a hundred", rule("many", equals="x"), {}, {"many": ["x"] * 100}),
    ("a claim that nobody asks about is not looked at", {}, {}, {"control": "\x02", "whatever": [{"deep": [[]]}]}),
]
REFUSES = [
    ("another repository", {"repository": "acme/other"}, {}, {}),
    ("the repository in another case", {"repository": "Acme/tool"}, {}, {}),
    ("the other identity claim", {"/build/file": "ci.yml"}, {}, {}),
    ("another recorded id", {}, {**IDS, "repository_id": "75"}, {}),
    ("another recorded id that is nested", {}, {**IDS, "/owner/id": "66"}, {}),
    ("an id with a leading zero", {}, {**IDS, "/owner/id": "065"}, {}),
    ("another value", rule("ref", equals="refs/tags/v2.0"), {}, {}),
    ("another case", rule("environment", equals="production"), {}, {}),
    (
        "a letter that only other scripts fold",
        rule("environment", iequals="production"),
        {},
        {"environment": "Productıon"},
    ),
    ("a pattern that stops at a slash", rule("ref", glob="refs/*"), {}, {}),
    ("a pattern that is not the whole", rule("ref", glob="refs/tags/v1"), {}, {}),
    (
        "one of several",
        {"claims": [{"claim": "ref", "glob": "refs/tags/*"}, {"claim": "attempt", "equals": "3"}]},
        {},
        {},
    ),
    ("true is not True", rule("protected", equals="True"), {}, {}),
    ("a fraction", rule("share", equals="0.5"), {}, {}),
    ("no such claim", rule("missing", equals="x"), {}, {}),
    ("null", rule("nothing", equals="None"), {}, {}),
    ("an empty text", rule("empty", glob="x**"), {}, {}),
    ("an object", rule("owner", equals="Acme"), {}, {}),
    ("no member of a list", rule("groups", equals="writers"), {}, {}),
    ("an empty list", rule("none", equals=""), {}, {}),
    ("a list with a list in it", rule("odd", equals="a"), {}, {}),
    ("a list that is too long", rule("many", equals="x"), {}, {}),
    ("a list that is too heavy", rule("heavy", equals="x" * 1000), {}, {}),
    ("a text that is too long", rule("long", equals="x" * 1025), {}, {}),
    ("a control character", rule("control", equals="a\x01b"), {}, {}),
    ("a path that ends early", rule("/ref/x", equals="refs/tags/v1.0"), {}, {}),
    ("an index with a leading zero", rule("/groups/01", equals="releasers"), {}, {}),
    ("an index beyond the end", rule("/groups/9", equals="releasers"), {}, {}),
    ("a rule without a way to compare", {"claims": [{"claim": "ref"}]}, {}, {}),
    ("a rule with an unknown way to compare", rule("ref", regex=".*"), {}, {}),
]


@pytest.mark.parametrize(("values", "pins", "claims"), [row[1:] for row in MINTS], ids=[row[0] for row in MINTS])
def test_a_publisher_matches(values, pins, claims):
    assert held(values, pins, claims)


@pytest.mark.parametrize(
    ("values", "pins", "claims"), [case[1:] for case in REFUSES], ids=[case[0] for case in REFUSES]
)
def test_a_publisher_does_not_match(values, pins, claims):
    assert not held(values, pins, claims)


WRONG = [None, "", 7, True, 0.5, ["acme/tool"], {"a": 1}, "a\x00b", "a\nb", "x" * 1025]


@pytest.mark.parametrize("value", WRONG)
def test_an_identity_claim_that_is_missing_or_malformed_is_named(value):
    with pytest.raises(InvalidToken, match="`repository`"):
        issuer_of().kind.read({**CLAIMS, "repository": value})
    with pytest.raises(InvalidToken, match="`/build/file`"):
        issuer_of().kind.read({**CLAIMS, "build": {"file": value}})


@pytest.mark.parametrize("value", [value for value in WRONG if value != 7])
def test_a_pinned_claim_that_is_missing_or_malformed_is_named(value):
    with pytest.raises(InvalidToken, match="`repository_id`"):
        issuer_of().kind.read({**CLAIMS, "repository_id": value})
    with pytest.raises(InvalidToken, match="`/owner/id`"):
        issuer_of().kind.read({**CLAIMS, "owner": {"id": value}})


@pytest.mark.parametrize("owner", [None, "text", [], [65], {}, 7])
def test_a_nested_claim_in_something_else_is_missing(owner):
    with pytest.raises(InvalidToken, match="no claim `/owner/id`"):
        issuer_of().kind.read({**CLAIMS, "owner": owner})


def test_an_issuer_that_names_no_identity_claim_is_trusted_with_nothing():
    with pytest.raises(InvalidToken, match="No identity claim is named"):
        issuer_of(identity=[]).kind.read(CLAIMS)


# -- claims that are others than they were ------------------------------------------------------------


def test_a_publisher_whose_issuer_names_other_claims_now_stands_nowhere_and_breaks_nothing():
    publisher = publisher_of(issuer_of(identity=["repository"]), {"repository": "acme/tool"}, IDS)
    before = publisher.issuer.kind.identity(publisher.values)
    publisher.issuer = issuer_of(identity=["name"], pinned=["other_id"])
    reading = publisher.issuer.kind.read({"name": "acme/tool", "other_id": "9"})
    assert publisher.issuer.kind.identity(reading) not in {before, publisher.issuer.kind.identity(publisher.values)}
    match = matching.hold(publisher, reading)
    assert not match.ok
    assert [sentences.unmet(check) for check in match.checks if not check.ok]
    assert (publisher.place, publisher.description) == ("?", "?")
    assert publisher.warnings


def test_the_order_of_identity_claims_does_not_matter():
    issuer, turned = issuer_of(), issuer_of(identity=IDENTITY[::-1])
    assert issuer.kind.identity(FIELDS) == turned.kind.identity(issuer.kind.read(CLAIMS))


def test_a_long_identity_still_fits_an_index_entry():
    assert len(issuer_of().kind.identity({**FIELDS, "repository": "é" * 1024})) < 100


# -- what people see ------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({}, "repository acme/tool, /build/file release.yml"),
        (rule("ref", glob="refs/tags/v*"), "repository acme/tool, /build/file release.yml · ref refs/tags/v*"),
        (
            {"claims": [{"claim": f"c{number}", "equals": "x"} for number in range(5)]},
            "repository acme/tool, /build/file release.yml · c0 x · c1 x · c2 x · 2 more",
        ),
        (rule("ref", equals="y" * 200), f"repository acme/tool, /build/file release.yml · ref {'y' * 60}…"),
    ],
)
def test_a_publisher_is_described_in_one_line(values, line):
    assert issuer_of().kind.describe({**FIELDS, **values}) == line


def test_a_place_is_not_said_at_full_length():
    assert len(issuer_of().kind.place(dict.fromkeys(IDENTITY, "x" * 1024))) < 500


def test_one_identity_claim_needs_no_name():
    assert issuer_of(identity=["sub"]).kind.place({"sub": "system:serviceaccount:ci:publisher"}).startswith("system:")


@pytest.mark.parametrize(
    ("rules", "beginning"),
    [
        ([], "No further claim narrows this publisher"),
        ([{"claim": "ref", "equals": "a"}], None),
        ([{"claim": "ref", "equals": "a"}, {"claim": "ref", "glob": "a*"}], None),
        ([{"claim": "ref", "equals": "a"}, {"claim": "/ref", "equals": "a"}], None),
        ([{"claim": "ref", "equals": "a"}, {"claim": "/ref", "equals": "b"}], "Two rules want the claim `ref`"),
    ],
)
def test_what_maintainers_are_warned_of(rules, beginning):
    said = issuer_of().kind.warnings({**FIELDS, "claims": rules}, IDS)
    assert [sentence.startswith(str(beginning)) for sentence in said] == ([] if beginning is None else [True])


SAYS = [
    (
        rule("ref", glob="refs/heads/*"),
        {},
        (
            "This token says `refs/tags/v1.0` in the claim `ref`. The publisher trusts `refs/heads/*` only. Change "
            "that rule in the publisher, or publish from a job whose token says it."
        ),
    ),
    (
        rule("missing", equals="x"),
        {},
        (
            "This token says nothing in the claim `missing`. The publisher trusts `x` only. Remove that rule from the "
            "publisher, or publish from a job whose token says it."
        ),
    ),
    (rule("groups", equals="w"), {}, "This token says `readers, releasers, 7, false` in the claim `groups`."),
    (rule("owner", equals="w"), {}, "This token says `(an object)` in the claim `owner`."),
    (rule("share", equals="w"), {}, "This token says `(a number with a fraction)` in the claim `share`."),
    (rule("long", equals="w"), {}, "This token says `(a text of 1025 characters)` in the claim `long`."),
    (rule("control", equals="w"), {}, "This token says `(a text with control characters)` in the claim `control`."),
    (rule("none", equals="w"), {}, "This token says `(an empty list)` in the claim `none`."),
    (rule("many", equals="w"), {}, "This token says `(a list of 101 members)` in the claim `many`."),
    (rule("heavy", equals="w"), {}, "This token says `(a list of 9000 characters)` in the claim `heavy`."),
    (
        rule("odd", equals="w"),
        {},
        "This token says `(a list of other things than texts, ",
    ),
    (rule("big", equals="w"), {"big": "x" * 1000}, f"This token says `{'x' * 200}…` in the claim `big`."),
]


@pytest.mark.parametrize(("values", "claims", "sentence"), SAYS)
def test_a_rule_that_is_not_met_says_what_to_change(values, claims, sentence):
    issuer = issuer_of()
    match = matching.hold(publisher_of(issuer, {**FIELDS, **values}), issuer.kind.read({**CLAIMS, **claims}))
    (check,) = [check for check in match.checks if not check.ok]
    assert sentences.unmet(check).startswith(sentence)
    assert json.dumps(check.as_dict())


def test_what_is_shown_of_a_list_is_bounded():
    assert Said.of(["x" * 300] * 25).shown == ["x" * 200 + "…"] * 5 + ["… and 20 more"]
    assert Said.of(["x"] * 100).shown == ["x"] * 100


def test_of_many_rules_a_refusal_tells_some():
    issuer = issuer_of()
    rules = [{"claim": f"missing{number}", "equals": "x" * 1000} for number in range(20)]
    match = matching.hold(publisher_of(issuer, {**FIELDS, "claims": rules}), issuer.kind.read(CLAIMS))
    sentence = sentences.differs("x", "y", [sentences.unmet(check) for check in match.checks if not check.ok])
    assert "`missing4`" in sentence
    assert "`missing5`" not in sentence
    assert "So it is with 15 more." in sentence


# -- the same rules ------------------------------------------------------------


A, B = {"claim": "a", "equals": "1"}, {"claim": "b", "glob": "x*"}
SAME = [
    ([A, B], [B, A]),
    ([A, A, B], [A, B]),
    ([A], [{"claim": "/a", "equals": "1"}]),
    ([A], [{"claim": "a", "glob": "1"}]),
    ([A], [{"claim": "a", "iequals": "1"}]),
    ([{"claim": "a", "iequals": "Main"}], [{"claim": "a", "iequals": "mAIN"}]),
    ([{"claim": "a/b", "equals": "x"}], [{"claim": "/a~1b", "equals": "x"}]),
    ([], None),
]
OTHER = [
    ([A], [B]),
    ([A], []),
    ([A], [A, B]),
    ([A], [{"claim": "A", "equals": "1"}]),
    ([{"claim": "a", "equals": "x"}], [{"claim": "a", "iequals": "x"}]),
    ([{"claim": "a", "equals": "x*"}], [{"claim": "a", "glob": "x*"}]),
    ([{"claim": "a", "iequals": "É"}], [{"claim": "a", "iequals": "é"}]),
    ([{"claim": "a.b", "equals": "x"}], [{"claim": "/a/b", "equals": "x"}]),
]


def fingerprint(rules):
    issuer = issuer_of()
    issuer.pk = 1
    return fingerprint_of(issuer, {**FIELDS, "claims": rules})


@pytest.mark.parametrize(("one", "other"), SAME)
def test_rules_that_mean_the_same_make_the_same_publisher(one, other):
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_rules_that_differ_make_another_publisher(one, other):
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(("rules", "count"), [([], 0), ([A], 1), ([A, B], 2), ([A, A], 1)])
def test_each_rule_is_a_constraint(rules, count):
    assert publisher_of(issuer_of(), {**FIELDS, "claims": rules}).constraint_count() == count


def test_of_the_same_rules_the_first_is_kept_in_its_place():
    rules = [Rule("a", "equals", "1"), Rule("b", "glob", "x*"), Rule("/a", "glob", "1")]
    assert distinct(rules) == rules[:2]


@pytest.mark.parametrize("claims", [None, "text", ["a"]])
def test_a_reading_without_claims_meets_no_rule(claims):
    (check,) = Rules("claims", "C").checks([A], {"claims": claims})
    assert not check.ok


# -- presets ------------------------------------------------------------


@pytest.mark.parametrize("name", PRESETS)
def test_a_presets_sample_matches_and_says_its_ids(name):
    sample = sample_of(name)
    reading = sample.issuer.kind.read(sample.claims)
    publisher = publisher_of(sample.issuer, sample.fields, PINS[name])
    assert matching.hold(publisher, reading).ok
    assert {pin.name: reading[pin.name] for pin in sample.issuer.kind.pins} == PINS[name]


PRESET_REFUSES = [
    ("kubernetes", {"sub": "system:serviceaccount:other:my-serviceaccount"}),
    ("kubernetes", {"sub": "system:serviceaccount:my-namespace:default"}),
    ("kubernetes", {"kubernetes.io": {"serviceaccount": {"uid": "another"}, "pod": {"name": "my-pod"}}}),
    ("kubernetes", {"kubernetes.io": {"serviceaccount": {"uid": next(iter(PINS["kubernetes"].values()))}}}),
    ("forgejo", {"repository": "fork/testing"}),
    ("forgejo", {"workflow": "test.yml"}),
    ("forgejo", {"event_name": "pull_request_target", "ref": "refs/heads/main"}),
    ("forgejo", {"event_name": "workflow_call"}),
    ("forgejo", {"ref": "refs/pull/1/head"}),
    ("forgejo", {"repository_id": "8"}),
    ("semaphore", {"prj_id": "another"}),
    ("semaphore", {"ref_type": "pull-request"}),
    ("semaphore", {"job_type": "debug_job"}),
    ("semaphore", {"org_id": "another"}),
    ("bitbucket", {"repositoryUuid": "{another}"}),
    ("bitbucket", {"deploymentEnvironmentUuid": "{another}"}),
    ("bitbucket", {"branchName": "feature"}),
    ("bitbucket", {"workspaceUuid": "{another}"}),
    ("jenkins", {"sub": "https://jenkins.example.com/job/sampleproject/job/PR-1/"}),
    ("jenkins", {"sub": "https://jenkins.example.com/"}),
]


@pytest.mark.parametrize(("name", "claims"), PRESET_REFUSES)
def test_a_presets_sample_from_elsewhere_does_not_match(name, claims):
    sample = sample_of(name)
    kind = sample.issuer.kind
    reading = kind.read({**sample.claims, **claims})
    publisher = publisher_of(sample.issuer, sample.fields, PINS[name])
    at_place = kind.identity(reading) == kind.identity(publisher.values)
    assert not (at_place and matching.hold(publisher, reading).ok)


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("bitbucket", "deploymentEnvironmentUuid"),
        ("forgejo", "repository_id"),
        ("semaphore", "prj_id"),
        ("kubernetes", "kubernetes.io"),
        ("jenkins", "sub"),
    ],
)
def test_a_token_without_what_the_preset_names_is_refused(name, claim):
    sample = sample_of(name)
    with pytest.raises(InvalidToken, match="The token has no claim"):
        sample.issuer.kind.read({**sample.claims, claim: None})


def test_what_is_taken_as_given():
    assert (issuer_of().kind.max_token_age, issuer_of().kind.reuse, issuer_of().kind.default_issuer) == (
        3600,
        "once",
        "",
    )
    assert PRESETS["kubernetes"].reuse == "until-expiry"
    assert {name for name, preset in PRESETS.items() if preset.reuse != "once"} == {"kubernetes"}
    assert set(SAMPLE_FIELDS) == set(PRESETS)
