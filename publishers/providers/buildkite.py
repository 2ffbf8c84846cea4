"""Buildkite.

Claims: https://buildkite.com/docs/agent/cli/reference/oidc ("Claims", "Optional claims"). ``sub`` is not looked at: a
job may choose another one (``--subject-claim``).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from publishers.pasted import Address
from publishers.providers.base import Links, Provider
from publishers.providers.claims import Claims, optional_text_claim, text_claim
from publishers.providers.fields import Constraint, Field, Glob, Pin, Reading

# The documentation does not say that case does not matter, so it does.
_SLUG = r"[A-Za-z0-9][A-Za-z0-9_.-]*"


class Buildkite(Provider):
    """A pipeline of an organization."""

    name = "buildkite"
    label = "Buildkite"
    icon = "brands/buildkite"
    commit_claim = "build_commit"
    run_claim = "job_id"
    default_issuer = "https://agent.buildkite.com"
    place_label = "Pipeline"
    told = {"Branch": "build_branch", "Tag": "build_tag", "Commit": "build_commit", "Build": "build_number"}
    run_label = "Build"
    trusts = "any build of the pipeline {organization_slug}/{pipeline_slug}"
    narrowed_by = ("branch", "tag", "step_key")
    unnarrowed = (
        "Nothing narrows it: every step of every build of this pipeline can publish. Name the branch or the tag of "
        "your releases."
    )
    in_job = MappingProxyType({"step_key": "key: publish"})
    known_to_id = True
    fields = (
        Field(
            "organization_slug",
            "Organization slug",
            hint="The organization as the pipeline's address has it, such as acme-inc.",
            pattern=_SLUG,
            problem="A slug is one part of the pipeline's address, buildkite.com/ORGANIZATION/PIPELINE, without '/'.",
        ),
        Field(
            "pipeline_slug",
            "Pipeline slug",
            hint="The pipeline as its address has it, such as super-duper-app.",
            pattern=_SLUG,
            problem="A slug is one part of the pipeline's address, buildkite.com/ORGANIZATION/PIPELINE, without '/'.",
        ),
        Glob(
            "branch",
            "Branch",
            claim="build_branch",
            hint="The branch's name, such as main or release/*.",
            clause="of the branch {value}",
        ),
        Glob(
            "tag",
            "Tag",
            claim="build_tag",
            hint="The tag's name, such as v*: builds of no tag are refused then.",
            clause="of the tag {value}",
            recommended=True,
        ),
        Constraint(
            "step_key",
            "Step key",
            hint="The key of the step that publishes, as the pipeline's steps have it.",
            fix="give the step `key: {expected}`",
            clause="in the step {value}",
        ),
    )
    pins = (
        Pin("organization_id", "Organization id", of_owner=True, optional=True),
        Pin("pipeline_id", "Pipeline id", optional=True),
    )

    def read(self, claims: Claims) -> Reading:
        """``build_tag`` is there for builds of a tag only; ``step_key`` is null for a step without one."""
        return {
            "organization_slug": text_claim(claims, "organization_slug"),
            "pipeline_slug": text_claim(claims, "pipeline_slug"),
            "branch": optional_text_claim(claims, "build_branch"),
            "tag": optional_text_claim(claims, "build_tag"),
            "step_key": optional_text_claim(claims, "step_key"),
            "organization_id": optional_text_claim(claims, "organization_id"),
            "pipeline_id": optional_text_claim(claims, "pipeline_id"),
        }

    def describe(self, values: Mapping[str, Any]) -> str:
        """``acme-inc/super-duper-app · tag v* · step publish``."""
        said = [self.place(values)]
        said += [f"{name} {values[name]}" for name in ("branch", "tag") if values.get(name)]
        if values.get("step_key"):
            said.append(f"step {values['step_key']}")
        return " · ".join(said)

    @property
    def site(self) -> str:
        """There is one."""
        return "buildkite.com" if self.issuer_url == self.default_issuer else ""

    def from_address(self, address: Address) -> dict[str, str] | None:
        """``buildkite.com/ORGANIZATION/PIPELINE``, and whatever follows."""
        organization, pipeline, *_ = (*address.below(self.site), "", "")
        if not pipeline:
            return None
        return {"organization_slug": organization, "pipeline_slug": pipeline}

    def links(self, claims: Claims) -> Links:
        """The job. Which repository the commit is in the token does not say."""
        number, job = claims.get("build_number"), claims.get("job_id")
        if self.issuer_url != self.default_issuer or not number:
            return Links()
        place = f"https://buildkite.com/{claims.get('organization_slug')}/{claims.get('pipeline_slug')}"
        return Links(run=f"{place}/builds/{number}#{job}" if job else f"{place}/builds/{number}")
