"""Pages of lists: the newest first, or, for who follows what comes, what came since."""

import re
from itertools import takewhile
from typing import Any

from django.core.exceptions import ValidationError as Invalid
from django.db.models import Field, Model, UUIDField
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from registry.api import settled

SINCE = "since"
_NUMBER = re.compile("0{0,9}[1-9][0-9]{0,17}")


class Newest(CursorPagination):
    """A page and the addresses of its neighbours. What is added meanwhile shifts nothing."""

    ordering = "-pk"
    page_size = 50
    max_page_size = 100
    page_size_query_param = "page_size"
    page_size_query_description = "How many at most on a page; more than 100 are 100."
    cursor_query_description = "Where the page begins; taken from `next` or `previous` of another page."

    model: type[Model]

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """The rows of the page."""
        self.model = queryset.model
        return super().paginate_queryset(queryset, request, view)

    def get_page_size(self, request: Request) -> int:
        """What is asked for. Raises ValidationError for what is no such number."""
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return self.page_size
        if not _NUMBER.fullmatch(asked):
            wrong = f"Write a whole number from 1 to {self.max_page_size}."
            raise ValidationError({self.page_size_query_param: [wrong]})
        return min(int(asked), self.max_page_size)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Raises ValidationError for one that no page gave."""
        try:
            cursor = super().decode_cursor(request)
        except Exception as wrong:
            raise ValidationError({"cursor": ["This is no cursor of a page."]}) from wrong
        if cursor is not None and cursor.position is not None:
            key_of(self.model, str(cursor.position), "cursor")
        return cursor


class Following(Newest):
    """With ``since``, the id of a row: what came after it, the oldest first; without gaps or repeats.

    ``next`` is always there then: a program asks it again, at once or later. A view's ``moment`` names the column that
    says when a row was made.
    """

    followed = ""  # the address of what comes next; empty when nobody follows

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any] | None:
        """The rows of the page."""
        since = request.query_params.get(SINCE)
        if since is None:
            return super().paginate_queryset(queryset, request, view)
        if since:
            queryset = queryset.filter(pk__gt=key_of(queryset.model, since, SINCE))
        rows = self._settled(queryset, request, view)
        last = str(rows[-1].pk) if rows else since
        self.followed = replace_query_param(request.build_absolute_uri(), SINCE, last)
        return rows

    def _settled(self, queryset: Any, request: Request, view: Any) -> list[Any]:
        """The first rows, up to one before which another may still appear."""
        # Before the rows are read: whoever commits in between counts as under way.
        until = settled.until(of_clock=isinstance(queryset.model._meta.pk, UUIDField))
        rows = queryset.order_by("pk")[: self.get_page_size(request)]
        return list(takewhile(lambda row: until is None or getattr(row, view.moment) < until, rows))

    def get_paginated_response(self, data: Any) -> Response:
        """The page."""
        if not self.followed:
            return super().get_paginated_response(data)
        return Response({"next": self.followed, "previous": None, "results": data})

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """For OpenAPI."""
        said = "What came after the row of this id, the oldest first; empty: from the beginning. Go on with `next`."
        since = {"name": SINCE, "in": "query", "required": False, "description": said, "schema": {"type": "string"}}
        return [*super().get_schema_operation_parameters(view), since]


def key_of(model: type[Model], text: str, parameter: str) -> Any:
    """A primary key from outside. Raises ValidationError."""
    field: Field[Any, Any] = model._meta.pk
    try:
        key = field.to_python(text)
        field.run_validators(key)
    except Invalid as wrong:
        raise ValidationError({parameter: ["There is no row of such an id."]}) from wrong
    return key
