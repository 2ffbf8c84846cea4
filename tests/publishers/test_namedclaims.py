"""Which claims an administrator may name for an issuer, and until when."""

from typing import Any

import pytest

from publishers import issuers
from publishers.issuers import IssuerForm
from publishers.models import Issuer, Publisher
from publishers.namedclaims import RESERVED, ClaimsInUse
from publishers.presets import PRESETS
from registry.actors import Actor
from tests.factories import make_project

pytestmark = pytest.mark.django_db

BOSS = Actor("boss")
URL = "https://issuer.example.com"
ROW: dict[str, Any] = {
    "url": URL,
    "provider": "generic",
    "enabled": True,
    "algorithms": ["RS256"],
    "identity_claims": ["repository"],
    "pinned_claims": ["repository_id"],
}


def form_of(issuer: Issuer | None = None, **changes: Any) -> IssuerForm:
    return IssuerForm({**ROW, **changes}, instance=issuer)


def added(**changes: Any) -> Issuer:
    form = form_of(**changes)
    assert form.is_valid(), form.errors
    issuers.save(form, BOSS)
    return form.instance


def use(issuer: Issuer) -> Publisher:
    values = dict.fromkeys(issuer.identity_claims, "x")
    return Publisher.objects.create(issuer=issuer, project=make_project(), values=values)


@pytest.mark.parametrize(
    ("identity", "pinned"),
    [
        ("sub", ""),
        ("repository, workflow", "repository_id repository_owner_id"),
        ("sub", "/kubernetes.io/serviceaccount/uid"),
        ("/label", "/claims"),
        ("oidc.circleci.com/org-id", "https://acme.example.com/id"),
        ("a.b /a/b", ""),
        ("Sub", "SUB"),
        ("é", ""),
    ],
)
def test_claims_are_named_literally_or_by_pointer(identity: str, pinned: str):
    issuer = added(identity_claims=identity, pinned_claims=pinned)
    assert " ".join(issuer.identity_claims) == identity.replace(",", "")
    assert [pin.name for pin in issuer.kind.pins] == pinned.split()
    assert (issuer.max_token_age, issuer.reuse) == (3600, "once")


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"identity_claims": ""}, "identity_claims", "Name at least one claim"),
        ({"identity_claims": [], "pinned_claims": []}, "identity_claims", "Name at least one claim"),
        ({"identity_claims": "iss"}, "identity_claims", "“iss” says nothing of a workload"),
        ({"identity_claims": "aud"}, "identity_claims", "“aud” says nothing of a workload"),
        ({"identity_claims": "/aud/0"}, "identity_claims", "“/aud/0” says nothing of a workload"),
        ({"identity_claims": "repository jti"}, "identity_claims", "“jti” says nothing of a workload"),
        ({"pinned_claims": "exp"}, "pinned_claims", "“exp” says nothing of a workload"),
        ({"identity_claims": "sub /sub"}, "identity_claims", "“/sub” and “sub” are the same claim"),
        ({"identity_claims": "a/b /a~1b"}, "identity_claims", "are the same claim"),
        ({"identity_claims": "sub", "pinned_claims": "/sub"}, "pinned_claims", "“/sub” and “sub” are the same claim"),
        ({"pinned_claims": "id /id"}, "pinned_claims", "are the same claim"),
        ({"identity_claims": "/a~"}, "identity_claims", "must be followed by 0"),
        ({"identity_claims": ["a\x07b"]}, "identity_claims", "control characters"),
        ({"identity_claims": ["a b"]}, "identity_claims", "no comma and no white space"),
        ({"identity_claims": ["a,b"]}, "identity_claims", "no comma and no white space"),
        ({"identity_claims": [""]}, "identity_claims", "Name a claim."),
        ({"identity_claims": "x" * 256}, "identity_claims", "at most 255 characters"),
        ({"identity_claims": [f"c{number}" for number in range(11)]}, "identity_claims", "at most 10 claims"),
        ({"pinned_claims": [f"c{number}" for number in range(11)]}, "pinned_claims", "at most 10 claims"),
        ({"identity_claims": [7]}, "identity_claims", "Write words"),
        ({"provider": "github"}, "identity_claims", "Only issuers of the generic provider"),
    ],
)
def test_other_names_are_refused(changes: dict[str, Any], field: str, sentence: str):
    form = form_of(**changes)
    assert not form.is_valid()
    assert any(sentence in said for said in form.errors[field]), form.errors


@pytest.mark.parametrize("name", sorted(RESERVED | {"_save", "_popup", "claims-0-text"}))
@pytest.mark.parametrize("field", ["identity_claims", "pinned_claims"])
def test_a_name_that_forms_use_otherwise_has_another_spelling(field: str, name: str):
    form = form_of(None, **{field: name})
    assert form.errors[field] == [f"“{name}” is a field of its own in forms: write “/{name}”, which is the same claim."]
    assert form_of(None, **{field: f"/{name}"}).is_valid()


def test_identity_claims_stay_once_a_publisher_hangs_off_them():
    issuer = added()
    assert form_of(issuer, identity_claims="sub").is_valid()
    publisher = use(Issuer.objects.get(pk=issuer.pk))
    form = form_of(Issuer.objects.get(pk=issuer.pk), identity_claims="sub")
    (sentence,) = form.errors["identity_claims"]
    assert sentence == (
        "Publishers of this issuer are known by its identity claims (repository): these cannot change any more. Remove "
        "the publishers first."
    )
    publisher.delete()
    assert form_of(Issuer.objects.get(pk=issuer.pk), identity_claims="sub").is_valid()


def test_their_order_and_all_else_may_change():
    issuer = added(identity_claims="repository workflow")
    use(issuer)
    form = form_of(issuer, identity_claims="workflow repository", pinned_claims="other_id", name="New", reuse="once")
    assert form.is_valid(), form.errors
    assert issuers.save(form, BOSS)


def test_a_publisher_that_came_since_the_form_was_checked_is_seen_when_it_is_saved():
    issuer = added()
    form = form_of(Issuer.objects.get(pk=issuer.pk), identity_claims="sub")
    assert form.is_valid()
    use(issuer)
    with pytest.raises(ClaimsInUse):
        issuers.save(form, BOSS)
    issuer.refresh_from_db()
    assert issuer.identity_claims == ["repository"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_what_the_form_takes(name: str):
    preset = PRESETS[name]
    issuer = added(**preset.initial(), algorithms=["RS256"])
    assert tuple(issuer.identity_claims) == preset.identity_claims
    assert (issuer.max_token_age, issuer.reuse) == (preset.max_token_age, preset.reuse)
    assert preset.source.startswith("https://")
