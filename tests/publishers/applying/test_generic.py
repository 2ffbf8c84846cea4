"""Publishers at issuers of the generic provider, in an apply file."""

from collections.abc import Callable

import pytest

from publishers.models import Issuer, Publisher
from publishers.pending import reify
from registry.actors import Actor
from registry.creation import create_project
from registry.models import Event
from tests.publishers.applying.conftest import Apply

pytestmark = pytest.mark.django_db

URL = "https://git.example.com/api/actions"
ISSUER = """
[[issuer]]
url = "https://git.example.com/api/actions"
provider = "generic"
name = "Our Forgejo"
identity_claims = ["repository", "/build/file"]
pinned_claims = ["repository_id"]
"""
ALICE = """
[[user]]
username = "alice"
email = "alice@example.com"
"""
PROJECT = ISSUER + ALICE + '[[project]]\nname = "sampleproject"\nowners = ["alice"]\n'
CLAIMS = """claims = [
    { claim = "repository", equals = "acme/tool" },
    { claim = "/build/file", equals = "release.yml" },
    { claim = "ref", glob = "refs/tags/v*" },
    { claim = "/kubernetes.io/namespace", iequals = "CI" },
]
"""
TABLE = 'provider = "generic"\nissuer = "https://git.example.com/api/actions"\n'
BARE = PROJECT + "[[project.publisher]]\n" + TABLE
PUBLISHER = BARE + CLAIMS
PENDING = ISSUER + ALICE + '[[pending_publisher]]\nproject_name = "brand-new"\nuser = "alice"\n' + TABLE + CLAIMS
VALUES = {
    "repository": "acme/tool",
    "/build/file": "release.yml",
    "claims": [{"claim": "ref", "glob": "refs/tags/v*"}, {"claim": "/kubernetes.io/namespace", "iequals": "CI"}],
}
CALLED = "Generic OpenID Connect: repository acme/tool, /build/file release.yml · ref refs/tags/v* · "
NOTHING = "nothing to change\n"
FIRST = '[[project]] "sampleproject" [[project.publisher]] 1'


def test_an_issuer_and_its_publisher_are_added_once(apply: Apply):
    said = apply(PUBLISHER, "--dry-run")
    assert said == apply(PUBLISHER)
    assert "add issuer https://git.example.com/api/actions (Generic OpenID Connect)\n" in said
    assert f"add publisher of sampleproject: {CALLED}/kubernetes.io/namespace CI\n" in said
    assert apply(PUBLISHER) == NOTHING
    issuer = Issuer.objects.get(provider="generic")
    assert (issuer.identity_claims, issuer.pinned_claims) == (["repository", "/build/file"], ["repository_id"])
    assert Publisher.objects.get().values == VALUES


def test_a_pending_publisher_waits_and_is_done_once_it_became_its_project(apply: Apply):
    apply(PENDING)
    assert apply(PENDING) == NOTHING
    publisher = Publisher.objects.get()
    assert (publisher.values, publisher.is_pending) == (VALUES, True)
    assert publisher.added_by is not None

    class Credential:
        def credited_publisher_id(self, name: str) -> int:
            return publisher.pk

    project = create_project("brand-new", owners=[publisher.added_by], actor=Actor("CI"), credential=Credential())
    reify(publisher, project, Actor("CI"))
    publisher.delete()
    assert apply(PENDING, "--prune") == NOTHING


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ('claim = "ref"', 'claim = "/ref"'),
        ('claim = "repository"', 'claim = "/repository"'),
        ('iequals = "CI"', 'iequals = "ci"'),
        ('"acme/tool"', '" acme/tool "'),
        ("]\n", '    { claim = "ref", glob = "refs/tags/v*" },\n]\n'),
    ],
)
def test_the_same_publisher_is_recognised(apply: Apply, before: str, after: str):
    apply(PUBLISHER)
    apply(BARE + CLAIMS.replace(before, after, 1))
    assert Publisher.objects.count() == 1
    assert Publisher.objects.get().generation == 0


def test_in_another_order_it_is_the_same(apply: Apply):
    apply(PUBLISHER)
    lines = CLAIMS.splitlines()
    turned = "\n".join([lines[0], *lines[4:0:-1], lines[5]])
    apply(BARE + turned)
    assert Publisher.objects.get().generation == 0


def test_a_rule_that_differs_is_changed_and_told_as_the_file_has_it(apply: Apply):
    apply(PUBLISHER)
    Publisher.objects.update(pins={"repository_id": "74"}, unpinned_since=None)
    said = apply(PUBLISHER.replace("refs/tags/v*", "refs/tags/*"))
    assert said.count("\n") == 1
    assert 'claims: { claim = "ref", glob = "refs/tags/v*" }, { claim = ' in said
    assert '→ { claim = "ref", glob = "refs/tags/*" }, ' in said
    assert Publisher.objects.get().pins == {"repository_id": "74"}
    identity_only = "".join(CLAIMS.splitlines(keepends=True)[:3]) + "]\n"
    assert apply(BARE + identity_only).endswith("→ none\n")


def test_another_identity_is_another_publisher(apply: Apply):
    apply(PUBLISHER)
    moved = PUBLISHER.replace("acme/tool", "acme/other")
    assert apply(moved).startswith("add publisher of sampleproject")
    assert apply(moved, "--prune").startswith("remove publisher of sampleproject")


def test_a_label_recognises_it_whatever_it_trusts(apply: Apply):
    labelled = PUBLISHER.replace(TABLE, TABLE + 'label = "main"\n')
    apply(labelled)
    said = apply(labelled.replace("acme/tool", "acme/other"))
    assert "repository: acme/tool → acme/other" in said
    assert Publisher.objects.count() == 1


def test_claims_of_a_used_issuer_stay(apply: Apply, complaints: Callable[[str], list[str]]):
    apply(PUBLISHER)
    assert apply(ISSUER.replace('["repository_id"]', "[]")).startswith("change issuer")
    (line,) = complaints(ISSUER.replace('["repository", "/build/file"]', '["sub"]'))
    assert line.startswith(f'[[issuer]] "{URL}": key "identity_claims": Publishers of this issuer')


ENTRY = '{ claim = "ref", glob = "refs/tags/v*" }'
WRONG = [
    (PUBLISHER.replace("claims = [", "claim = ["), f'{FIRST}: unknown key "claim" (did you mean "claims"?)'),
    (BARE, f'{FIRST}: key "claims": there is none about "repository"'),
    (PROJECT + "[[project.publisher]]\n" + CLAIMS + 'provider = "generic"', f'{FIRST}: the key "issuer" is missing'),
    (
        BARE + 'claims = "ref"',
        f'{FIRST}: key "claims": must be a list of tables.',
    ),
    (
        BARE + 'claims = ["ref"]',
        f'{FIRST}: key "claims": must be a list of tables.',
    ),
    (PUBLISHER.replace(ENTRY, '{ claim = "ref" }'), f"{FIRST} claims 3: must have exactly one of the keys"),
    (PUBLISHER.replace(ENTRY, '{ glob = "x" }'), f'{FIRST} claims 3: the key "claim" is missing'),
    (
        PUBLISHER.replace(ENTRY, '{ claim = "ref", glob = "x", equals = "x" }'),
        f"{FIRST} claims 3: must have exactly one",
    ),
    (PUBLISHER.replace("glob =", "globs ="), f'{FIRST} claims 3: unknown key "globs" (did you mean "glob"?)'),
    (
        PUBLISHER.replace('"refs/tags/v*"', "7"),
        f'{FIRST} claims 3: key "glob": must be a text (in quotes)',
    ),
    (
        PUBLISHER.replace('"refs/tags/v*"', '"*"'),
        f'{FIRST} claims 3: key "glob": A pattern must begin with literal text',
    ),
    (PUBLISHER.replace('"refs/tags/v*"', '""'), f'{FIRST} claims 3: key "glob": Write what the claim must be.'),
    (PUBLISHER.replace('"ref"', '""'), f'{FIRST} claims 3: key "claim": Name a claim.'),
    (PUBLISHER.replace('"ref"', '"/ref~"'), f'{FIRST} claims 3: key "claim": In a JSON Pointer'),
    (PUBLISHER.replace('"ref"', "true"), f'{FIRST} claims 3: key "claim": must be a text'),
    (
        PUBLISHER.replace('"ref"', '"a\\u0000"'),
        f'{FIRST} claims 3: key "claim": must be a text (in quotes)',
    ),
    (
        PUBLISHER.replace('"repository", equals', '"repository", glob'),
        f'{FIRST}: key "claims": "repository" is an identity claim of {URL}: give its exact',
    ),
    (
        PUBLISHER.replace('claim = "ref", glob', 'claim = "/repository", equals'),
        f'{FIRST}: key "claims": "repository" is an identity claim of {URL}: it has one',
    ),
    (
        PUBLISHER.replace('claim = "/build/file"', 'claim = "file"'),
        f'{FIRST}: key "claims": there is none about "/build/',
    ),
    (PUBLISHER.replace('"acme/tool"', '" "'), f'{FIRST}: key "claims": repository is required.'),
    (PUBLISHER.replace('"acme/tool"', f'"{"x" * 1025}"'), f'{FIRST} claims 1: key "equals": Write at most 1024'),
    (PUBLISHER + 'repository_id = "74"', f'{FIRST}: unknown key "repository_id"'),
    (PENDING.replace(ENTRY, '{ claim = "ref" }'), '[[pending_publisher]] "brand-new" claims 3: must have exactly one'),
    (ISSUER.replace('["repository", "/build/file"]', "[]"), 'key "identity_claims": Name at least one claim'),
    (ISSUER.replace('"/build/file"', '"label"'), 'key "identity_claims": “label” is a field of its own in forms'),
    (ISSUER.replace('"/build/file"', '"/repository"'), "are the same claim"),
    (ISSUER.replace('["repository_id"]', '"repository_id"'), 'key "pinned_claims": must be a list of texts'),
]


@pytest.mark.parametrize(("text", "line"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_its_table_and_key(text: str, line: str, complaints: Callable[[str], list[str]]):
    said = complaints(text)
    assert any(line in one for one in said), said
    assert not Event.objects.exists()


def test_the_number_of_rules_is_bounded(complaints: Callable[[str], list[str]]):
    more = "".join(f'{{ claim = "c{number}", equals = "x" }},\n' for number in range(19))
    (line,) = complaints(BARE + CLAIMS.removesuffix("]\n") + more + "]\n")
    assert line == f'{FIRST}: key "claims": At most 20 rules.'
