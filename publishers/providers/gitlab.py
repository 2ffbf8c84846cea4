"""GitLab CI/CD, on gitlab.com and on self-managed instances.

Claims: https://docs.gitlab.com/ci/secrets/id_token_authentication/ ("Token payload"). What ``sub`` may consist of
(it always begins with the project's path): https://docs.gitlab.com/api/projects/ (ci_id_token_sub_claim_components).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from publishers.errors import InvalidToken
from publishers.letters import fold
from publishers.pasted import SHOWN_FILE, Address, is_yaml
from publishers.providers.base import Ask, Links, LookupFailed, Provider, as_claimed
from publishers.providers.claims import Claims, optional_text_claim, text_claim
from publishers.providers.fields import Constraint, Field, Flag, Glob, Pin, Reading, VersionTag, Workload

# https://docs.gitlab.com/user/reserved_names/ ("Rules for usernames, project and group names and slugs").
_SLUG = r"[A-Za-z0-9_.](?:[A-Za-z0-9_.-]*)"
# There as well: what is no top-level group, and what is no project, since a page of one is called so.
_NOT_NAMESPACES = frozenset({"admin", "dashboard", "explore", "groups", "help", "projects", "search", "users"})
_PAGES = SHOWN_FILE | {"builds", "commits", "tree"}
USUAL_FILE = ".gitlab-ci.yml"
# The default branch as it is mostly called, or a commit.
_WHOLE_REF = re.compile(r"main|master|HEAD|[0-9a-f]{40}|[0-9a-f]{64}")


class GitLab(Provider):
    """A pipeline of a project."""

    name = "gitlab"
    label = "GitLab CI/CD"
    icon = "brands/gitlab"
    run_claim = "job_id"
    default_issuer = "https://gitlab.com"
    default_api_url = "https://gitlab.com/api/v4"
    enabled_by_default = True
    # https://docs.gitlab.com/security/tokens/ ("Token prefixes"): job, personal and deploy tokens.
    other_credentials = ("glcbt-", "glpat-", "gldt-")
    place_label = "Project"
    told = {"Environment": "environment", "Ref": "ref_path", "Commit": "sha", "Job": "job_id"}
    run_label = "Job"
    how_to_ask = "Ask for an identity token under `id_tokens:` of the job; CI_JOB_TOKEN is none."
    # An identity token lives as long as its job may run.
    max_token_age = 24 * 3600
    trusts = "any job of the pipeline file {workflow_filepath} in {namespace}/{project}"
    narrowed_by = ("environment", "ref", "version_tag", "protected_ref_only")
    unnarrowed = (
        "Nothing narrows it: whoever can push a branch to the project can publish. Name an environment, or the ref of "
        "your releases, or want protected branches and tags."
    )
    in_job = MappingProxyType({"environment": "environment: production"})
    job_file = "{workflow_filepath}"
    known_to_id = True
    fields = (
        Field(
            "namespace",
            "Namespace",
            claim="project_path",
            hint="The user or group that the project belongs to, with all groups above it, such as acme/tools.",
            fold=True,
            pattern=rf"{_SLUG}(?:/{_SLUG})*",
            problem="A namespace holds letters, digits, '_', '-' and '.', with '/' between a group and its subgroup.",
            max_length=500,
        ),
        Field(
            "project",
            "Project",
            claim="project_path",
            hint="The project's name in its address, without its namespace, such as sampleproject.",
            fold=True,
            pattern=_SLUG,
            problem="A project's name holds letters, digits, '_', '-' and '.' only; leave its namespace out.",
        ),
        Workload(
            "workflow_filepath",
            "Top-level pipeline file",
            claim="ci_config_ref_uri",
            hint="The file that defines the pipeline, from the top of the repository.",
            default=USUAL_FILE,
            pattern=r"(?!/)(?!.*//)[^@]*[^/@]\.ya?ml",
            problem="A pipeline file is named from the top of the repository, without '@', and ends in .yml or .yaml.",
        ),
        Constraint(
            "environment",
            "Environment",
            hint="The GitLab environment that the job must deploy to, such as production. Strongly recommended.",
            fix="give the job `environment: {expected}`",
            clause="in the environment {value}",
            recommended=True,
        ),
        Glob(
            "ref",
            "Ref",
            claim="ref_path",
            clause="from {value}",
            hint="The branch or tag, such as refs/tags/v* or refs/heads/main.",
            pattern=r"refs/(?:heads|tags)/.+",
            problem="A ref begins with refs/heads/ or refs/tags/.",
        ),
        VersionTag(
            "version_tag",
            "Version tag",
            claim="ref_path",
            hint="The form of the tag, such as v{version}; only that version can then be uploaded.",
            clause="from a tag {value} and for that version only",
        ),
        Flag(
            "protected_ref_only",
            "Protected branches and tags only",
            claim="ref_protected",
            fix="publish from a branch or tag that GitLab protects",
            clause="from a protected branch or tag",
        ),
    )
    pins = (
        Pin("namespace_id", "Namespace id", of_owner=True),
        Pin("project_id", "Project id"),
    )

    def read(self, claims: Claims) -> Reading:
        """The publishing pipeline is the top-level one: ``ci_config_ref_uri``, with the ref or commit of the job."""
        path = text_claim(claims, "project_path")
        _check_subject(text_claim(claims, "sub"), path)
        config = _config(claims)
        namespace, _, project = path.rpartition("/")
        ref = optional_text_claim(claims, "ref_path")
        return {
            "namespace": namespace,
            "project": project,
            "workflow_filepath": self._file(config, path, (ref, optional_text_claim(claims, "sha"))),
            "ci_config_ref_uri": config,
            "environment": optional_text_claim(claims, "environment"),
            "ref": ref,
            "version_tag": ref if optional_text_claim(claims, "ref_type") == "tag" else None,
            "protected_ref_only": optional_text_claim(claims, "ref_protected"),
            "namespace_id": optional_text_claim(claims, "namespace_id"),
            "project_id": optional_text_claim(claims, "project_id"),
        }

    def forbid(self, reading: Reading) -> str | None:
        """Pipelines that another project or instance defines."""
        if reading["workflow_filepath"] is not None:
            return None
        return (
            f"The claim `ci_config_ref_uri` ({reading['ci_config_ref_uri']}) does not name a pipeline file of "
            f"{self.site}/{self.place(reading)} at the ref or commit of this job. Publish from a pipeline that a file "
            "of the project itself defines."
        )

    def describe(self, values: Mapping[str, Any]) -> str:
        """``acme/tools/sampleproject · .gitlab-ci.yml · environment production``."""
        said = [self.place(values), str(values["workflow_filepath"])]
        if values.get("environment"):
            said.append(f"environment {values['environment']}")
        return " · ".join(said)

    def lookup(self, values: Mapping[str, Any], ask: Ask) -> dict[str, str]:
        """Both ids of a project that the API shows: https://docs.gitlab.com/api/projects/ ("Retrieve a project").

        A private project is answered as one that does not exist: its ids are pinned at first use.
        """
        path = self.place(values)
        answer = ask(f"/projects/{quote(path, safe='')}")
        if answer.status in {401, 403, 404}:
            return {}
        found = answer.document if isinstance(answer.document, dict) else {}
        if answer.status != 200:
            raise LookupFailed(f"GitLab's API answered with status {answer.status}.")
        if fold(str(found.get("path_with_namespace"))) != fold(path):
            raise LookupFailed(f"GitLab's API did not answer with the project {path}.")
        namespace = found.get("namespace")
        ids = {"namespace_id": _id_of(namespace), "project_id": _id_of(found)}
        return {name: number for name, number in ids.items() if number}

    def from_address(self, address: Address) -> dict[str, str] | None:
        """``HOST/NAMESPACE/PROJECT``, nested as deep as it is, and a file below ``-/blob/REF/``."""
        place, file = _parted(address.below(self.site))
        if len(place) < 2 or place[0] in _NOT_NAMESPACES:
            return None
        said = {"namespace": "/".join(place[:-1]), "project": place[-1]}
        if not file:
            return said
        is_usual = _is_open(file) and file[-1] == USUAL_FILE
        return {**said, "workflow_filepath": file[-1] if is_usual else "/".join(file[1:])}

    def left_open(self, address: Address) -> str:
        """``feature/x/.gitlab-ci.yml`` may be a file of the branch ``feature``, and one of the branch ``feature/x``."""
        _, file = _parted(address.below(self.site))
        if not _is_open(file):
            return ""
        return "The address does not tell where the name of the branch or tag ends and the file’s path begins."

    def missing(self, values: Mapping[str, Any], ask: Ask) -> str:
        """The pipeline's file: https://docs.gitlab.com/api/repository_files/."""
        path, file = self.place(values), str(values["workflow_filepath"])
        if ask(f"/projects/{quote(path, safe='')}/repository/files/{quote(file, safe='')}?ref=HEAD").status != 404:
            return ""
        return (
            f"GitLab shows no file {file} in {path}. Check the names, unless the project is private or the file is yet "
            "to come."
        )

    def links(self, claims: Claims) -> Links:
        """The job and the commit on the instance, whose address is the issuer's."""
        place = f"{self.issuer_url.removesuffix('/')}/{claims.get('project_path')}/-"
        job, sha = claims.get("job_id"), claims.get("sha")
        return Links(run=f"{place}/jobs/{job}" if job else "", commit=f"{place}/commit/{sha}" if sha else "")

    def attester(self, values: Mapping[str, Any], claims: Claims) -> dict[str, str | None] | None:
        """The project and the pipeline's file. Of the instances Sigstore knows gitlab.com only."""
        if self.issuer_url != self.default_issuer:
            return None
        return {
            "kind": "GitLab",
            "repository": as_claimed(self.place(values), claims.get("project_path")),
            "workflow_filepath": str(values["workflow_filepath"]),
            "environment": values.get("environment") or None,
        }

    def addresses(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The project on the instance, and its pages on gitlab.com: https://docs.gitlab.com/user/project/pages/."""
        here = f"{self.issuer_url.removesuffix('/')}/{self.place(values)}"
        if self.issuer_url != self.default_issuer:
            return (here,)
        top, _, below = self.place(values).partition("/")
        pages = f"{top}.gitlab.io"
        return (here, f"https://{pages}" if fold(below) == fold(pages) else f"https://{pages}/{below}")

    @property
    def site(self) -> str:
        """The instance's address without its scheme."""
        return self.issuer_url.partition("://")[2].removesuffix("/")

    def _file(self, config: str, path: str, refs: tuple[str | None, ...]) -> str | None:
        """FILE of ``HOST[/PATH]/NAMESPACE/PROJECT//FILE@REF``; None if it is not so. Only the file's case matters."""
        before = f"{self.site}/{path}//"
        if not fold(config).startswith(fold(before)):
            return None
        rest = config[len(before) :]
        for ref in refs:
            file = rest.removesuffix(f"@{ref}")
            if ref and file != rest and file:
                return file
        return None


def _parted(parts: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of a page's address the project, and REF/PATH of the pipeline's file if it shows one."""
    # Older addresses have no "-".
    ends = [number for number, part in enumerate(parts) if part == "-"]
    ends += [number for number, part in enumerate(parts) if part in _PAGES and number > 1]
    place, rest = (parts[: ends[0]], parts[ends[0] :]) if ends else (parts, ())
    page = rest[1:] if rest[:1] == ("-",) else rest
    shows = len(page) > 2 and page[0] in SHOWN_FILE and is_yaml(page[-1])
    return place, page[1:] if shows else ()


def _is_open(file: tuple[str, ...]) -> bool:
    """Whether several refs may be meant. Beside a branch ``main`` there can be no ``main/…``."""
    return len(file) > 2 and not _WHOLE_REF.fullmatch(file[0])


def _check_subject(subject: str, path: str) -> None:
    """``project_path:NAMESPACE/PROJECT:`` and then what the project's settings choose."""
    namespace, slash, project = path.rpartition("/")
    if not (namespace and slash and project):
        raise InvalidToken(f"The claim `project_path` ({path}) is not NAMESPACE/PROJECT.")
    if not fold(subject).startswith(fold(f"project_path:{path}:")):
        raise InvalidToken(f"The claims `sub` ({subject}) and `project_path` ({path}) do not agree.")


def _config(claims: Claims) -> str:
    if claims.get("ci_config_ref_uri") is None:
        raise InvalidToken(
            "The token has no claim `ci_config_ref_uri`: GitLab names the pipeline's file only where it lies in the "
            "project itself (and since GitLab 16.2)."
        )
    return text_claim(claims, "ci_config_ref_uri")


def _id_of(document: Any) -> str:
    number = document.get("id") if isinstance(document, dict) else None
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else ""
