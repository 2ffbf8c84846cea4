"""Projects, their people, releases and files, and the history of it all."""

from registry.models.clearing import Cleared
from registry.models.events import Event, EventQuerySet
from registry.models.invitations import Invitation
from registry.models.people import Role, User
from registry.models.projects import (
    File,
    FileQuerySet,
    ProhibitedName,
    Project,
    ProjectQuerySet,
    Release,
    RenderedDescription,
    RetiredName,
    UsedFilename,
)
from registry.models.switches import Switch

__all__ = [
    "Cleared",
    "Event",
    "EventQuerySet",
    "File",
    "FileQuerySet",
    "Invitation",
    "ProhibitedName",
    "Project",
    "ProjectQuerySet",
    "Release",
    "RenderedDescription",
    "RetiredName",
    "Role",
    "Switch",
    "UsedFilename",
    "User",
]
