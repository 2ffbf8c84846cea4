"""The shelves of the help pages: which of ``docs/`` stands on which, and what is for developers only."""

import functools
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

DOCS: Path = settings.BASE_DIR / "docs"

# Files without their .md, by shelf. A test holds that none of docs/ is forgotten.
SHELVES: dict[str, tuple[str, ...]] = {
    "Install and publish": (
        "installing",
        "publishing",
        "attestations",
        "projects",
        "exchanges",
        "api-tokens",
        "accounts",
    ),
    "Providers": (
        "providers/github",
        "providers/gitlab",
        "providers/google",
        "providers/buildkite",
        "providers/circleci",
        "providers/activestate",
        "providers/kubernetes",
        "providers/forgejo",
        "providers/bitbucket",
        "providers/jenkins",
        "providers/semaphore",
        "providers/generic",
    ),
    "Run the registry": ("server", "administration", "apply", "api", "events"),
}
FOR_DEVELOPERS = frozenset({"architecture", "benchmarks", "dependencies"})


@dataclass(frozen=True)
class Topic:
    """A help page."""

    name: str  # of the file below docs/, without .md
    title: str

    @property
    def slug(self) -> str:
        """What stands for it in an address."""
        return self.name.replace("/", "-")

    @property
    def url(self) -> str:
        """Where people read it."""
        return f"/help/{self.slug}/"

    @property
    def path(self) -> Path:
        """Its file."""
        return DOCS / f"{self.name}.md"


@functools.cache
def shelves() -> dict[str, list[Topic]]:
    """All topics, with the titles of their files."""
    return {shelf: [Topic(name, _title(name)) for name in names] for shelf, names in SHELVES.items()}


def find(slug: str) -> Topic | None:
    """The topic of an address."""
    return next((topic for topics in shelves().values() for topic in topics if topic.slug == slug), None)


def url_of(name: str) -> str:
    """Where people read a file of ``docs/``; empty for what is no help page."""
    if name == "providers":
        return "/help/#providers"
    found = find(name.replace("/", "-"))
    return found.url if found is not None and found.name == name else ""


def _title(name: str) -> str:
    with (DOCS / f"{name}.md").open(encoding="utf-8") as file:
        return file.readline().lstrip("# ").strip()
