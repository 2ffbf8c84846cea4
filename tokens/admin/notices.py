"""When owners were told of refusals."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from registry.admin.base import RecordAdmin
from tokens.models import RefusalNotice


@admin.register(RefusalNotice)
class RefusalNoticeAdmin(RecordAdmin):
    """When owners were last mailed of refused exchanges. It goes with its project."""

    list_display = ("project", "issuer", "identity", "told_at")
    list_select_related = ("project", "issuer")
    search_fields = ("=project__normalized_name", "identity")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever may delete its project: without it only one mail more is written."""
        return request.user.has_perm("registry.delete_project")
