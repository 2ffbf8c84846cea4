"""What the pages of accounts have in common. It stands behind django-allauth's, and so hears exceptions first."""

from collections.abc import Callable

from allauth.core.exceptions import ReauthenticationRequired
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

from registry.accounts import stepup
from registry.pages import errors

PAGES = "/account/"


class AccountsMiddleware:
    """Nobody keeps a copy of such a page: secrets and codes stand on some."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        response = self.get_response(request)
        if request.path_info.startswith(PAGES):
            patch_cache_control(response, private=True, no_store=True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Let a person confirm who they are where a page of django-allauth wants it."""
        if not isinstance(exception, ReauthenticationRequired) or not request.user.is_authenticated:
            return None
        try:
            return stepup.confirm(request)
        except PermissionDenied as denied:
            return errors.forbidden(request, denied)
