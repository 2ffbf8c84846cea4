"""What the admin classes of all floors share."""

import json
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
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


class TellsWhenGone(ModelAdmin):
    """Says so when somebody else deletes a row while it is being changed. Nothing is changed then."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """As everywhere, but for that."""
        try:
            answer = super().changeform_view(request, object_id, form_url, extra_context)
        except self.model.DoesNotExist:
            return self.gone(request)
        is_refused = request.method == "POST" and object_id is not None and answer.status_code == 200
        return self.gone(request) if is_refused and self._is_gone(request, str(object_id)) else answer

    def gone(self, request: HttpRequest) -> HttpResponseRedirect:
        """Back to the list."""
        words = f"This {self.opts.verbose_name} was deleted meanwhile. Nothing was changed."
        self.message_user(request, words, messages.ERROR)
        return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))

    def _is_gone(self, request: HttpRequest, object_id: str) -> bool:
        """What was wrong in the form may be that."""
        return self.get_object(request, unquote(object_id)) is None


class DeletesOneByOne(TellsWhenGone):
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
