"""A way to the exchange that leads past what only people need."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from tokens import urls


class ExchangeMiddleware:
    """Answers at the exchange's addresses before static files, sessions, users and messages are looked for.

    The token in the body is what counts there. Headers that all answers have are given by the middleware before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        paths = [f"/{address.pattern}" for address in urls.urlpatterns]
        self.matches = {path: resolve(path, "tokens.urls") for path in paths}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or go on."""
        match = self.matches.get(request.path_info)
        if match is None:
            return self.get_response(request)
        request.resolver_match = match  # whoever counts requests asks for it
        response: HttpResponse = match.func(request)
        return response
