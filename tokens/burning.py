"""Burning an upload token: its holder is done with it."""

from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from registry.actors import Actor
from registry.models import Event
from tokens import history, secrets
from tokens.models import UploadToken


@sensitive_variables("text")
def burn(text: str, actor: Actor) -> None:
    """Kill the upload token of that text, if it lives, and say nothing about whether it did.

    One event per project, once.
    """
    if secrets.kind_of(text) != secrets.UPLOAD:
        return
    token = UploadToken.objects.filter(digest=secrets.digest(text)).first()
    if token is None or not token.is_live():
        return
    with transaction.atomic():
        alive = UploadToken.objects.filter(pk=token.pk, burnt_at__isnull=True, revoked_at__isnull=True)
        if alive.update(burnt_at=timezone.now()):
            Event.objects.bulk_create(history.lines("upload-token-burnt", token, actor))
