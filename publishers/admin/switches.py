"""Providers that are switched off: superusers add and remove them."""

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from publishers import switches
from publishers.models import SwitchedOff
from registry.actors import Actor
from registry.admin.base import DeletesOneByOne


@admin.register(SwitchedOff)
class SwitchedOffAdmin(DeletesOneByOne):
    """Adding one switches a provider off at once, deleting it switches it on again."""

    list_display = ("__str__", "since", "reason")
    search_fields = ("provider",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody's: it is there or it is not."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Superusers only."""
        return bool(request.user.is_superuser)

    def save_model(self, request: HttpRequest, obj: SwitchedOff, form: Any, change: bool) -> None:  # noqa: FBT001
        """With an event."""
        switches.switch_off(obj, Actor.of(request))

    def delete_model(self, request: HttpRequest, obj: SwitchedOff) -> None:
        """With an event."""
        switches.switch_on(obj, Actor.of(request))
