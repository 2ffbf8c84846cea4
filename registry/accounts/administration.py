"""The admin's site: people sign in where everybody does, and each change needs what ``stepup`` says."""

import functools
from collections.abc import Callable
from typing import Any

from allauth.account import views as account
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.core.validators import ProhibitNullCharactersValidator
from django.db.models import Field, Model
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from registry.accounts import stepup

STAFF_ONLY = "Your account is not an administrator's."
READING = ("GET", "HEAD", "OPTIONS")


class Administration(AdminSite):
    """Django's admin without a sign-in, a sign-out and a password page of its own."""

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:  # noqa: FBT001
        """Send strangers to sign in, refuse who is no administrator, and ask for a step-up before a change.

        Raises BadRequest for what no link or form of the admin sends.
        """
        inner = super().admin_view(view, cacheable)

        @functools.wraps(inner)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if view == self.logout:
                return self.logout(request)
            if not self.has_permission(request):
                raise PermissionDenied(STAFF_ONLY)
            _check_text(request)
            changes = request.method not in READING and not getattr(view, "only_reads", False)
            demanded = stepup.demanded(request) if changes else None
            if demanded is not None:
                return demanded
            _check_selected(request, getattr(getattr(view, "__self__", None), "model", None))
            response: HttpResponseBase = inner(request, *args, **kwargs)
            return response

        return guarded

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one sign-in for all."""
        if not request.user.is_authenticated:
            return redirect_to_login(_wanted(request))
        if not self.has_permission(request):
            raise PermissionDenied(STAFF_ONLY)
        return redirect(_wanted(request))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """And one sign-out."""
        response: HttpResponse = account.logout(request)
        return response

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]
        """And one page to change the password."""
        return redirect("account_change_password")


def _check_text(request: HttpRequest) -> None:
    """Raise BadRequest for a NUL in the address: lists and pages ask the database for it, and PostgreSQL refuses it."""
    asked = (text for name, values in request.GET.lists() for text in (name, *values))
    if any("\0" in text for text in (request.path_info, *asked)):
        raise BadRequest("There is a NUL in the address.")


def _check_selected(request: HttpRequest, model: type[Model] | None) -> None:
    """Raise BadRequest where a row is ticked whose key cannot be one: Django would ask the database for it."""
    if model is None:
        return
    key: Field[Any, Any] = model._meta.pk
    for text in request.POST.getlist(ACTION_CHECKBOX_NAME):
        try:
            ProhibitNullCharactersValidator()(text)
            key.run_validators(key.to_python(text))
        except ValidationError as wrong:
            raise BadRequest("There is no such row.") from wrong


def _wanted(request: HttpRequest) -> str:
    """Where the person was going, within this registry."""
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe and not wanted.startswith(request.path) else "/admin/"
