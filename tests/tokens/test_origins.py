"""What everybody may read of where a file was made."""

from typing import Any

import pytest

from tokens import origins
from tokens.origins import Fact

GITHUB: dict[str, Any] = {
    "provider": "github",
    "issuer": "https://token.actions.githubusercontent.com",
    "description": "octo-org/sampleproject · release.yml",
    "fields": {"owner": "octo-org", "repository": "sampleproject", "workflow_filename": "release.yml"},
}
CLAIMS = {
    "repository": "octo-org/sampleproject",
    "run_id": "4711",
    "sha": "abc",
    "ref": "refs/heads/main",
    "actor": "o",
}
GITLAB: dict[str, Any] = {
    "provider": "gitlab",
    "issuer": "https://git.acme.example",
    "fields": {"namespace": "acme/tools", "project": "tool", "workflow_filepath": ".gitlab-ci.yml"},
}


def test_github():
    origin = origins.of(GITHUB, CLAIMS)
    place = "https://github.com/octo-org/sampleproject"
    assert origin == origins.Origin(
        "GitHub Actions",
        "brands/github",
        (
            Fact("Repository", "octo-org/sampleproject", place),
            Fact("Workflow file", "release.yml"),
            Fact("Ref", "refs/heads/main"),
            Fact("Commit", "abc", f"{place}/commit/abc"),
            Fact("Run", "4711", f"{place}/actions/runs/4711"),
        ),
        (place, "https://octo-org.github.io/sampleproject"),
    )


def test_a_self_managed_gitlab():
    claims = {"project_path": "acme/tools/tool", "job_id": "5", "sha": "abc", "ref_path": "refs/tags/v1"}
    origin = origins.of(GITLAB, claims)
    place = "https://git.acme.example/acme/tools/tool"
    assert origin is not None
    assert origin.addresses == (place,)
    assert Fact("Job", "5", f"{place}/-/jobs/5") in origin.facts


@pytest.mark.parametrize(
    ("provider", "issuer", "fields", "claims", "fact", "addresses"),
    [
        ("github", "https://ghes.example/_services/token", GITHUB["fields"], CLAIMS,
         Fact("Repository", "octo-org/sampleproject", "https://ghes.example/octo-org/sampleproject"),
         ("https://ghes.example/octo-org/sampleproject",)),
        ("github", "https://ghes.example/tokens", GITHUB["fields"], CLAIMS,
         Fact("Repository", "octo-org/sampleproject"), ()),
        ("github", GITHUB["issuer"], {**GITHUB["fields"], "repository": "Octo-Org.github.io"}, {},
         Fact("Repository", "octo-org/Octo-Org.github.io", "https://github.com/octo-org/Octo-Org.github.io"),
         ("https://github.com/octo-org/Octo-Org.github.io", "https://octo-org.github.io")),
        ("gitlab", "https://gitlab.com", GITLAB["fields"], {},
         Fact("Project", "acme/tools/tool", "https://gitlab.com/acme/tools/tool"),
         ("https://gitlab.com/acme/tools/tool", "https://acme.gitlab.io/tools/tool")),
        ("gitlab", "https://gitlab.com", {**GITLAB["fields"], "namespace": "acme", "project": "acme.gitlab.io"}, {},
         Fact("Project", "acme/acme.gitlab.io", "https://gitlab.com/acme/acme.gitlab.io"),
         ("https://gitlab.com/acme/acme.gitlab.io", "https://acme.gitlab.io")),
        ("buildkite", "https://agent.buildkite.com", {"organization_slug": "acme", "pipeline_slug": "tool"},
         {"organization_slug": "acme", "pipeline_slug": "tool", "build_number": 7},
         Fact("Build", "7", "https://buildkite.com/acme/tool/builds/7"), ()),
        ("activestate", "https://platform.activestate.com/api/v1/oauth/oidc",
         {"organization": "acme", "project": "tool", "actor": "ada"}, {}, Fact("Actor", "ada"),
         ("https://platform.activestate.com/acme/tool",)),
        ("google", "https://accounts.google.com", {"email": "a@b.example"}, {},
         Fact("Service account", "a@b.example"), ()),
    ],
)  # fmt: skip
def test_others(provider, issuer, fields, claims, fact, addresses):
    origin = origins.of({"provider": provider, "issuer": issuer, "fields": fields}, claims)
    assert origin is not None
    assert fact in origin.facts
    assert origin.addresses == addresses


def test_a_generic_issuers_workload_is_told_in_its_own_words():
    publisher = {
        "provider": "generic",
        "issuer": "https://ci.example",
        "description": "repository acme/tool",
        "fields": {},
    }
    origin = origins.of(publisher, {"sub": "x"})
    assert origin is not None
    assert origin.facts == (Fact("Issuer", "https://ci.example"), Fact("Workload", "repository acme/tool"))


@pytest.mark.parametrize(
    "publisher", [{"provider": "gone"}, {"provider": "github"}, {"provider": "github", "fields": {"owner": "a"}}]
)
def test_what_it_does_not_know_stops_nothing(publisher):
    origin = origins.of(publisher, {})
    assert origin is not None
    assert origin.addresses == ()


def test_a_persons_token_has_none():
    assert origins.of({}, {}) is None
