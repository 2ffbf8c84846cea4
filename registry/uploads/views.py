"""``POST /legacy/``: PyPI's upload API."""

import logging
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from rest_framework.exceptions import AuthenticationFailed, MethodNotAllowed
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from registry import switches
from registry.negotiation import preferred
from registry.observing import metrics
from registry.uploads import responses, storing
from registry.uploads.credentials import UploadCredential
from registry.uploads.draining import Body
from registry.uploads.errors import Closed, InvalidCredentials, NotAllowed, TryAgain, UploadRefused
from registry.uploads.receiving import received

logger = logging.getLogger(__name__)

UPLOAD_PATH = "/legacy/"


class AnyAccept(BaseContentNegotiation):
    """Nobody is turned away for their Accept header; ``responses`` reads it."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        """The only one."""
        return renderers[0], renderers[0].media_type


class UploadView(APIView):
    """Takes one file with its form. The credential is looked at before the body is."""

    http_method_names = ["post"]
    content_negotiation_class = AnyAccept
    permission_classes = []

    body: Body

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what can be refused before the body is read."""
        self.body = Body(request._request)
        if request.method != "POST":
            raise MethodNotAllowed(str(request.method))
        super().initial(request, *args, **kwargs)
        if not isinstance(request.auth, UploadCredential):
            raise InvalidCredentials
        if not request.auth.opens("upload"):
            raise NotAllowed("This token has no scope 'upload'.")
        switches.check(switches.UPLOADS)

    def post(self, request: Request) -> HttpResponse:
        """Store the file, or say why not."""
        with received(request._request, self.body) as upload:
            storing.accept(upload, cast(UploadCredential, request.auth), request.META.get("REMOTE_ADDR") or None)
        return responses.stored()

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Count the answer."""
        metrics.uploads.labels(str(response.status_code)).inc()
        return super().finalize_response(request, response, *args, **kwargs)

    def handle_exception(self, exc: Exception) -> HttpResponse:  # type: ignore[override]
        """The refusal in words, once the client has sent all it wants to send."""
        refused = _refusal_of(exc)
        self.body.drain()
        return responses.refusal(self.request._request, refused.status, refused.sentence, refused.code)


@csrf_exempt
def add_slash(request: HttpRequest) -> HttpResponse:
    """``/legacy``: where the upload API is; 308 keeps the method and the body."""
    Body(request).drain()
    response = responses.refusal(
        request,
        308,
        "An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)",
    )
    response["Location"] = f"{settings.SITE_URL}{UPLOAD_PATH}"  # uv follows whole addresses only
    return response


def astray(request: HttpRequest) -> bool:
    """Whether a client, no browser, uploads to the front page or to the index."""
    if request.method != "POST" or request.content_type != "multipart/form-data":
        return False
    is_place = request.path_info in {"/", "/simple"} or request.path_info.startswith("/simple/")
    kinds = ["text/plain", "application/json", "text/html"]
    return is_place and preferred(request.headers.get("Accept", ""), kinds) != "text/html"


def turned_away(request: HttpRequest) -> HttpResponse:
    """405 for such an upload, once the client has sent all of it: where uploads go."""
    Body(request).drain()
    return responses.refusal(
        request, 405, f"Upload to {settings.SITE_URL}{UPLOAD_PATH} instead: this address is for reading."
    )


def _refusal_of(exc: Exception) -> UploadRefused:
    """What is refused as a status and a sentence; whatever is a mistake of ours is raised again."""
    if isinstance(exc, UploadRefused):
        return exc
    if isinstance(exc, switches.SwitchedOff):
        return Closed(exc)
    if isinstance(exc, AuthenticationFailed):
        return InvalidCredentials()
    if isinstance(exc, MethodNotAllowed):
        return _WrongMethod("This is the upload API: POST files to it.")
    if isinstance(exc, OSError):
        logger.error("The registry cannot store files", exc_info=exc)
        return TryAgain()
    raise exc


class _WrongMethod(UploadRefused):
    status = 405


upload = switches.works_while_read_only(UploadView.as_view())  # it asks for its switches itself
