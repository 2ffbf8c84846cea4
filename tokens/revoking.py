"""Revoking tokens: an administrator, or a leak, ends them before their time."""

from django.db import transaction
from django.utils import timezone

from registry.actors import Actor
from registry.models import Event
from tokens import history, telling
from tokens.models import ApiToken, UploadToken

MAX_REASON = 200  # of the column


def revoke_api_token(token: ApiToken, reason: str, actor: Actor) -> bool:
    """End an API token; True unless it was revoked already. Leaves an event in its user's history, and in
    that of each project it was limited to."""
    with transaction.atomic():
        if not _revoke(token, reason):
            return False
        details = {"username": token.username, "reason": reason}
        lines = history.api_token_lines("removed", token, actor, token.projects.all(), **details)
        Event.objects.bulk_create(lines)
        telling.api_token_revoked(token, reason, actor)
    return True


def revoke_upload_token(token: UploadToken, reason: str, actor: Actor) -> bool:
    """End an upload token; True unless it was revoked already. Leaves an event in each project that it covered."""
    with transaction.atomic():
        if not _revoke(token, reason):
            return False
        Event.objects.bulk_create(history.lines("upload-token-revoked", token, actor, token=token.pk, reason=reason))
        telling.upload_token_revoked(token, reason, actor)
    return True


def _revoke(token: ApiToken | UploadToken, reason: str) -> bool:
    standing = type(token)._default_manager.filter(pk=token.pk, revoked_at__isnull=True)
    return bool(standing.update(revoked_at=timezone.now(), revoked_reason=reason[:MAX_REASON]))
