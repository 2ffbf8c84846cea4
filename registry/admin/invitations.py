"""Invitations that wait: administrators see them, and revoke them."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from registry.actors import Actor
from registry.admin.base import DeletesOneByOne
from registry.invitations import revoke
from registry.models import Invitation


@admin.register(Invitation)
class InvitationAdmin(DeletesOneByOne):
    """A role that waits for somebody. Deleting the row revokes it."""

    list_display = ("invitee", "role", "project", "invited_by", "sent_at")
    list_filter = ("role", "sent_at")
    list_select_related = ("project", "user", "invited_by")
    search_fields = ("project__normalized_name", "=email", "=user__username")
    fields = ("project", "role", "user", "email", "invited_by", "created_at", "sent_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Owners invite."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """It waits, or it is gone."""
        return False

    def delete_model(self, request: HttpRequest, obj: Invitation) -> None:
        """Take it back."""
        revoke(obj, Actor.of(request))
