"""How answers that change with a project are cached: kept by anybody who may, and asked about each time."""

import hashlib
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from registry.reading import cache_visibility

# Part of every ETag: raise it when the same rows are rendered differently.
RENDERING = 3


def etag_of(*parts: Any) -> str:
    """A weak ETag of whatever an answer depends on; the public address is always part of it."""
    text = "\0".join(str(part) for part in (RENDERING, settings.SITE_URL, *parts))
    return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def begin(content_type: str, etag: str | None) -> HttpResponse:
    """An answer without its body: an upload is listed at once, so caches revalidate, and that is cheap."""
    response = HttpResponse(content_type=content_type)
    response["Cache-Control"] = f"{cache_visibility()}, no-cache"
    if etag is not None:
        response["ETag"] = etag
    allow_any_origin(response)
    return response


def not_modified(request: HttpRequest, response: HttpResponse) -> HttpResponseBase | None:
    """The 304 (or 412) that a conditional request gets instead of ``response``; None when it gets the body."""
    answer = get_conditional_response(request, etag=response.headers.get("ETag"), response=response)
    if answer is response or answer is None:
        return None
    allow_any_origin(answer)
    return answer


def varies_with_accept(response: HttpResponseBase) -> None:
    """Each form of a page is cached by itself."""
    patch_vary_headers(response, ["Accept"])


def allow_any_origin(response: HttpResponseBase) -> None:
    """Programs in browsers may read an open registry, as they may read PyPI."""
    if settings.ANONYMOUS_READ:
        response["Access-Control-Allow-Origin"] = "*"
