"""How GitHub names a workflow: ``OWNER/REPO/.github/workflows/FILE@REF``. Only from FILE on does case matter.

https://docs.github.com/en/actions/reference/security/oidc ("OIDC token claims": workflow_ref, job_workflow_ref).
"""

from dataclasses import dataclass
from typing import Any

from publishers import sentences
from publishers.errors import InvalidToken
from publishers.globs import glob_matches
from publishers.letters import fold
from publishers.providers.fields import Check, Constraint, Reading

WORKFLOWS = "/.github/workflows/"


@dataclass(frozen=True)
class ReusableWorkflow(Constraint):
    """``OWNER/REPO/.github/workflows/FILE@REF-GLOB``, or no reusable workflow at all when it is not set."""

    def check(self, expected: Any, reading: Reading) -> Check | None:
        """Unset, the job must run in the top-level workflow itself."""
        called, top = reading.get(self.name), reading.get("workflow_ref")
        if expected:
            ok = isinstance(called, str) and self.accepts_text(expected, called)
            return Check(self.claim, expected, called, ok, explained=sentences.called_another)
        if isinstance(called, str) and isinstance(top, str) and _parts(called) == _parts(top):
            return None
        return Check(self.claim, top, called, ok=False, explained=sentences.called_unexpected)

    def accepts_text(self, expected: str, actual: str) -> bool:
        """Owner and repository in any case, the file exactly, the ref as a glob."""
        *wanted, wanted_ref = _parts(expected)
        *called, ref = _parts(actual)
        return wanted == called and glob_matches(wanted_ref, ref)


def name_of(repository: str, owner: str) -> str:
    """REPO of the claim ``repository``. Raises InvalidToken if its OWNER is not the claim ``repository_owner``."""
    stated_owner, slash, name = repository.partition("/")
    if not slash or not name or "/" in name or fold(stated_owner) != fold(owner):
        raise InvalidToken(f"The claims `repository` ({repository}) and `repository_owner` ({owner}) do not agree.")
    return name


def file_of(workflow_ref: str, repository: str, refs: tuple[str | None, ...]) -> str | None:
    """FILE, if OWNER/REPO is ``repository`` and REF the claim ``ref`` or ``sha``; None if it is not so."""
    before = repository + WORKFLOWS
    if not fold(workflow_ref).startswith(fold(before)):
        return None
    rest = workflow_ref[len(before) :]
    for ref in refs:
        file = rest.removesuffix(f"@{ref}")
        if ref and file != rest and file and "/" not in file:
            return file
    return None


def _parts(workflow: str) -> tuple[str, str, str]:
    """OWNER/REPO as it is compared, FILE and REF; all before REF as it stands if it is not so."""
    place, _, ref = workflow.partition("@")
    repository, folder, file = place.partition(WORKFLOWS)
    return (fold(repository), file, ref) if folder else (place, "", ref)
