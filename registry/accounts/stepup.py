"""What a person must do before a change: set up a second factor, and have signed in a moment ago (REQUIRE_2FA).

django-allauth's own pages that change how somebody signs in always want a recent sign-in (``middleware``).
"""

import time
from collections.abc import Callable
from typing import Any

from allauth.account import app_settings
from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect

from registry.accounts import suspending
from registry.accounts.signon import sessions
from registry.models import User

SECOND_FACTOR_FIRST = "Set up a second factor first: an authenticator app or a passkey. Then you can go on."
NO_WAY = "Nothing is left with which you could confirm that it is you. Sign out, and sign in again."
SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def only_reads(view: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a page of the admin whose form asks and changes nothing: it is answered like one that is only opened,
    and what was sent is never kept while somebody confirms who they are."""
    view.only_reads = True  # type: ignore[attr-defined]
    return view


def demanded(request: HttpRequest) -> HttpResponseBase | None:
    """Where a signed-in person is sent before a change; None if nothing is missing.

    A form that was sent is kept meanwhile, and goes on by itself afterwards.
    """
    if not settings.REQUIRE_2FA:
        return None
    if not has_second_factor(request):
        messages.warning(request, SECOND_FACTOR_FIRST)
        suspending.remember(request)
        return redirect("mfa_index")
    if not is_recent(request):
        return confirm(request)
    return None


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the person has one, or came over a single sign-on that counts as one (SSO_SECOND_FACTOR)."""
    if settings.SSO_SECOND_FACTOR and sessions.came_over_it(request):
        return True
    return isinstance(request.user, User) and has_own_second_factor(request.user)


def has_own_second_factor(user: User) -> bool:
    """Whether the person has an authenticator app or a passkey. Recovery codes alone are none."""
    return bool(Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists())


def is_recent(request: HttpRequest) -> bool:
    """Whether the person signed in, or confirmed it, within ACCOUNT_REAUTHENTICATION_TIMEOUT."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    times = [sessions.signed_in_at(request) if r["method"] == sessions.METHOD else r["at"] for r in records]
    return any(time.time() - at < app_settings.REAUTHENTICATION_TIMEOUT for at in times)


def confirm(request: HttpRequest) -> HttpResponse:
    """Send a person to confirm who they are; what they were doing goes on afterwards."""
    ways = get_adapter().get_reauthentication_methods(request.user)
    if not ways:
        raise PermissionDenied(NO_WAY)
    return suspending.suspend(request, ways[0]["url"])
