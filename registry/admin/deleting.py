"""What a page says before something is deleted: in numbers, however much hangs on it."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.utils import NestedObjects
from django.db import router
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from registry.admin import links

# So many rows are named; of the others there is the number.
MOST_NAMED = 20

Deleted = tuple[list[SafeString | str], dict[Any, int], set[Any], list[str]]


def deleted_objects(
    rows: "QuerySet[Any] | Sequence[Model]", request: HttpRequest, site: AdminSite, model: type[Model]
) -> Deleted:
    """What goes, how many of each kind, what is not allowed, what stands in the way, as Django's method has it.

    Django's own names every row that goes along, and asks the database for whatever the name is made of, row by row.
    """
    collector = NestedObjects(using=router.db_for_write(model), origin=rows)
    collector.collect(rows)
    going: dict[type[Model], set[Model]] = collector.model_objs  # type: ignore[assignment]
    counts = {kind._meta.verbose_name_plural: len(some) for kind, some in going.items()}
    forbidden = {kind._meta.verbose_name for kind, some in going.items() if not _may_delete(request, site, kind, some)}
    in_the_way = sorted(collector.protected, key=lambda row: (row._meta.label, str(row.pk)))
    return _named(rows, links.link), counts, forbidden, _named(in_the_way, _in_words)


def _may_delete(request: HttpRequest, site: AdminSite, kind: type[Model], rows: Iterable[Model]) -> bool:
    """A kind without a page of its own goes with what it hangs on."""
    its = site._registry.get(kind)
    return its is None or all(its.has_delete_permission(request, row) for row in rows)


def _named(rows: Any, name: Any) -> list[Any]:
    named = [name(row) for row in rows[:MOST_NAMED]]
    further = len(rows) - len(named)
    return [*named, f"and {further:,} more"] if further else named


def _in_words(row: Model) -> str:
    return f"{row._meta.verbose_name}: {row}"
