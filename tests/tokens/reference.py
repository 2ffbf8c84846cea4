"""Who may publish what, by plain loops over everything: the contract's rules once more, for tests to compare with.

Nothing here calls the matching of ``publishers`` or reads its database; slow and obvious is what it is for.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

FORBIDDEN_EVENTS = ("pull_request_target", "workflow_run")


def lower(text: str) -> str:
    """ASCII letters only."""
    return "".join(chr(ord(letter) + 32) if "A" <= letter <= "Z" else letter for letter in text)


def look(name: str) -> str:
    """What a project's name looks like: PEP 503's form, and no difference between 1, I and l, 0 and O."""
    squeezed = lower(name).replace("_", "-").replace(".", "-")
    return squeezed.replace("i", "1").replace("l", "1").replace("o", "0").replace("-", "")


def glob(pattern: str, text: str) -> bool:
    """By trying every length that a wildcard may take."""
    if not pattern:
        return not text
    if pattern.startswith("**"):
        return any(glob(pattern[2:], text[size:]) for size in range(len(text) + 1))
    if pattern[0] == "*":
        sizes = [size for size in range(len(text) + 1) if not set(text[:size]) & set("/:")]
        return any(glob(pattern[1:], text[size:]) for size in sizes)
    if pattern[0] == "?":
        return text[:1] not in ("", "/", ":") and glob(pattern[1:], text[1:])
    return text[:1] == pattern[0] and glob(pattern[1:], text[1:])


@dataclass
class Token:
    """What a job's identity token says."""

    issuer: str
    owner: str
    repository: str
    workflow: str
    ref: str
    event: str
    environment: str | None
    protected: str
    called: str | None  # where the steps are, if not in the workflow itself
    owner_id: str | None = None
    repository_id: str | None = None

    @property
    def top(self) -> str:
        """The claim ``workflow_ref``."""
        return f"{self.owner}/{self.repository}/.github/workflows/{self.workflow}@{self.ref}"

    def claims(self) -> dict[str, Any]:
        """As GitHub writes them."""
        return {
            "repository": f"{self.owner}/{self.repository}",
            "repository_owner": self.owner,
            "repository_owner_id": self.owner_id,
            "repository_id": self.repository_id,
            "workflow_ref": self.top,
            "job_workflow_ref": self.called or self.top,
            "ref": self.ref,
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "ref_protected": self.protected,
            "event_name": self.event,
            "environment": self.environment,
            "runner_environment": "github-hosted",
        }


@dataclass
class Trust:
    """A publisher as people made it."""

    pk: int
    issuer: str
    name: str  # of the project, existing or waited for
    user: str
    pending: bool
    values: dict[str, Any]
    pins: dict[str, str] = field(default_factory=dict)
    enabled: bool = True
    expired: bool = False
    waited_too_long: bool = False  # a pending one for its project, or an unpinned one for its ids
    first_upload: int | None = None
    edition: int = 0  # another one whenever what it trusts was changed

    def place(self) -> tuple[str, str]:
        """Owner and repository, in whatever case."""
        return lower(self.values["owner"]), lower(self.values["repository"])

    def compared(self) -> tuple[Any, ...]:
        """What makes it the same as another."""
        values = dict(self.values)
        for folded in ("owner", "repository", "environment"):
            values[folded] = lower(values.get(folded, ""))
        values["event_names"] = sorted(values.get("event_names", []))
        return (self.issuer, *sorted((name, str(value)) for name, value in values.items() if value))

    def constraints(self) -> int:
        """How many are set."""
        return sum(1 for name in self.values if name not in ("owner", "repository", "workflow_filename"))

    def alive(self) -> bool:
        """Whether people let it be used."""
        return self.enabled and not self.expired and not self.waited_too_long


def stands_at(trust: Trust, token: Token) -> bool:
    """Whether the token comes from the publisher's repository, by its names."""
    return trust.issuer == token.issuer and trust.place() == (lower(token.owner), lower(token.repository))


def pins_agree(trust: Trust, token: Token) -> bool:
    """Every id that is recorded is the token's."""
    said = {"repository_owner_id": token.owner_id, "repository_id": token.repository_id}
    return all(said[name] == value for name, value in trust.pins.items())


def meets(trust: Trust, token: Token) -> bool:
    """The workflow, and every constraint that is set."""
    values = trust.values
    if values["workflow_filename"] != token.workflow:
        return False
    if values.get("environment") and lower(values["environment"]) != lower(token.environment or ""):
        return False
    if values.get("ref") and not glob(values["ref"], token.ref):
        return False
    if values.get("version_tag") and version_of(trust, token) is None:
        return False
    if values.get("event_names") and token.event not in values["event_names"]:
        return False
    if values.get("protected_ref_only") and token.protected != "true":
        return False
    if not values.get("reusable_workflow"):
        return token.called is None
    wanted, _, wanted_ref = values["reusable_workflow"].partition("@")
    called, _, ref = (token.called or token.top).partition("@")
    return lower(wanted) == lower(called) and wanted.split("/")[-1] == called.split("/")[-1] and glob(wanted_ref, ref)


def version_of(trust: Trust, token: Token) -> str | None:
    """The one version that may be uploaded; None without a version tag, or with a ref that has not its form."""
    form = trust.values.get("version_tag")
    if not form or not token.ref.startswith("refs/tags/"):
        return None
    start, end = form.split("{version}")
    tag = token.ref[len("refs/tags/") :]
    fits = tag.startswith(start) and tag.endswith(end) and len(tag) > len(start) + len(end)
    return tag[len(start) : len(tag) - len(end)] if fits else None


@dataclass
class Registry:
    """All that decides."""

    publishers: list[Trust] = field(default_factory=list)
    projects: set[str] = field(default_factory=set)
    prohibited: set[str] = field(default_factory=set)
    inactive: set[str] = field(default_factory=set)
    issuers_off: set[str] = field(default_factory=set)
    ended: list[Trust] = field(default_factory=list)  # those who waited for a name until it was taken

    def matching(self, token: Token) -> list[Trust]:
        """Every publisher that the token meets."""
        if token.event in FORBIDDEN_EVENTS:
            return []
        return [
            trust
            for trust in self.publishers
            if stands_at(trust, token) and pins_agree(trust, token) and meets(trust, token) and trust.alive()
        ]

    def usable(self, trust: Trust) -> bool:
        """Whether a pending publisher's name can still be had, by somebody who is still there."""
        if not trust.pending:
            return True
        taken = {look(name) for name in self.projects | self.prohibited}
        return look(trust.name) not in taken and trust.user not in self.inactive

    def credited(self, token: Token, wanted: Iterable[str] | None) -> dict[str, Trust]:
        """The publisher that counts for each project: the most constrained, then the oldest; if pending, the oldest."""
        best: dict[str, Trust] = {}
        for trust in self.matching(token):
            if not self.usable(trust) or (wanted is not None and trust.name not in wanted):
                continue
            other = best.get(trust.name)
            if other is None or self._goes_before(trust, other):
                best[trust.name] = trust
        return best

    @staticmethod
    def _goes_before(trust: Trust, other: Trust) -> bool:
        if trust.pending or trust.constraints() == other.constraints():
            return trust.pk < other.pk
        return trust.constraints() > other.constraints()

    def code(self, token: Token, wanted: set[str] | None) -> str:
        """Of the refusal of a token that was not used before; empty if it is granted."""
        if token.issuer in self.issuers_off:
            return "not-enabled"
        covered = set(self.credited(token, wanted))
        missing = (wanted or set()) - covered
        if covered and not missing:
            return ""
        lost = {trust.name for trust in self.matching(token) if not self.usable(trust)} | self._ended(token)
        lost &= wanted if wanted is not None else lost
        return "invalid-pending-publisher" if lost and missing <= lost else "invalid-publisher"

    def _ended(self, token: Token) -> set[str]:
        """The names of those who waited and would match, unless somebody trusts the place for that name by now."""
        if token.event in FORBIDDEN_EVENTS:
            return set()
        standing = {trust.name for trust in self.publishers if stands_at(trust, token)}
        ended = [trust for trust in self.ended if stands_at(trust, token) and trust.name not in standing]
        return {trust.name for trust in ended if pins_agree(trust, token) and meets(trust, token)}

    def may_be_named(self, token: Token) -> set[str]:
        """The projects that a refusal or a check may speak of to this token's job."""
        all_ = [*self.publishers, *self.ended]
        named = {trust.name for trust in all_ if stands_at(trust, token) and pins_agree(trust, token)}
        named |= {trust.name for trust in self.publishers if is_renamed(trust, token)}
        # The name that a pending publisher waits for, and the project because of which it waits in vain.
        return {name for name in self.projects | named if look(name) in {look(other) for other in named}}

    def taken_by(self, name: str) -> None:
        """A project appears: whoever waited for a name like that waits no longer."""
        self.projects.add(name)
        waited = [trust for trust in self.publishers if trust.pending and look(trust.name) == look(name)]
        self.ended += waited
        self.publishers = [trust for trust in self.publishers if trust not in waited]

    def same(self, trust: Trust) -> bool:
        """Whether another publisher of the same project, or of the same person for the same name, is the same."""
        return any(
            other.pk != trust.pk
            and other.name == trust.name
            and other.pending == trust.pending
            and (not trust.pending or other.user == trust.user)
            and other.compared() == trust.compared()
            for other in self.publishers
        )


def is_renamed(trust: Trust, token: Token) -> bool:
    """Whether both ids are recorded and are the token's, while the names are not."""
    both = len(trust.pins) == 2 and pins_agree(trust, token)
    return both and trust.issuer == token.issuer and not stands_at(trust, token) and trust.alive()
