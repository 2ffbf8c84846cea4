"""Revoking tokens: an administrator, or a leak, ends them before their time."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from registry.actors import Actor
from registry.models import Event, Project
from tokens.models import ApiToken, UploadToken

MAX_REASON = 200  # of the column


def revoke_api_token(token: ApiToken, reason: str, actor: Actor) -> bool:
    """End an API token; True unless it was revoked already. Leaves an event in its user's history."""
    with transaction.atomic():
        if not _revoke(token, reason):
            return False
        Event.objects.record(
            "account:api_token:removed",
            actor,
            user=token.user,
            token=token.pk,
            name=token.name,
            username=token.username,
            reason=reason,
        )
    return True


def revoke_upload_token(token: UploadToken, reason: str, actor: Actor) -> bool:
    """End an upload token; True unless it was revoked already. Leaves an event in each project that it covered."""
    with transaction.atomic():
        if not _revoke(token, reason):
            return False
        names = {grant["project"] for grant in token.grants}
        projects = Project.objects.filter(normalized_name__in=names)
        details: dict[str, Any] = {"exchange": str(token.exchange_id or ""), "reason": reason, "covered": sorted(names)}
        Event.objects.bulk_create(
            Event.line("project:oidc:upload-token-revoked", actor, project=project, token=token.pk, **details)
            # Of an upload token for names that nobody has yet the registry's own history speaks.
            for project in [*projects] or [None]
        )
    return True


def _revoke(token: ApiToken | UploadToken, reason: str) -> bool:
    standing = type(token)._default_manager.filter(pk=token.pk, revoked_at__isnull=True)
    return bool(standing.update(revoked_at=timezone.now(), revoked_reason=reason[:MAX_REASON]))
