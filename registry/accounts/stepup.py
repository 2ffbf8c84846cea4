"""What a person must do before a change: set up a second factor, and have signed in a moment ago (REQUIRE_2FA)."""

from allauth.account.internal.flows import reauthentication
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

SECOND_FACTOR_FIRST = "Set up a second factor first: an authenticator app or a passkey."


def demanded(request: HttpRequest) -> HttpResponseBase | None:
    """Where a signed-in person is sent before a change; None if nothing is missing.

    A form that was sent is kept meanwhile, and goes on by itself afterwards.
    """
    if not settings.REQUIRE_2FA:
        return None
    if not has_second_factor(request):
        messages.warning(request, SECOND_FACTOR_FIRST)
        return redirect("mfa_index")
    if not is_recent(request):
        kept: HttpResponseBase = reauthentication.suspend_request(request, reverse("account_reauthenticate"))
        return kept
    return None


def has_second_factor(request: HttpRequest) -> bool:
    """Whether the person has one."""
    return bool(is_mfa_enabled(request.user))


def is_recent(request: HttpRequest) -> bool:
    """Whether the person signed in, or confirmed it, within ACCOUNT_REAUTHENTICATION_TIMEOUT."""
    return bool(reauthentication.did_recently_reauthenticate(request))
