"""What becomes of a person whom the single sign-on names."""

import logging
import re
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.reauthentication import resume_request
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.http import urlencode

from registry.accounts.signon import freshness, sessions
from registry.accounts.signon.provider import SingleSignOn, configured
from registry.models import User

CONFIRM = "confirm"  # what django-allauth calls a process, beside its login and connect
NOT_ALLOWED = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)
LONGEST = 40  # of a username, so that a number fits behind it

logger = logging.getLogger(__name__)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Known people are signed in; unknown ones are made, or told whom to ask."""

    error_messages = {
        **DefaultSocialAccountAdapter.error_messages,
        "no_password": "Set a password first, or you could not sign in any more.",
        "no_verified_email": "Verify a mail address first, or you could not reset your password.",
    }

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """The one of the settings; the table of others is not looked at."""
        return [configured(request).app] if settings.SSO_ISSUER else []

    def list_providers(self, request: HttpRequest) -> list[SingleSignOn]:
        """The one of the settings."""
        return [configured(request)] if settings.SSO_ISSUER else []

    def get_provider(self, request: HttpRequest, provider: Any, client_id: Any = None) -> SingleSignOn:
        """The one of the settings."""
        return configured(request)

    def on_authentication_error(self, request: HttpRequest, provider: Any, **more: Any) -> None:
        """Leave the reason in the log; the page says less."""
        logger.warning("Single sign-on failed: %s %s", more.get("error"), more.get("exception"))

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """A confirmation ends here: it signs nobody in, and makes nobody."""
        if sociallogin.state.get("process") == CONFIRM:
            raise ImmediateHttpResponse(_confirmed(request, sociallogin))

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """SSO_CREATES_USERS; but never a second account for one mail address, and never one joined by it."""
        taken = [address for address in sociallogin.email_addresses if _is_taken(address.email)]
        proven = any(address.verified and _is_proven(address.email) for address in taken)
        if not settings.SSO_CREATES_USERS or proven:
            page = render(request, "socialaccount/unknown.html", {"proven": proven}, status=403)
            raise ImmediateHttpResponse(page)
        sociallogin.email_addresses = [address for address in sociallogin.email_addresses if address not in taken]
        if not sociallogin.email_addresses:
            sociallogin.user.email = ""
        return True

    def save_user(self, request: HttpRequest, sociallogin: Any, form: Any = None) -> User:
        """Make the user, by a name that is free."""
        sociallogin.user.username = free_username(wanted_username(sociallogin))
        try:
            with transaction.atomic():
                user: User = super().save_user(request, sociallogin, form)
        except IntegrityError:  # the same person, or the same name, twice at once
            raise ImmediateHttpResponse(redirect("account_login")) from None
        return user


def wanted_username(sociallogin: Any) -> str:
    """From ``preferred_username``, or from what stands before the mail address's @."""
    said = sociallogin.account.extra_data
    named = [str(said.get(name) or "").partition("@")[0] for name in ("preferred_username", "email")]
    cleaned = [NOT_ALLOWED.sub("-", name)[:LONGEST].strip("._-") for name in named]
    return next(filter(None, cleaned), "user")


def free_username(wanted: str) -> str:
    """``wanted``, or with the first number behind it that nobody has."""
    alike = User.objects.filter(username__istartswith=wanted).values_list("username", flat=True)
    taken = {name.lower() for name in alike}
    numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in numbered if name.lower() not in taken)


def _is_taken(email: str) -> bool:
    return (
        EmailAddress.objects.filter(email__iexact=email).exists() or User.objects.filter(email__iexact=email).exists()
    )


def _is_proven(email: str) -> bool:
    """Anybody may claim an address; it is a user's once verified, or when an administrator gave it."""
    claims = EmailAddress.objects.filter(email__iexact=email)
    return claims.filter(verified=True).exists() or not claims.exists()


def _confirmed(request: HttpRequest, sociallogin: Any) -> HttpResponse:
    """Go on with what the person was doing, if it is them, and they signed in over there just now."""
    wrong = freshness.what_is_wrong(request.user, sociallogin)
    if wrong:
        messages.error(request, wrong)
        return redirect("sso_confirm")
    sessions.remember(request, sessions.auth_time(sociallogin))
    record_authentication(request, request.user, sessions.METHOD, reauthenticated=True)
    # django-allauth compares where the kept form belongs with the address that the person is sent to.
    request.GET = QueryDict(urlencode({"next": sociallogin.state.get("next") or "/account/"}))
    return resume_request(request) or redirect("account_overview")
