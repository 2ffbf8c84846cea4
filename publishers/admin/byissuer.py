"""The filter by issuer: a few of them and a search for the others, however many there are."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR
from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from publishers.models import Issuer, Publisher

MOST = 15
MAX_SEARCH = 200


class ByIssuer(admin.RelatedFieldListFilter):
    """By the row that is pointed at, as Django's own; the search narrows what can be chosen, never what is listed."""

    template = "admin/by_issuer.html"
    named = "issuer_named"

    def __init__(self, field: Any, request: HttpRequest, params: Any, *args: Any, **kwargs: Any) -> None:
        self.text = request.GET.get(self.named, "").strip()[:MAX_SEARCH]
        self.has_more = False
        super().__init__(field, request, params, *args, **kwargs)
        self.used_parameters.pop(self.named, None)
        sent = [(key, value) for key, values in request.GET.lists() for value in values]
        self.kept = [(key, value) for key, value in sent if key not in {self.named, PAGE_VAR}]

    def expected_parameters(self) -> list[str | None]:
        """The search as well, so that the list does not take it for its own."""
        return [*super().expected_parameters(), self.named]

    def has_output(self) -> bool:
        """Also when the search finds none."""
        return bool(self.text) or super().has_output()

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The chosen one, then those that publishers hang off."""
        found = list(self._found()[: MOST + 1])
        self.has_more = len(found) > MOST
        return [(str(issuer.pk), str(issuer)) for issuer in found[:MOST]]

    def _found(self) -> QuerySet[Issuer]:
        chosen = [key for key in self.lookup_val or () if str(key).isascii() and str(key).isdigit() and len(key) < 19]
        rows = Issuer.objects.only("pk", "name", "url")
        if self.text:
            rows = rows.filter(Q(url__icontains=self.text) | Q(name__icontains=self.text) | Q(pk__in=chosen))
        marked = rows.annotate(is_chosen=Q(pk__in=chosen or [0]), is_used=Coalesce(Subquery(_first_publisher()), 0))
        return marked.order_by("-is_chosen", "-is_used", "-enabled", "url")


def _first_publisher() -> QuerySet[Publisher, int]:
    """1 where the issuer has one. Asked in the order of an index: else PostgreSQL reads all that hang off others."""
    standing = Publisher.objects.filter(issuer=OuterRef("pk")).order_by("identity")
    return standing.annotate(one=Value(1)).values_list("one", flat=True)[:1]
