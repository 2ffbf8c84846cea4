"""GitHub Actions, on github.com and on GitHub Enterprise Server.

Claims: https://docs.github.com/en/actions/reference/security/oidc ("OIDC token claims").
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from publishers import sentences
from publishers.letters import fold
from publishers.pasted import Address, file_in, is_yaml
from publishers.providers.base import Ask, Links, LookupFailed, Provider, UnknownIdentity, as_claimed
from publishers.providers.claims import Claims, optional_text_claim, optional_word_claim, text_claim
from publishers.providers.fields import (
    AllowList,
    Constraint,
    Field,
    Flag,
    Glob,
    Pin,
    Reading,
    VersionTag,
    Workload,
)
from publishers.providers.workflows import WORKFLOWS, ReusableWorkflow, file_of, name_of

# These run with the base repository's rights on behalf of a fork.
# https://docs.github.com/en/actions/reference/workflows-and-actions/events-that-trigger-workflows
REFUSED_EVENTS = frozenset({"pull_request_target", "workflow_run"})
# Issuers whose address tells the server: an Enterprise Server's (docs.github.com, "OpenID Connect reference": iss), and
# those of Enterprise Cloud with data residency ("Feature overview": URL differences).
_OWN_SERVER = re.compile(
    r"https://(?:(?P<server>[A-Za-z0-9.-]+(?::[0-9]+)?)/_services/token"
    r"|token\.actions\.(?P<subdomain>[A-Za-z0-9-]+\.ghe\.com)(?:/[A-Za-z0-9-]+)?)"
)
_GITHUB = "https://github.com"
# Files of github.com as they are; what stands at an owner's place in addresses of other pages.
_RAW = "raw.githubusercontent.com"
_NOT_OWNERS = frozenset({"apps", "enterprises", "marketplace", "orgs", "settings", "sponsors", "topics", "users"})


class GitHub(Provider):
    """A workflow of a repository."""

    name = "github"
    label = "GitHub Actions"
    icon = "brands/github"
    default_issuer = "https://token.actions.githubusercontent.com"
    default_api_url = "https://api.github.com"
    enabled_by_default = True
    # https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github
    other_credentials = ("ghs_", "ghp_", "gho_", "ghu_", "ghr_", "github_pat_")
    # The token service of the runner, of which ACTIONS_ID_TOKEN_REQUEST_TOKEN is one (actions/runner, its host checks).
    other_issuers = frozenset(
        {"vstoken.actions.githubusercontent.com", "https://vstoken.actions.githubusercontent.com"}
    )
    place_label = "Repository"
    told = {"Environment": "environment", "Ref": "ref", "Commit": "sha", "Run": "run_id"}
    how_to_ask = (
        "Give the job `permissions: id-token: write` and let it ask for an identity token; "
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN only opens the address at which it asks."
    )
    trusts = "any job of the workflow {workflow_filename} in {owner}/{repository}"
    narrowed_by = ("environment", "ref", "version_tag", "protected_ref_only")
    unnarrowed = (
        "Nothing narrows it: whoever can push a branch to the repository can publish. Name an environment, or the ref "
        "of your releases."
    )
    in_job = MappingProxyType({"environment": "environment: pypi"})
    job_file = ".github/workflows/{workflow_filename}"
    known_to_id = True
    fields = (
        Field(
            "owner",
            "Owner",
            claim="repository_owner",
            hint="The user or organization that owns the repository, such as octo-org.",
            fold=True,
            pattern=r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,99})",
            problem="An owner's name holds letters, digits and '-' only.",
        ),
        Field(
            "repository",
            "Repository",
            hint="The repository's name without its owner, such as sampleproject.",
            fold=True,
            pattern=r"[A-Za-z0-9._-]{1,100}",
            problem="A repository's name holds letters, digits, '.', '_' and '-' only; leave its owner out.",
        ),
        Workload(
            "workflow_filename",
            "Workflow file",
            claim="workflow_ref",
            hint="The file in .github/workflows/ that publishes, such as release.yml.",
            pattern=r"[^/\\@]+\.ya?ml",
            problem="A workflow file is named without its folder and ends in .yml or .yaml.",
        ),
        Constraint(
            "environment",
            "Environment",
            hint="The GitHub environment that the job must run in, such as pypi. Strongly recommended.",
            fold=True,
            fix="give the job `environment: {expected}`",
            clause="in the environment {value}",
            recommended=True,
        ),
        ReusableWorkflow(
            "reusable_workflow",
            "Reusable workflow",
            claim="job_workflow_ref",
            hint="Where the job's steps are, if it calls a reusable workflow: OWNER/REPO/.github/workflows/FILE@REF.",
            pattern=r"[^/@\s]+/[^/@\s]+/\.github/workflows/[^/@]+\.ya?ml@"
            r"(?:refs/(?:heads|tags)/.+|[0-9a-f]{40}|[0-9a-f]{64})",
            problem="Write OWNER/REPO/.github/workflows/FILE@ and then refs/heads/…, refs/tags/… or a full commit id.",
            max_length=500,
            clause="with its steps in {value}",
        ),
        Glob(
            "ref",
            "Ref",
            clause="from {value}",
            hint="The branch or tag, such as refs/tags/v* or refs/heads/main.",
            pattern=r"refs/(?:heads|tags)/.+",
            problem="A ref begins with refs/heads/ or refs/tags/.",
        ),
        VersionTag(
            "version_tag",
            "Version tag",
            claim="ref",
            hint="The form of the tag, such as v{version}; only that version can then be uploaded.",
            clause="from a tag {value} and for that version only",
        ),
        AllowList(
            "event_names",
            "Events",
            claim="event_name",
            hint="Such as push, release, workflow_dispatch.",
            clause="started by {value}",
        ),
        Flag("protected_ref_only", "Protected refs only", claim="ref_protected", clause="from a protected ref"),
        Flag(
            "hosted_runner_only",
            "GitHub-hosted runners only",
            claim="runner_environment",
            wanted="github-hosted",
            clause="on a runner that GitHub hosts",
        ),
    )
    pins = (
        Pin("repository_owner_id", "Owner id", of_owner=True),
        Pin("repository_id", "Repository id"),
    )

    def read(self, claims: Claims) -> Reading:
        """The publishing workflow is the top-level one: ``workflow_ref``. ``sub`` is customisable: not looked at."""
        repository = text_claim(claims, "repository")
        owner = text_claim(claims, "repository_owner")
        workflow_ref = text_claim(claims, "workflow_ref")
        ref = optional_text_claim(claims, "ref")
        return {
            "owner": owner,
            "repository": name_of(repository, owner),
            "workflow_filename": file_of(workflow_ref, repository, (ref, optional_text_claim(claims, "sha"))),
            "environment": optional_text_claim(claims, "environment"),
            "workflow_ref": workflow_ref,
            "reusable_workflow": text_claim(claims, "job_workflow_ref"),
            "ref": ref,
            "version_tag": ref if optional_text_claim(claims, "ref_type") == "tag" else None,
            "event_names": text_claim(claims, "event_name"),
            # A string; a boolean of some versions of Enterprise Server.
            "protected_ref_only": optional_word_claim(claims, "ref_protected"),
            "hosted_runner_only": optional_text_claim(claims, "runner_environment"),
            "repository_owner_id": optional_text_claim(claims, "repository_owner_id"),
            "repository_id": optional_text_claim(claims, "repository_id"),
        }

    def forbid(self, reading: Reading) -> str | None:
        """Events that others can start with their own code, and workflows of other repositories."""
        event, workflow_ref = reading["event_names"], reading["workflow_ref"]
        if event in REFUSED_EVENTS:
            return sentences.started_by_others(str(event), ("release", "push", "workflow_dispatch"))
        if reading["workflow_filename"] is None:
            return (
                f"The claim `workflow_ref` ({workflow_ref}) does not name a workflow file of {self.place(reading)} at "
                "the ref or commit of this job. Publish from a workflow in the repository itself."
            )
        return None

    def describe(self, values: Mapping[str, Any]) -> str:
        """``octo-org/sampleproject · release.yml · environment pypi``."""
        said = [f"{values['owner']}/{values['repository']}", str(values["workflow_filename"])]
        if values.get("environment"):
            said.append(f"environment {values['environment']}")
        return " · ".join(said)

    def lookup(self, values: Mapping[str, Any], ask: Ask) -> dict[str, str]:
        """The owner's id: https://docs.github.com/en/rest/users/users#get-a-user."""
        owner = str(values["owner"])
        answer = ask(f"/users/{quote(owner, safe='')}")
        if answer.status == 404:
            raise UnknownIdentity("owner", f"GitHub knows no user or organization {owner}.")
        owner_id = answer.document.get("id") if isinstance(answer.document, dict) else None
        if answer.status != 200 or not isinstance(owner_id, int) or isinstance(owner_id, bool):
            raise LookupFailed(f"GitHub's API answered with status {answer.status}.")
        return {"repository_owner_id": str(owner_id)}

    def from_address(self, address: Address) -> dict[str, str] | None:
        """``HOST/OWNER/REPO``, a file below ``blob/REF/.github/workflows/``, or ``actions/workflows/FILE``."""
        raw = address.below(_RAW) if self.site == "github.com" else ()
        parts = (*raw[:2], "raw", *raw[2:]) if raw else address.below(self.site)
        if len(parts) < 2 or parts[0] in _NOT_OWNERS:
            return None
        said, rest = {"owner": parts[0], "repository": parts[1]}, parts[2:]
        file = rest[2] if rest[:2] == ("actions", "workflows") and len(rest) > 2 else ""
        file = file if is_yaml(file) else file_in(WORKFLOWS.strip("/"), rest)
        return {**said, "workflow_filename": file} if file else said

    def missing(self, values: Mapping[str, Any], ask: Ask) -> str:
        """The workflow's file: https://docs.github.com/en/rest/repos/contents#get-repository-content."""
        path = f"{values['owner']}/{values['repository']}", f"{WORKFLOWS}{values['workflow_filename']}"
        if ask(quote("/repos/{}/contents{}".format(*path))).status != 404:
            return ""
        return (
            f"GitHub shows no file {path[1][1:]} in {path[0]}. Check the names, unless the repository is private or "
            "the file is yet to come."
        )

    @property
    def site(self) -> str:
        """The server's host; of an issuer that does not tell it, the one that its own address begins with."""
        host = self.issuer_url.partition("://")[2].partition("/")[0]
        return self._server.removeprefix("https://") or host

    @property
    def _server(self) -> str:
        """What ``server_url`` is in a job; empty where the issuer does not tell it, so that no link leads astray."""
        # An enterprise of github.com may have an issuer of its own, …/ENTERPRISE
        # (https://docs.github.com/en/enterprise-cloud@latest/rest/actions/oidc: include_enterprise_slug).
        if f"{self.issuer_url}/".startswith(f"{self.default_issuer}/"):
            return _GITHUB
        own = _OWN_SERVER.fullmatch(self.issuer_url)
        return f"https://{own['server'] or own['subdomain']}" if own else ""

    def links(self, claims: Claims) -> Links:
        """The run and the commit on the issuer's server."""
        repository = claims.get("repository")
        if not (self._server and repository):
            return Links()
        place = f"{self._server}/{repository}"
        run, sha = claims.get("run_id"), claims.get("sha")
        return Links(
            run=f"{place}/actions/runs/{run}" if run else "",
            commit=f"{place}/commit/{sha}" if sha else "",
        )

    def attester(self, values: Mapping[str, Any], claims: Claims) -> dict[str, str | None] | None:
        """The repository and the top-level workflow. Of GitHub's issuers Sigstore knows github.com's only."""
        if self.issuer_url != self.default_issuer:
            return None
        return {
            "kind": "GitHub",
            "repository": as_claimed(self.place(values), claims.get("repository")),
            "workflow": str(values["workflow_filename"]),
            "environment": values.get("environment") or None,
        }

    def addresses(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The repository, and on github.com its pages: a repository named as its pages' host has all of it."""
        owner, name = values["owner"], values["repository"]
        here = f"{self._server}/{owner}/{name}"
        if self._server != _GITHUB:
            return (here,) if self._server else ()
        pages = f"{owner}.github.io"
        return (here, f"https://{pages}" if fold(name) == fold(pages) else f"https://{pages}/{name}")
