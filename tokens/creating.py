"""Creating API tokens."""

import datetime
from collections.abc import Collection, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registry.actors import Actor
from registry.models import Event, Project, User
from tokens import history, secrets
from tokens.models import ApiToken

MANAGE_DAYS = 90
MAX_DAYS = 3650


class TokenRefused(Exception):
    """Such a token cannot be created; the message is a sentence for people about ``what``."""

    def __init__(self, sentence: str, what: str = "") -> None:
        super().__init__(sentence)
        self.what = what


class SentBefore(Exception):
    """The same form created a token already."""

    def __init__(self, token: ApiToken) -> None:
        super().__init__(
            f"This form was sent before, and created the token “{token.name}”. It was shown then and is not shown "
            "again: if you have not kept it, revoke it and create another."
        )


@sensitive_variables("text")
def create_api_token(
    user: User,
    *,
    name: str,
    scopes: Sequence[str],
    projects: Collection[Project] | None = None,
    days: int | None = None,
    actor: Actor,
    form_key: UUID | None = None,
) -> str:
    """Create an API token that expires after ``days`` (None: never, but one that manages after 90).

    ``projects`` limits it to those; None does not. Returns its text, which is stored nowhere: show it once.
    Raises TokenRefused; and SentBefore if a token was created with this ``form_key``, also a moment ago.
    """
    expires_at = _expiry(scopes, days)
    _check(user, scopes, projects)
    text = secrets.new(secrets.API)
    token = ApiToken(
        digest=secrets.digest(text),
        user=user,
        username=user.username,
        name=name,
        scopes=[*scopes],
        limited=projects is not None,
        expires_at=expires_at,
        form_key=form_key,
    )
    try:
        with transaction.atomic():
            token.save(force_insert=True)
            token.projects.set(projects or [])
            lines = history.api_token_lines("added", token, actor, projects, **_in_words(token, projects))
            Event.objects.bulk_create(lines)
    except IntegrityError:
        earlier = ApiToken.objects.filter(user=user, form_key=form_key).exclude(form_key=None).first()
        if earlier is not None:
            raise SentBefore(earlier) from None
        _check(user, scopes, projects)  # of which one may have been deleted meanwhile: the end of a transaction tells
        raise
    return text


def _in_words(token: ApiToken, projects: Collection[Project] | None) -> dict[str, object]:
    return {
        "scopes": token.scopes,
        "projects": sorted(project.normalized_name for project in projects) if projects is not None else None,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None,
    }


def _expiry(scopes: Sequence[str], days: int | None) -> datetime.datetime | None:
    manages = ApiToken.Scope.MANAGE in scopes
    most = MANAGE_DAYS if manages else MAX_DAYS
    if days is None and not manages:
        return None
    days = MANAGE_DAYS if days is None else days
    if not 1 <= days <= most:
        kind = "A token with the scope 'manage'" if manages else "A token"
        raise TokenRefused(f"{kind} expires after 1 to {most} days, not after {days}.", "days")
    return timezone.now() + datetime.timedelta(days=days)


def _check(user: User, scopes: Sequence[str], projects: Collection[Project] | None) -> None:
    if not user.is_active:
        raise TokenRefused(f"The user '{user.username}' is deactivated.")
    if not scopes:
        raise TokenRefused("A token needs at least one scope.", "scopes")
    for scope in scopes:
        if scope not in ApiToken.Scope.values:
            raise TokenRefused(f"There is no scope '{scope}'; there are {', '.join(ApiToken.Scope.values)}.", "scopes")
    if projects is not None and not projects:
        raise TokenRefused("A limited token needs at least one project.", "projects")
    own = set(Project.objects.uploadable_by(user).values_list("pk", flat=True)) if projects else set()
    for project in projects or ():
        if project.pk not in own:
            raise TokenRefused(f"The user '{user.username}' has no role in the project '{project.name}'.", "projects")
