"""When people were told of refusals."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from registry.admin.base import RecordAdmin
from tokens.models import RefusalNotice


@admin.register(RefusalNotice)
class RefusalNoticeAdmin(RecordAdmin):
    """When owners, or who waits, were last mailed of refused exchanges. It goes with its project or user."""

    list_display = ("__str__", "project", "user", "issuer", "identity", "told_at")
    list_select_related = ("project", "user", "issuer")
    search_fields = ("=project__normalized_name", "=user__username", "identity")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may delete its project or user: without it only one mail more is written."""
        of_user = isinstance(obj, RefusalNotice) and obj.user_id is not None
        return request.user.has_perm("registry.delete_user" if of_user else "registry.delete_project")
