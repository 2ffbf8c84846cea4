"""The routes of the URL configuration, with arguments that name the rows of ``tests.town``."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

# What programs ask, and what is tried elsewhere as a whole: the admin (``test_admin_pages``), mails in DEBUG only.
NOT_PAGES = (
    "_/",
    ".well-known/",
    "api/",
    "dev/",
    "files/",
    "integrity/",
    "legacy",
    "pypi/",
    "simple/",
    "admin/",
    "^files/",
)
NOT_PAGES_EITHER = frozenset({"favicon.ico", "robots.txt", "account/2fa/recovery-codes/download/"})
EXPORT = "events.<str:form>"
_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>")
_ONE_TIME = {
    "account/^confirm-email/(?P<key>[-:\\w]+)/$": "account/confirm-email/unknown/",
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": "account/password/reset/key/1-unknown/",
}


def routes() -> list[str]:
    """Every route that people open, as the configuration writes it."""
    pages = [route for route in every() if not route.startswith(NOT_PAGES) and route not in NOT_PAGES_EITHER]
    return [route for route in pages if not route.endswith(EXPORT)]


def exports() -> list[str]:
    """The files that people take a history away in."""
    return [route for route in every() if route.endswith(EXPORT)]


def every() -> dict[str, Any]:
    """All routes with their views, for programs and administrators too."""
    found: dict[str, Any] = {}
    for route, view in _below(get_resolver(), ""):
        found.setdefault(route, view)
    return found


def path_of(route: str, arguments: Mapping[str, Mapping[str, Any]]) -> str:
    """Its path. ``arguments``: for the beginning of a route, the longest that fits, the values of its arguments."""
    route = _ONE_TIME.get(route, route)
    fitting = sorted((begin for begin in arguments if route.startswith(begin)), key=len)
    values = {name: value for begin in fitting for name, value in arguments[begin].items()}

    def value(match: re.Match[str]) -> str:
        assert match[1] in values, f"say in ARGUMENTS what {match[0]} of the new route {route} stands for"
        return str(values[match[1]])

    return "/" + _ARGUMENT.sub(value, route)


def _below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route, entry.callback
        else:
            yield from _below(entry, route)
