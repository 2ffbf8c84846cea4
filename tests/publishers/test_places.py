"""A repository in any spelling is found at any provider."""

import pytest

from publishers.models import Issuer, Publisher
from publishers.places import identities_of, known_identities, place_in
from publishers.providers.github import GitHub
from publishers.providers.gitlab import GitLab
from publishers.providers.google import Google


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("octo-org/sampleproject", "octo-org/sampleproject"),
        (" octo-org/sampleproject/ ", "octo-org/sampleproject"),
        ("https://github.com/octo-org/sampleproject", "octo-org/sampleproject"),
        ("https://github.com/octo-org/sampleproject.git", "octo-org/sampleproject"),
        ("git@github.com:octo-org/sampleproject.git", "octo-org/sampleproject"),
        ("https://github.com/octo-org/sampleproject/actions/runs/5", "octo-org/sampleproject"),
        ("https://github.com/octo-org/sampleproject/blob/main/.github/workflows/x.yml", "octo-org/sampleproject"),
        ("https://gitlab.com/a/b/c/-/jobs/7", "a/b/c"),
    ],
)
def test_an_address_is_cut_to_its_repository(text, place):
    assert place_in(text) == place


@pytest.mark.parametrize(
    ("identity", "text"),
    [
        (GitHub("x").identity({"owner": "Octo-Org", "repository": "Sample"}), "Octo-Org/Sample"),
        (GitLab("x").identity({"namespace": "a/B", "project": "c"}), "A/b/C"),
        (Google("x").identity({"email": "ci@p.iam.gserviceaccount.com"}), "ci@p.iam.gserviceaccount.com"),
    ],
    ids=["github", "gitlab", "google"],
)
def test_its_forms_hold_what_a_provider_makes_of_it(identity, text):
    assert identity in identities_of(text)


@pytest.mark.parametrize("text", ["", "/", "a//b", "a/" * 8 + "b", "https://["])
def test_what_is_no_place_has_none(text):
    assert identities_of(text) == []


@pytest.mark.django_db
@pytest.mark.parametrize("claims", [["repository"], ["repository", "workflow"]])
def test_at_issuers_whose_claims_are_named_one_claim_says_it(claims):
    issuer = Issuer.objects.create(url="https://git.example.com", provider="generic", identity_claims=claims)
    values = {"repository": "acme/Tool", "workflow": "release.yml"}
    publisher = Publisher.objects.create(issuer=issuer, project_name="tool", values=values)
    assert publisher.identity in known_identities("acme/Tool")
    assert publisher.identity not in known_identities("acme/other")
