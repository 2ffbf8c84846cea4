"""What the admin classes of audit records share: however many rows there are, a page, a search, an export is quick."""

from collections.abc import Mapping
from typing import Any

from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from registry import exporting
from registry.admin import paging, searching
from registry.admin.base import RecordAdmin
from registry.postgresql import planning

FORMATS = (("csv", "CSV"), ("jsonl", "JSON lines"))


class AuditList(ChangeList):
    """A page of records, whose statements are planned for what is filtered and searched."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        with planning.for_their_values():
            super().__init__(*arguments, **named)
            self.result_list: Any = list(self.result_list)


class AuditAdmin(RecordAdmin):
    """Audit records: searched by what a text looks like, leafed through newest first, exported as they are filtered."""

    moment = "created_at"  # when a row was written: lists and exports go by it
    finders: searching.Finders = {}
    never_exported: tuple[str, ...] = ()
    search_fields = ("pk",)  # so that Django draws the field; ``finders`` say what is found
    paginator = paging.CappedPaginator
    list_per_page = 50
    list_max_show_all = 0
    change_list_template = "admin/records/change_list.html"

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """The newest first, by an index."""
        return (f"-{self.moment}", "-pk")

    def get_sortable_by(self, request: HttpRequest) -> tuple[str, ...]:
        """By time only: no other column of millions of rows is sorted while somebody waits."""
        return (self.moment,)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """The list above."""
        return AuditList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The rows that the text may mean."""
        if not search_term.strip():
            return queryset, False
        found = searching.found(search_term, self.finders, self.model)
        return queryset.none() if found is None else queryset.filter(found), False

    def get_urls(self) -> list[URLPattern]:
        """The export beside the list."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        page = path("export/", self.admin_site.admin_view(require_safe(self.export_view)), name=name)
        return [page, *super().get_urls()]

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows, all of it, as a file."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        query = request.GET.copy()
        kind = query.pop("as", ["csv"])
        request.GET = query  # type: ignore[assignment]
        response = self.changelist_view(request)
        changes = getattr(response, "context_data", {}).get("cl")
        if changes is None:  # a filter that the list does not know
            return HttpResponseRedirect(reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"))
        query["as"] = kind[-1]
        return exporting.answer(changes.queryset, self.exported(), self.moment, request)

    def exported(self) -> list[str]:
        """The columns of an export: all but secrets."""
        return [field.attname for field in self.opts.concrete_fields if field.attname not in self.never_exported]

    def changelist_view(self, request: HttpRequest, extra_context: Mapping[str, Any] | None = None) -> Any:
        """With links to the export of just these rows."""
        export = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")
        links = [(f"{export}?{_with(request, kind)}", label) for kind, label in FORMATS]
        context = {**(extra_context or {}), "exports": links, "most": paging.MOST}
        return super().changelist_view(request, context)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Everything."""
        return flatten_fieldsets(self.get_fieldsets(request, obj)) if self.fields or self.fieldsets else ()


def _with(request: HttpRequest, kind: str) -> str:
    query = request.GET.copy()
    for name in ("p", "o", "e", "all"):
        query.pop(name, None)
    query["as"] = kind
    return query.urlencode()
