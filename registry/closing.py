"""Refuses forms and calls of machines while what they would do is switched off."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from registry import switches
from registry.pages import errors
from registry.switches import SIGN_UPS, SwitchedOff

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
# Others' views that may be sent forms while everything that writes is off: who cannot sign in cannot switch it on.
SIGN_IN = frozenset(
    {
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "account_confirm_login_code",
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_login_webauthn",
        "mfa_reauthenticate_webauthn",
        "sso_login",
        "sso_confirm",
        "admin:login",
        "admin:logout",
    }
)
SIGN_UP = frozenset({"account_signup", "account_signup_by_passkey", "socialaccount_signup"})


class SwitchMiddleware:
    """Asks for the switches once for each request that would change something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any) -> HttpResponseBase | None:
        """The refusal, or None: the view is called."""
        return refusal(request, view)


def refusal(request: HttpRequest, view: Any) -> HttpResponseBase | None:
    """What a request gets whose address and method are switched off; None if they are not."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    signs_up = name in SIGN_UP
    if not signs_up and (request.method in SAFE or name in SIGN_IN or _is_marked(view)):
        return None
    try:
        switches.check(*[SIGN_UPS] if signs_up else [])
    except SwitchedOff as off:
        return errors.switched_off(request, off)
    return None


def _is_marked(view: Any) -> bool:
    return bool(getattr(view, "works_while_read_only", False))
