"""A way to the exchange that leads past what only people need."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from tokens import urls


class ExchangeMiddleware:
    """Answers at the exchange's addresses before static files, sessions, users and messages are looked for.

    The token in the body is what counts there. Headers that all answers have are given by the middleware before.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.views = {f"/{address.pattern}": address.callback for address in urls.urlpatterns}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or go on."""
        view = self.views.get(request.path_info)
        return self.get_response(request) if view is None else view(request)
