"""Creating API tokens."""

import datetime
from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils import timezone

from registry.actors import Actor
from registry.models import Event, Project, User
from tokens import secrets
from tokens.models import ApiToken

MANAGE_DAYS = 90
MAX_DAYS = 3650


class TokenRefused(Exception):
    """Such a token cannot be created; the message is a sentence for people."""


def create_api_token(
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    projects: Collection[Project] | None = None,
    days: int | None = None,
    actor: Actor,
) -> str:
    """Create an API token that expires after ``days`` (None: never, but one that manages after 90).

    ``projects`` limits it to those; None does not. Returns its text, which is stored nowhere: show it once.
    Raises TokenRefused.
    """
    expires_at = _expiry(scopes, days)
    _check(user, scopes, projects)
    text = secrets.new(secrets.API)
    with transaction.atomic():
        token = ApiToken.objects.create(
            digest=secrets.digest(text),
            user=user,
            username=user.username,
            name=name,
            scopes=[*scopes],
            limited=projects is not None,
            expires_at=expires_at,
        )
        token.projects.set(projects or [])
        Event.objects.record(
            "account:api_token:added",
            actor,
            user=user,
            token=token.pk,
            name=name,
            scopes=[*scopes],
            projects=sorted(project.normalized_name for project in projects) if projects is not None else None,
            expires_at=expires_at.isoformat() if expires_at else None,
        )
    return text


def _expiry(scopes: Sequence[str], days: int | None) -> datetime.datetime | None:
    manages = ApiToken.Scope.MANAGE in scopes
    most = MANAGE_DAYS if manages else MAX_DAYS
    if days is None and not manages:
        return None
    days = MANAGE_DAYS if days is None else days
    if not 1 <= days <= most:
        what = "A token with the scope 'manage'" if manages else "A token"
        raise TokenRefused(f"{what} expires after 1 to {most} days, not after {days}.")
    return timezone.now() + datetime.timedelta(days=days)


def _check(user: User, scopes: Sequence[str], projects: Collection[Project] | None) -> None:
    if not user.is_active:
        raise TokenRefused(f"The user '{user.username}' is deactivated.")
    if not scopes:
        raise TokenRefused("A token needs at least one scope.")
    for scope in scopes:
        if scope not in ApiToken.Scope.values:
            raise TokenRefused(f"There is no scope '{scope}'; there are {', '.join(ApiToken.Scope.values)}.")
    if projects is not None and not projects:
        raise TokenRefused("A limited token needs at least one project.")
    for project in projects or ():
        if not project.roles.filter(user=user).exists():
            raise TokenRefused(f"The user '{user.username}' has no role in the project '{project.name}'.")
