"""When publishers were last used: what the floor above knows (PUBLISHER_USES)."""

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from publishers.models import Publisher
from registry.models import Project


@dataclass(frozen=True)
class Use:
    """A granted exchange."""

    at: datetime.datetime
    run: str  # the address of the run, if it is known and the project may see it


LastUses = Callable[[Project, Sequence[Publisher]], Mapping[int, Use]]


def last_uses(project: Project, publishers: Sequence[Publisher]) -> Mapping[int, Use]:
    """The last use of each of a project's publishers that was ever used, by its key."""
    ask: LastUses = import_string(settings.PUBLISHER_USES)
    return ask(project, publishers)
