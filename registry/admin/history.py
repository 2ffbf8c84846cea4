"""The audit history, and the names that stay for good."""

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from registry import names
from registry.actors import Actor
from registry.admin import links, searching
from registry.admin.base import DeletesOneByOne, RecordAdmin, pretty
from registry.admin.paging import CappedPaginator
from registry.admin.records import AuditAdmin
from registry.models import Event, ProhibitedName, RetiredName, UsedFilename
from registry.signals import name_prohibited

# What details name, and whose page it has: floors above keep these rows.
RECORDS = {"exchange": "tokens_exchange", "publisher": "publishers_publisher"}


@admin.register(Event)
class EventAdmin(AuditAdmin):
    """One line of the audit history."""

    moment = "time"
    list_display = ("time", "tag", "project_name", "username", "actor_name", "address")
    list_filter = ("time",)
    search_help_text = "The exact name of a project, a user, an actor or a tag, or an address"
    finders = {
        searching.WORD: lambda text: [
            Q(project_name=names.normalize(text)),
            Q(username=text),
            Q(actor_name=text),
            Q(tag=text),
        ],
        searching.ADDRESS: lambda text: Q(address=text),
    }
    fields = (
        "time",
        "tag",
        "project_name",
        "username",
        "actor_name",
        "address",
        "project_link",
        "user_link",
        "actor_link",
        "record_links",
        "details_shown",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """With those it speaks of, on its own page only."""
        return super().get_queryset(request).select_related("project", "user", "actor")

    @admin.display(description="project now")
    def project_link(self, event: Event) -> SafeString | str:
        """The project, while it stands."""
        return links.link(event.project)

    @admin.display(description="user now")
    def user_link(self, event: Event) -> SafeString | str:
        """The user whose history it is."""
        return links.link(event.user)

    @admin.display(description="actor now")
    def actor_link(self, event: Event) -> SafeString | str:
        """The user who did it."""
        return links.link(event.actor)

    @admin.display(description="records")
    def record_links(self, event: Event) -> SafeString | str:
        """The exchange, token or publisher that the details name, if it is there yet."""
        return links.lines(
            links.to(address, f"{name} {event.details[name]}")
            for name in RECORDS
            if (address := _address(name, event.details.get(name)))
        )

    @admin.display(description="details")
    def details_shown(self, event: Event) -> SafeString:
        """The values before and after, and whatever else was kept."""
        return pretty(event.details)


@admin.register(UsedFilename)
class UsedFilenameAdmin(RecordAdmin):
    """A file name that never returns."""

    list_display = ("filename", "first_used_at")
    search_fields = ("=filename",)
    paginator = CappedPaginator


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


def _address(name: str, key: object) -> str:
    return reverse(f"admin:{RECORDS[name]}_change", args=[key]) if isinstance(key, str | int) and key else ""
