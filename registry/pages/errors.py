"""What a failed request gets: a small page, or JSON for those who prefer it."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from registry.api import problems
from registry.negotiation import preferred
from registry.observing import request_ids
from registry.pages import site
from registry.switches import SwitchedOff
from registry.uploads import views as uploads

RETRY_AFTER = 300  # seconds: nobody knows how long it will last
RETRY_SOON = 2  # pip waits so long, five times


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400. What was wrong may be the host or the cookies: nothing of the request is shown. 413 for a long form.

    A view that has its own words for a request that never reached it says them: its method ``refuse``.
    """
    view = _view_at(request.path_info)
    if hasattr(view, "refuse"):
        refusal: HttpResponse = view().refuse(request, exception)
        return refusal
    if isinstance(exception, RequestDataTooBig):
        return _answer(request, 413, "Too large", "This form holds more than the registry takes.")
    return _answer(request, 400, "Bad request", "The registry does not understand this request.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403, with the sentence that the refusal was raised with."""
    return _answer(request, 403, "Not allowed", str(exception) or "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, with the sentence that it was raised with; a resolver's list of all addresses is no sentence."""
    argument = exception.args[0] if exception.args else ""
    sentence = argument if isinstance(argument, str) and argument else "There is nothing at this address."
    return _answer(request, 404, "Not found", sentence)


def server_error(request: HttpRequest) -> HttpResponse:
    """500. The database may be what failed: this page does without it."""
    sentence = "The registry failed at this request. The people who run it can read why in its log."
    return _answer(request, 500, "Something broke", sentence)


def unavailable(request: HttpRequest, sentence: str) -> HttpResponse:
    """503: something behind the registry fails, which may pass."""
    response = _answer(request, 503, "Not available", sentence)
    response["Retry-After"] = str(RETRY_SOON)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django passes it
    """403 for a form that was not sent from a page of this registry (CSRF_FAILURE_VIEW)."""
    sentence = "This form was open for too long, or did not come from this registry. Go back, reload and send it again."
    return _answer(request, 403, "Not allowed", sentence)


class RefusalMiddleware:
    """Where a view refused its method with an empty answer (405): a page for a browser, the way for an upload."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; other programs, which do not ask for HTML by its name, get the answer as it is."""
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        if uploads.astray(request):
            page = uploads.turned_away(request)
        elif _is_browser(request):
            page = _answer(request, 405, "Not like this", "This address is for reading. Nothing was changed.")
        else:
            return response
        page["Allow"] = response.headers.get("Allow", "")
        return page


def _view_at(path: str) -> Any:
    """The class of the view at an address; None if there is none."""
    try:
        return getattr(resolve(path).func, "view_class", None)
    except Resolver404:
        return None


def _is_browser(request: HttpRequest) -> bool:
    return "text/html" in request.headers.get("Accept", "")


def switched_off(request: HttpRequest, off: SwitchedOff) -> HttpResponse:
    """503, or 403 for what is not tried again, while what was asked for is switched off."""
    status = 503 if off.is_read_only else 403
    response: HttpResponse
    if request.path_info.startswith("/api/"):
        response = problems.answered(status, str(off), code=off.code)
    elif _prefers_json(request):
        body = {"message": str(off), "errors": [{"code": off.code, "description": str(off)}], "code": off.code}
        body["request_id"] = request_ids.current()
        response = JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
    else:
        response = _answer(request, status, "Switched off", str(off))
    if off.is_read_only:
        response["Retry-After"] = str(RETRY_AFTER)
    return response


def _answer(request: HttpRequest, status: int, title: str, sentence: str) -> HttpResponse:
    response: HttpResponse
    if request.path_info.startswith("/api/"):
        response = problems.answered(status, sentence)
    elif _prefers_json(request):
        said = {"message": sentence, "code": f"{status} {title}", "request_id": request_ids.current()}
        response = JsonResponse(said, status=status)
    else:
        context = {**site(request), "status": status, "title": title, "sentence": sentence}
        context["request_id"] = request_ids.current()
        # Rendered without the request: who is signed in would be asked of the database.
        response = HttpResponse(render_to_string("error.html", context), status=status)
    response["Cache-Control"] = "no-store"
    return response


def _prefers_json(request: HttpRequest) -> bool:
    return preferred(request.headers.get("Accept", ""), ["text/html", "application/json"]) == "application/json"
