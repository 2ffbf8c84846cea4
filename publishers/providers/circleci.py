"""CircleCI.

Claims: https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/ ("Format of the OpenID
Connect ID token"); org-id, pipeline-id and pipeline-definition-id:
https://discuss.circleci.com/t/new-oidc-custom-claims/54214. A job chooses the audience:
https://circleci.com/docs/guides/permissions-authentication/oidc-tokens-with-custom-claims/.
"""

from collections.abc import Mapping
from typing import Any

from publishers.errors import InvalidToken
from publishers.pasted import Address
from publishers.providers.base import Provider
from publishers.providers.claims import Claims, flag_claim, optional_text_claim, optional_texts_claim, text_claim
from publishers.providers.fields import Constraint, Field, Glob, Pin, Reading, Waivable

# An organization's own issuer, whose address ends in the organization's id.
_OWN_ISSUER = "/org/"
_CLAIM = "oidc.circleci.com/"
_ID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_NO_ID = "Write the id as CircleCI shows it: a UUID in small letters."


class CircleCI(Provider):
    """A project of an organization."""

    name = "circleci"
    label = "CircleCI"
    icon = "brands/circleci"
    commit_claim = ""
    run_claim = "oidc.circleci.com/job-id"
    default_issuer = "https://oidc.circleci.com"
    trusts = "any job of the project {project_id} of the organization {org_id}"
    narrowed_by = ("vcs_ref", "pipeline_definition_id", "context_id")
    unnarrowed = (
        "Nothing narrows it: every job of every pipeline of this project can publish. Name a context, or the ref of "
        "your releases."
    )
    known_to_id = True
    fields = (
        Field(
            "org_id",
            "Organization id",
            claim=f"{_CLAIM}org-id",
            hint="Organization Settings, Overview.",
            pattern=_ID,
            problem=_NO_ID,
        ),
        Field(
            "project_id",
            "Project id",
            claim=f"{_CLAIM}project-id",
            hint="Project Settings, Overview.",
            pattern=_ID,
            problem=_NO_ID,
        ),
        Waivable(
            "vcs_origin",
            "VCS origin",
            claim=f"{_CLAIM}vcs-origin",
            hint="The repository that starts the pipeline, such as github.com/acme/sampleproject; * for any at all.",
            pattern=r"[^\s/:*]+(?:/[^\s/:*]+)+",
            problem="Write one repository without https://, such as github.com/acme/sampleproject.",
            fix="start the pipeline from `{expected}`",
            clause="of a pipeline that {value} started",
            waiver="Any repository that starts a pipeline of this CircleCI project may publish, forks included if the "
            "project passes secrets to them, and so may custom webhooks.",
        ),
        Glob(
            "vcs_ref",
            "VCS ref",
            clause="from {value}",
            claim=f"{_CLAIM}vcs-ref",
            hint="The branch or tag, such as refs/tags/v* or refs/heads/main.",
            pattern=r"refs/(?:heads|tags)/.+",
            problem="A ref begins with refs/heads/ or refs/tags/.",
        ),
        Constraint(
            "pipeline_definition_id",
            "Pipeline definition id",
            claim=f"{_CLAIM}pipeline-definition-id",
            hint="Project Settings, Project Setup.",
            pattern=_ID,
            problem=_NO_ID,
            fix="start the pipeline by the definition `{expected}`",
            clause="by the pipeline definition {value}",
        ),
        Constraint(
            "context_id",
            "Context id",
            claim=f"{_CLAIM}context-ids",
            hint="A context that the job must use: Organization Settings, Contexts. Strongly recommended.",
            pattern=_ID,
            problem=_NO_ID,
            fix="let the job use the context `{expected}`",
            clause="with the context {value}",
            recommended=True,
        ),
    )
    pins = (Pin("org_id", "Organization id", of_owner=True),)

    def read(self, claims: Claims) -> Reading:
        """A pipeline that a custom webhook started has no ``vcs-origin`` and no ``vcs-ref``."""
        return {
            "org_id": self._organization(claims),
            "project_id": text_claim(claims, f"{_CLAIM}project-id"),
            "vcs_origin": optional_text_claim(claims, f"{_CLAIM}vcs-origin"),
            "vcs_ref": optional_text_claim(claims, f"{_CLAIM}vcs-ref"),
            "pipeline_definition_id": optional_text_claim(claims, f"{_CLAIM}pipeline-definition-id"),
            "context_id": optional_texts_claim(claims, f"{_CLAIM}context-ids"),
            "ssh_rerun": flag_claim(claims, f"{_CLAIM}ssh-rerun"),
        }

    def forbid(self, reading: Reading) -> str | None:
        """Jobs that somebody may be logged in to."""
        if reading["ssh_rerun"] is False:
            return None
        return (
            "Publishing from a job that was rerun with SSH is not supported, because whoever is logged in to it can "
            "publish anything. Rerun the job without SSH."
        )

    def describe(self, values: Mapping[str, Any]) -> str:
        """``github.com/acme/sampleproject · project 5a301f56-… · ref refs/tags/v*``."""
        said = [str(values["vcs_origin"]), f"project {values['project_id']}"]
        words = {"vcs_ref": "ref", "pipeline_definition_id": "pipeline definition", "context_id": "context"}
        said += [f"{word} {values[name]}" for name, word in words.items() if values.get(name)]
        return " · ".join(said)

    def from_address(self, address: Address) -> dict[str, str] | None:
        """``app.circleci.com/pipelines/github/OWNER/REPO``: the two ids stand in no address."""
        service, owner, repository, *_ = (*address.below("app.circleci.com/pipelines"), "", "", "")
        host = {"github": "github.com", "gh": "github.com", "bitbucket": "bitbucket.org", "bb": "bitbucket.org"}
        if service not in host or not repository:
            return None
        return {"vcs_origin": f"{host[service]}/{owner}/{repository}"}

    def _organization(self, claims: Claims) -> str:
        """An organization's own issuer speaks for that organization only."""
        organization = text_claim(claims, f"{_CLAIM}org-id")
        _, own, owner = self.issuer_url.removesuffix("/").partition(_OWN_ISSUER)
        if own and owner != organization:
            raise InvalidToken(
                f"The claim `{_CLAIM}org-id` ({organization}) is not the organization that {self.issuer_url} is of."
            )
        return organization
