"""Long lists, a page at a time, without counting what there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

Row = TypeVar("Row")

SIZE = 50
# Nobody leafs further; to find something older there are filters.
LAST = 200


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list; ``templates/parts/pages.html`` draws the links to the others."""

    rows: Sequence[Row]
    number: int
    has_more: bool
    name: str  # in the query: a page with two lists has two
    asked: QueryDict

    @property
    def is_whole(self) -> bool:
        """Whether there is no other page."""
        return self.number == 1 and not self.has_more

    @property
    def previous(self) -> int:
        """The number of the page before; 0 if this is the first."""
        return self.number - 1

    @property
    def to_previous(self) -> str:
        """The query of the page before."""
        return self._query(self.previous)

    @property
    def to_next(self) -> str:
        """The query of the page after."""
        return self._query(self.next)

    @property
    def next(self) -> int:
        """The number of the page after; 0 if this is the last."""
        return self.number + 1 if self.has_more else 0

    def _query(self, number: int) -> str:
        query = self.asked.copy()
        query[self.name] = str(number)
        return f"?{query.urlencode()}"


def page_of(
    rows: "QuerySet[Any, Row] | Sequence[Row]", request: HttpRequest, size: int = SIZE, name: str = "page"
) -> Page[Row]:
    """The page that ``?page=`` (or ``name``) asks for; the first for anything that is no number of a page."""
    number = _number(request.GET.get(name, ""))
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    return Page(found[:size], number, len(found) > size and number < LAST, name, request.GET)


def _number(asked: str) -> int:
    return min(int(asked), LAST) if asked.isascii() and asked.isdigit() and len(asked) < 5 and int(asked) else 1
