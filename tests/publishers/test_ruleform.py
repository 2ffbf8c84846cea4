"""The rules of a generic publisher: typed in rows, or sent as a list."""

import re
from typing import Any

import pytest
from django.http import QueryDict

from publishers.forms import PublisherForm, form_field, with_defaults
from publishers.models import Issuer, Publisher
from registry.actors import Actor
from registry.models import Event, Project, User
from tests.factories import make_project, make_user

pytestmark = pytest.mark.django_db

ALICE = Actor("alice")
IDENTITY = {"repository": "acme/tool", "/build/file": "release.yml"}
REF = {"claim": "ref", "glob": "refs/tags/v*"}


@pytest.fixture
def issuer() -> Issuer:
    return Issuer.objects.create(
        url="https://issuer.example.com",
        provider="generic",
        identity_claims=["repository", "/build/file"],
        pinned_claims=["/owner/id"],
    )


@pytest.fixture
def project() -> Project:
    return make_project("sampleproject", make_user("alice"))


def rows(*typed: tuple[str, str, str]) -> dict[str, str]:
    """What a browser sends of the rows, one of them empty."""
    names = ("claim", "how", "text")
    return {
        f"claims-{number}-{name}": value
        for number, row in enumerate([*typed, ("", "equals", "")])
        for name, value in zip(names, row, strict=True)
    }


def typed(issuer: Issuer, place: Project | Publisher, *rules: tuple[str, str, str], **changes: str) -> PublisherForm:
    data = QueryDict(mutable=True)
    data.update({**IDENTITY, "enabled": "on", **rows(*rules), **changes})
    where: dict[str, Any] = {"publisher" if isinstance(place, Publisher) else "project": place}
    return PublisherForm(issuer, data, **where)


def sent(issuer: Issuer, place: Project | Publisher, claims: Any, **changes: Any) -> PublisherForm:
    where: dict[str, Any] = {"publisher" if isinstance(place, Publisher) else "project": place}
    return PublisherForm(issuer, with_defaults(issuer.kind, {**IDENTITY, "claims": claims, **changes}), **where)


def saved(form: PublisherForm) -> Publisher:
    assert form.is_valid(), form.errors
    publisher = form.save(ALICE)
    assert publisher is not None, form.errors
    return publisher


def test_rows_and_a_list_make_the_same_publisher(issuer: Issuer, project: Project):
    rules = [("ref", "glob", "refs/tags/v*"), (" /kubernetes.io/namespace ", "iequals", " CI "), ("a.b", "equals", "x")]
    publisher = saved(typed(issuer, project, *rules))
    entries = [REF, {"claim": "/kubernetes.io/namespace", "iequals": "CI"}, {"claim": "a.b", "equals": "x"}]
    assert publisher.values == {**IDENTITY, "claims": entries}
    again = sent(issuer, project, entries[::-1])
    assert again.non_field_errors() == [f"This publisher is registered already: {publisher.description}."]


@pytest.mark.parametrize("nothing", [None, "", [], [{"claim": "", "equals": " "}]])
def test_no_rule_is_fine(issuer: Issuer, project: Project, nothing: Any):
    assert saved(sent(issuer, project, nothing)).values == IDENTITY


def test_empty_rows_are_no_rules(issuer: Issuer, project: Project):
    assert saved(typed(issuer, project, ("", "glob", ""), (" ", "equals", " "))).values == IDENTITY


def test_a_rule_twice_is_one_rule(issuer: Issuer, project: Project):
    publisher = saved(sent(issuer, project, [REF, REF, {"claim": "/ref", "glob": "refs/tags/v*"}]))
    assert publisher.values["claims"] == [REF]


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (("", "equals", "x"), "Rule 2: Name a claim."),
        (("ref", "equals", ""), "Rule 2 (ref): Write what the claim must be."),
        (("ref", "glob", "*"), "Rule 2 (ref): A pattern must begin with literal text"),
        (("ref", "glob", "a" + "?b" * 9), "Rule 2 (ref): A pattern must have at most 8 wildcards."),
        (("ref", "glob", "x" * 256), "Rule 2 (ref): Write at most 255 characters."),
        (("ref", "equals", "x" * 1025), "Rule 2 (ref): Write at most 1024 characters."),
        (("ref", "equals", "a\x01b"), "Rule 2 (ref): Control characters are not allowed."),
        (("/a~", "equals", "x"), "Rule 2 (/a~): In a JSON Pointer"),
        (("x" * 256, "equals", "x"), "at most 255 characters"),
        (("repository", "equals", "x"), "Rule 2 (repository): “repository” is an identity claim"),
        (("/repository", "glob", "x*"), "Rule 2 (/repository): “repository” is an identity claim"),
        (("/build/file", "equals", "release.yml"), "Rule 2 (/build/file): “/build/file” is an identity claim"),
        (("ref", "regex", "x"), "Rule 2: give `claim` and one of `equals`, `iequals`, `glob`"),
        (("ref", "claim", "x"), "Rule 2: give `claim`"),
        (("ref", "", "x"), "Rule 2: give `claim`"),
    ],
)
def test_a_wrong_row_is_named_and_loses_nothing(
    issuer: Issuer, project: Project, rule: tuple[str, str, str], sentence: str
):
    form = typed(issuer, project, ("event", "equals", "push"), rule)
    assert not form.is_valid()
    assert sentence in form.errors["claims"][0]
    page = str(form["claims"])
    assert 'value="event"' in page
    assert 'value="push"' in page


def test_all_wrong_rows_are_named_at_once(issuer: Issuer, project: Project):
    form = typed(issuer, project, ("", "equals", "x"), ("a", "equals", "x"), ("b", "equals", ""))
    assert form.errors["claims"] == ["Rule 1: Name a claim.", "Rule 3 (b): Write what the claim must be."]


@pytest.mark.parametrize(
    "wrong",
    [
        "ref",
        7,
        {"claim": "ref", "equals": "x"},
        [[]],
        ["ref"],
        [None],
        [{}],
        [{"claim": "ref"}],
        [{"equals": "x"}],
        [{"claim": "ref", "equals": 7}],
        [{"claim": 7, "equals": "x"}],
        [{"claim": "ref", "equals": ["x"]}],
        [{"claim": "ref", "equals": None}],
        [{"claim": "ref", "equals": "x", "glob": "x"}],
        [{"claim": "ref", "equals": "x", "colour": "red"}],
        [{"claim": {"a": 1}, "equals": "x"}],
    ],
)
def test_what_is_no_list_of_rules_is_refused(issuer: Issuer, project: Project, wrong: Any):
    form = sent(issuer, project, wrong)
    assert not form.is_valid()
    assert form.errors["claims"]
    assert str(form["claims"])


def test_the_number_of_rules_is_bounded_and_none_is_passed_over(issuer: Issuer, project: Project):
    twenty = [(f"c{number}", "equals", "x") for number in range(20)]
    assert len(saved(typed(issuer, project, *twenty)).values["claims"]) == 20
    form = typed(issuer, project, *twenty, ("c20", "equals", "x"), label="more")
    assert form.errors["claims"] == ["At most 20 rules."]
    far = typed(issuer, project, **{"claims-999-claim": "far", "claims-999-how": "equals", "claims-999-text": "x"})
    assert saved(far).values["claims"] == [{"claim": "far", "equals": "x"}]


def test_a_rows_rule_is_removed_by_emptying_it_and_the_tokens_of_before_die(issuer: Issuer, project: Project):
    publisher = saved(typed(issuer, project, ("ref", "glob", "refs/tags/v*"), ("event", "equals", "push")))
    page = str(PublisherForm(issuer, publisher=publisher)["claims"])
    assert page.count('aria-label="Claim of rule') == 2 + 3
    assert re.search(r'<option value="glob"\s+selected>', page)
    generation = publisher.generation
    saved(typed(issuer, publisher, ("", "equals", ""), ("event", "equals", "push")))
    assert publisher.values["claims"] == [{"claim": "event", "equals": "push"}]
    assert publisher.generation == generation + 1
    event = Event.objects.get(tag="project:oidc:publisher-changed")
    assert event.details["before"]["fields"]["claims"][0] == REF


def test_reordering_the_rules_ends_no_token(issuer: Issuer, project: Project):
    publisher = saved(sent(issuer, project, [REF, {"claim": "event", "equals": "push"}]))
    generation = publisher.generation
    saved(sent(issuer, publisher, [{"claim": "event", "equals": "push"}, REF]))
    assert publisher.generation == generation


def test_what_was_changed_is_known(issuer: Issuer, project: Project):
    publisher = saved(typed(issuer, project, ("ref", "glob", "refs/tags/v*")))
    assert "claims" not in typed(issuer, publisher, ("ref", "glob", "refs/tags/v*")).changed_data
    assert "claims" in typed(issuer, publisher, ("ref", "glob", "refs/tags/*")).changed_data
    assert "claims" in typed(issuer, publisher, ("ref", "glob", "*")).changed_data


@pytest.mark.parametrize("claim", IDENTITY)
def test_an_identity_claim_is_required(issuer: Issuer, project: Project, claim: str):
    form = typed(issuer, project, **{claim: " "})
    assert form.errors[claim] == [f"{claim} is required."]


def test_an_identity_claim_may_be_as_long_as_a_claim(issuer: Issuer, project: Project):
    assert saved(typed(issuer, project, repository="x" * 1024)).identity.startswith("sha256:")
    assert "at most 1024" in typed(issuer, project, repository="x" * 1025).errors["repository"][0]


def test_a_pinned_claim_may_be_given(issuer: Issuer, project: Project):
    publisher = saved(typed(issuer, project, **{"/owner/id": "65"}))
    assert publisher.pins == {"/owner/id": "65"}
    assert publisher.unpinned_since is None


def test_identity_claims_are_prefilled_by_their_names(issuer: Issuer, project: Project):
    initial = {"repository": "acme/tool", "/build/file": "release.yml", "claims": "ref", "claims-0-claim": "x"}
    form = PublisherForm(issuer, project=project, initial=initial)
    assert 'value="acme/tool"' in str(form["repository"])
    assert 'value="release.yml"' in str(form["/build/file"])
    assert 'value="x"' not in str(form["claims"])


def test_the_rows_may_be_looked_at_only(issuer: Issuer, project: Project):
    publisher = saved(typed(issuer, project, ("ref", "glob", "refs/tags/v*")))
    form = PublisherForm(issuer, publisher=publisher)
    form.fields["claims"].disabled = True
    page = str(form["claims"])
    assert page.count("disabled>") == page.count("<input") + page.count("<select")


def test_what_is_typed_is_escaped(issuer: Issuer, project: Project):
    form = typed(issuer, project, ('"><script>', "equals", ""))
    assert not form.is_valid()
    assert "<script>" not in str(form["claims"]) + str(form.errors)


@pytest.mark.parametrize("pending", [False, True])
def test_claims_that_were_renamed_since_the_form_was_checked_are_seen_when_it_is_saved(
    issuer: Issuer, project: Project, pending: bool
):
    data = {**IDENTITY, "project_name": "brand-new", "enabled": "on"}
    place: dict[str, Any] = {"user": User.objects.get()} if pending else {"project": project}
    form = PublisherForm(issuer, data, **place)
    assert form.is_valid(), form.errors
    Issuer.objects.filter(pk=issuer.pk).update(identity_claims=["repository"])
    assert form.save(ALICE) is None
    assert form.non_field_errors() == ["The issuer's identity claims were changed meanwhile: open this form again."]
    assert not Publisher.objects.exists()


def test_the_field_knows_its_first_input(issuer: Issuer):
    field = form_field(issuer.kind.fields[-1])
    assert field.widget.id_for_label("id_claims") == "id_claims-0-claim"
