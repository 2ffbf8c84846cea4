"""Filters that list what is known, and never ask a table for its distinct values."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest


def of_choices(called: str, column: str, choices: Callable[[], Iterable[tuple[str, str]]]) -> type[Any]:
    """A filter by a text column whose values are known."""

    def queryset(_self: Any, _request: HttpRequest, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return rows.filter(**{column: chosen})

    return _filter(called, column, choices, queryset)


def of_states(called: str, parameter: str, states: Callable[[], dict[str, Q]]) -> type[Any]:
    """A filter by a state that several columns make."""

    def queryset(_self: Any, _request: HttpRequest, rows: QuerySet[Any], chosen: str) -> QuerySet[Any]:
        return rows.filter(states()[chosen])

    return _filter(called, parameter, lambda: [(name, name) for name in states()], queryset)


def _filter(
    called: str,
    parameter: str,
    choices: Callable[[], Iterable[tuple[str, str]]],
    narrow: Callable[[Any, HttpRequest, QuerySet[Any], str], QuerySet[Any]],
) -> type[Any]:
    def lookups(_self: Any, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return list(choices())

    def queryset(self: Any, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return narrow(self, request, rows, chosen) if chosen in dict(self.lookup_choices) else rows

    members = {"title": called, "parameter_name": parameter, "lookups": lookups, "queryset": queryset}
    return type(f"By{called.title().replace(' ', '')}", (admin.SimpleListFilter,), members)
