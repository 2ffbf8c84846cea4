"""Who may read the index, the files and the pages: everybody, unless ANONYMOUS_READ is false."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec, Protocol

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from registry.models import Project

P = ParamSpec("P")


class Reader(Protocol):
    """Somebody who reads; a credential whose scopes hold ``download`` is one."""

    def may_download(self, project: Project) -> bool:
        """Whether the project is there for this reader."""


class Unlimited:
    """Reads everything: anybody on an open registry, a signed-in person on a closed one."""

    def may_download(self, project: Project) -> bool:
        """Yes."""
        return True


UNLIMITED = Unlimited()

ReadersView = Callable[Concatenate[HttpRequest, Reader, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def reader_of(request: HttpRequest) -> Reader:
    """Who reads. Raises AuthenticationFailed or NotAuthenticated (401), or PermissionDenied without the scope.

    An open registry does not look at credentials, as PyPI does not: a stale password in somebody's
    configuration must not stop what needs none.
    """
    if settings.ANONYMOUS_READ:
        return UNLIMITED
    if "HTTP_AUTHORIZATION" in request.META:
        return _credential(request)
    if request.user.is_authenticated:
        return UNLIMITED
    raise NotAuthenticated("This registry is closed: sign in, or send a token with the scope 'download'.")


def for_readers(view: ReadersView[P]) -> View[P]:
    """Hand the reader to a view that programs read; strangers get a 401 that pip and uv answer."""
    return _guarded(view, lambda request, refusal: _unauthorized(request, str(refusal.detail)))


def page_for_readers(view: ReadersView[P]) -> View[P]:
    """Hand the reader to a page; strangers who come without a token are sent to sign in."""

    def refuse(request: HttpRequest, refusal: AuthenticationFailed | NotAuthenticated) -> HttpResponseBase:
        if isinstance(refusal, NotAuthenticated):
            return redirect_to_login(request.get_full_path())
        return _unauthorized(request, str(refusal.detail))

    return _guarded(view, refuse)


def cache_visibility() -> str:
    """Whether shared caches may keep what is read here: the Cache-Control directive."""
    return "public" if settings.ANONYMOUS_READ else "private"


def _guarded(view: ReadersView[P], refuse: Callable[[HttpRequest, Any], HttpResponseBase]) -> View[P]:
    # Nothing is changed here: another method is refused as such (405), not for a missing CSRF token.
    @csrf_exempt
    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            reader = reader_of(request)
        except (AuthenticationFailed, NotAuthenticated) as refusal:
            return refuse(request, refusal)
        except PermissionDenied as refusal:
            return _text(403, str(refusal))
        response = view(request, reader, *args, **kwargs)
        if not settings.ANONYMOUS_READ:
            patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    return guarded


def _credential(request: HttpRequest) -> Reader:
    credential: Any = Request(request, authenticators=_authenticators()).auth
    if credential is None:
        raise AuthenticationFailed("Invalid or non-existent authentication information.")
    if not credential.opens("download"):
        raise PermissionDenied("This token has no scope 'download'.")
    reader: Reader = credential
    return reader


def _authenticators() -> Sequence[BaseAuthentication]:
    """Those of the settings, which name a class of a floor above."""
    return APIView().get_authenticators()


def _unauthorized(request: HttpRequest, sentence: str) -> HttpResponse:
    # The first authentication class says what a 401 asks for, as in Django REST framework.
    challenge = _authenticators()[0].authenticate_header(Request(request)) or "Basic"
    return _text(401, sentence, {"WWW-Authenticate": challenge})


def _text(status: int, sentence: str, headers: dict[str, str] | None = None) -> HttpResponse:
    """An answer for programs."""
    said = {"Cache-Control": "no-store", **(headers or {})}
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8", headers=said)
