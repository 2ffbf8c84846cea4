"""What the admin classes of all floors share."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registry.admin import deleting

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    AnyForm = ModelForm[Any]
else:
    ModelAdmin = admin.ModelAdmin
    TabularInline = admin.TabularInline
    AnyForm = ModelForm


class DeletesOneByOne(ModelAdmin):
    """Deletes through ``delete_model`` only, also from the list, so that each deletion leaves its event; says before
    what goes along."""

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the selected rows one after another; one may have gone with another."""
        for row in list(queryset):
            if self.model._default_manager.filter(pk=row.pk).exists():
                self.delete_model(request, row)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> deleting.Deleted:
        """In numbers."""
        return deleting.deleted_objects(objs, request, self.admin_site, self.model)


class RecordAdmin(ModelAdmin):
    """An audit record: found, read, and never added, changed or deleted here by anybody."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody's."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody's."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody's."""
        return False


def pretty(document: Any) -> SafeString:
    """JSON as people read it."""
    return format_html("<pre>{}</pre>", json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False))
