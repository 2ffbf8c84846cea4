"""What the API says of itself: its OpenAPI document, and the page that draws it."""

import functools
from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from registry.api import problems, schema  # noqa: F401  drf-spectacular finds what is in it once it is imported
from registry.api.access import ApiView
from registry.api.credentials import MANAGE, READ, ApiCredential
from registry.reading import Reader, page_for_readers

NOTHING = "There is nothing at this address. Addresses of the API end with a slash."


class MayRead(BasePermission):
    """Everybody on an open registry; on a closed one whose token reads anything, or who is signed in."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Yes. Raises NotAuthenticated."""
        if settings.ANONYMOUS_READ:
            return True
        credential = cast(ApiCredential | None, request.auth)
        if credential is None:
            raise NotAuthenticated("This registry is closed: sign in, or send an API token.")
        return any(credential.opens(scope) for scope in (READ, MANAGE, "download"))


class OpenApiRenderer(JSONRenderer):
    """For who asks for the document by its own media type."""

    media_type = "application/vnd.oai.openapi+json"
    format = "openapi"


class Schema(ApiView[Any]):
    """``/api/v1/schema/``: the same for everybody."""

    permission_classes = [MayRead]
    throttle_classes = []
    renderer_classes = [JSONRenderer, OpenApiRenderer]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The OpenAPI document, as JSON."""
        return Response(document(), content_type=OpenApiRenderer.media_type)


@functools.cache
def document() -> dict[str, Any]:
    """The OpenAPI document. It takes a moment to make, and is the same until the server starts anew."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


@require_safe
@ensure_csrf_cookie
@page_for_readers
def docs(request: HttpRequest, reader: Reader) -> HttpResponseBase:  # noqa: ARG001
    """The page that draws the document and tries it out, as whoever is signed in."""
    response = render(request, "api/docs.html")
    patch_cache_control(response, private=True, no_store=True)
    return response


@csrf_exempt
def nothing_here(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """404, whatever is asked."""
    return problems.answered(404, NOTHING)
