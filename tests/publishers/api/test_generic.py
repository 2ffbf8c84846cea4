"""Publishers at an issuer whose claims an administrator names: all that a token must say stands in ``claims``."""

import pytest

from publishers.models import Issuer, Publisher
from tests.factories import make_project, make_user
from tests.registry.api.asking import asker, refused

PATH = "projects/sampleproject/publishers/"
URL = "https://ci.example.com"
IDENTITY = [{"claim": "repository", "equals": "acme/tool"}, {"claim": "workflow", "equals": "release.yml"}]
RULE = {"claim": "ref", "glob": "refs/tags/v*"}
BODY = {"provider": "generic", "issuer": URL, "claims": [RULE, *IDENTITY]}

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask():
    alice = make_user("alice")
    make_project("sampleproject", alice)
    named = {"identity_claims": ["repository", "workflow"], "pinned_claims": ["repository_id"]}
    Issuer.objects.create(url=URL, provider="generic", **named)
    return asker(alice, "manage")


def test_a_publisher_is_added_read_and_sent_back(ask):
    added = ask("POST", PATH, BODY)
    document = added.json()
    assert (added.status_code, document["claims"]) == (201, [*IDENTITY, RULE])
    assert Publisher.objects.get().values == {"repository": "acme/tool", "workflow": "release.yml", "claims": [RULE]}
    assert ask("PUT", f"{PATH}{document['id']}/", document).json() == document
    assert ask("POST", PATH, document).status_code == 200


def test_a_change_that_does_not_speak_of_claims_keeps_them(ask):
    document = ask("POST", PATH, BODY).json()
    changed = ask("PATCH", f"{PATH}{document['id']}/", {"label": "tool"}).json()
    assert (changed["label"], changed["claims"]) == ("tool", document["claims"])
    changed = ask("PATCH", f"{PATH}{document['id']}/", {"claims": IDENTITY}).json()
    assert (changed["label"], changed["claims"]) == ("tool", IDENTITY)


@pytest.mark.parametrize(
    "claims",
    [
        None,
        [],
        "ref",
        {"claim": "ref", "equals": "x"},
        [1, None, [], "x"],
        IDENTITY[:1],
        [*IDENTITY, IDENTITY[0]],
        [{**IDENTITY[0], "equals": 7}, IDENTITY[1]],
        [{"claim": "repository", "glob": "acme/*"}, IDENTITY[1]],
        [*IDENTITY, {"claim": "ref"}],
        [*IDENTITY, {"claim": {"a": 1}, "equals": []}],
        [*IDENTITY, {"equals": "x"}],
        [*IDENTITY, 7],
        [*IDENTITY, {"claim": "ref", "equals": "x", "glob": "y"}],
        [*IDENTITY, {"claim": "ref", "glob": "*"}],
        [*IDENTITY, *({"claim": f"c{number}", "equals": "x"} for number in range(50))],
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_wrong_claims_are_named(ask, method, claims):
    path = PATH if method == "POST" else f"{PATH}{ask('POST', PATH, BODY).json()['id']}/"
    errors = refused(ask(method, path, {**BODY, "claims": claims}), 400)["errors"]
    assert list(errors) == ["claims"]


def test_without_an_issuer_none_is_meant(ask):
    assert list(refused(ask("POST", PATH, {"provider": "generic", "claims": IDENTITY}), 400)["errors"]) == ["issuer"]


def test_the_issuer_says_which_claims_it_wants(ask):
    (generic,) = [one for one in ask.get("providers/") if one["name"] == "generic"]
    (issuer,) = generic["issuers"]
    assert (issuer["url"], issuer["identity_claims"], issuer["default"]) == (URL, ["repository", "workflow"], False)
    assert [field["name"] for field in generic["fields"]] == ["claims"]
