"""The tabs of the pages below ``/manage/``. The pages of the floors above are named by their addresses' names."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from registry.models import Project

# Label, the name of the address, and whether only owners see it.
PROJECT_TABS = (
    ("Releases", "manage-releases", False),
    ("Publishing", "manage-publishing", True),
    ("Exchanges", "manage-exchanges", False),
    ("Collaboration", "manage-collaboration", False),
    ("History", "manage-history", False),
    ("Settings", "manage-settings", True),
)
ACCOUNT_TABS = (
    ("Your projects", "manage-projects"),
    ("Pending publishers", "manage-pending"),
    ("API tokens", "manage-tokens"),
    ("History", "manage-account-history"),
    ("Account", "account_overview"),
)


@dataclass(frozen=True)
class Tab:
    """A link of a row of tabs."""

    label: str
    url: str
    current: bool


def of_project(project: Project, current: str, *, owner: bool) -> list[Tab]:
    """The tabs of a project's pages; ``current`` is an address's name."""
    shown = [(label, name) for label, name, owners_only in PROJECT_TABS if owner or not owners_only]
    return _tabs(shown, current, name=project.normalized_name)


def of_account(current: str) -> list[Tab]:
    """The tabs of a person's own pages."""
    return _tabs(ACCOUNT_TABS, current)


def _tabs(named: Iterable[tuple[str, str]], current: str, **arguments: str) -> list[Tab]:
    return [Tab(label, reverse(name, kwargs=arguments), name == current) for label, name in named]
