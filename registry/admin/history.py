"""The audit history, and the names that stay for good."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.safestring import SafeString

from registry.actors import Actor
from registry.admin.base import DeletesOneByOne, RecordAdmin, pretty
from registry.models import Event, ProhibitedName, RetiredName, UsedFilename
from registry.signals import name_prohibited


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """One line of the audit history."""

    list_display = ("time", "tag", "project_name", "username", "actor_name", "address")
    list_filter = ("time",)
    search_fields = ("tag", "=project_name", "=username", "=actor_name", "=address")
    search_help_text = "Part of a tag, or the exact name of a project, a user or an actor, or an address"
    fields = ("time", "tag", "project_name", "username", "actor_name", "address", "details_shown")

    @admin.display(description="details")
    def details_shown(self, event: Event) -> SafeString:
        """The values before and after, and whatever else was kept."""
        return pretty(event.details)


@admin.register(UsedFilename)
class UsedFilenameAdmin(RecordAdmin):
    """A file name that never returns."""

    list_display = ("filename", "first_used_at")
    search_fields = ("filename",)


@admin.register(RetiredName)
class RetiredNameAdmin(DeletesOneByOne):
    """The name of a deleted project. Deleting the row frees it for everybody."""

    list_display = ("normalized_name", "retired_at")
    search_fields = ("normalized_name",)
    fields = ("normalized_name", "retired_at", "last_owners")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Names retire when their project is deleted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A name is retired or free."""
        return False

    def delete_model(self, request: HttpRequest, obj: RetiredName) -> None:
        """Free the name."""
        Event.objects.record("retired-name:freed", Actor.of(request), name=obj.normalized_name)
        obj.delete()


@admin.register(ProhibitedName)
class ProhibitedNameAdmin(DeletesOneByOne):
    """A name that no project may have."""

    list_display = ("name", "comment", "created_at")
    search_fields = ("name", "comment")

    def save_model(self, request: HttpRequest, obj: ProhibitedName, form: object, change: bool) -> None:  # noqa: FBT001
        """Keep a name free."""
        super().save_model(request, obj, form, change)
        tag, actor = "prohibited-name:changed" if change else "prohibited-name:added", Actor.of(request)
        Event.objects.record(tag, actor, name=obj.name, comment=obj.comment)
        name_prohibited.send(sender=ProhibitedName, name=obj, actor=actor)

    def delete_model(self, request: HttpRequest, obj: ProhibitedName) -> None:
        """Allow the name."""
        Event.objects.record("prohibited-name:removed", Actor.of(request), name=obj.name)
        obj.delete()
