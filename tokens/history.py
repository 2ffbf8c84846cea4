"""What the history says of a token as a whole: in each project, or to each person, that it concerned."""

from collections.abc import Collection
from typing import Any

from publishers.models import Publisher
from registry.actors import Actor
from registry.models import Event, Project, User
from tokens.models import ApiToken, UploadToken


def lines(what: str, upload_token: UploadToken, actor: Actor, **details: Any) -> list[Event]:
    """Unsaved lines ``project:oidc:WHAT`` for the credited publishers' projects, ``account:…`` for those who wait.

    By publisher, not by name: a name that somebody else took meanwhile is somebody else's history. Which other projects
    the token covered is for administrators: a line without a project or a person says it, the others do not.
    """
    details |= {"exchange": str(upload_token.exchange_id or "")}
    projects, waiting = concerned(upload_token)
    told = [Event.line(f"project:oidc:{what}", actor, project=project, **details) for project in projects]
    told += [Event.line(f"account:oidc:{what}", actor, user=user, **details) for user in waiting]
    covered = sorted(grant["project"] for grant in upload_token.grants)
    return told or [Event.line(f"project:oidc:{what}", actor, covered=covered, **details)]


def concerned(upload_token: UploadToken) -> tuple[set[Project], set[User]]:
    """The projects of the credited publishers, and the users of those that wait."""
    credited = {grant["publisher"] for grant in upload_token.grants}
    standing = Publisher.objects.filter(pk__in=credited).select_related("project", "added_by").order_by("pk")
    projects = {publisher.project for publisher in standing if publisher.project is not None}
    waiting = {publisher.added_by for publisher in standing if publisher.is_pending and publisher.added_by}
    return projects, waiting


def api_token_lines(
    what: str, token: ApiToken, actor: Actor, limited_to: Collection[Project] | None, **details: Any
) -> list[Event]:
    """Unsaved lines ``account:api_token:WHAT`` for its user, and ``project:…`` for the projects that it is limited to.

    Whom else it concerns, and what it may do there, a project's people are not told.
    """
    named: dict[str, Any] = {"token": token.pk, "name": token.name}
    told = [Event.line(f"account:api_token:{what}", actor, user=token.user, **named, **details)]
    shared: dict[str, Any] = {"username": token.username, "scopes": token.scopes}
    told += [Event.line(f"project:api_token:{what}", actor, project=one, **named, **shared) for one in limited_to or ()]
    return told
