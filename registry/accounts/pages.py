"""A person's own account: what there is, and where they are signed in."""

import re
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from registry.accounts.signon import accounts
from registry.manage.access import account_page, person
from registry.models import User
from registry.pages.paging import page_of

TAB = "account_overview"
SESSIONS = 25  # of a page of the list


@account_page
def overview(request: HttpRequest) -> HttpResponse:
    """Everything about signing in, on one page."""
    user = person(request)
    context = {
        "tab": TAB,
        "addresses": list(EmailAddress.objects.filter(user=user).order_by("-primary", "email")),
        "sessions": live_sessions(user).count(),
        "sso": accounts.is_configured(),
        "identity": accounts.of(user),
        "require_2fa": settings.REQUIRE_2FA,
        **_second_factors(user),
    }
    return render(request, "account/overview.html", context)


@account_page
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is signed in; one session, or all others, can be ended."""
    user = person(request)
    if request.method == "POST":
        ended = end_sessions(user, request.session.session_key or "", request.POST.get("session", ""))
        messages.success(request, f"Ended {ended} {'session' if ended == 1 else 'sessions'}.")
        return redirect("usersessions_list")
    page = page_of(live_sessions(user).order_by("-created_at", "-pk"), request, SESSIONS)
    context = {"tab": TAB, "page": page, "current": request.session.session_key}
    return render(request, "usersessions/usersession_list.html", context)


def live_sessions(user: User) -> QuerySet[UserSession]:
    """The sessions of a user that have not ended."""
    live = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    found: QuerySet[UserSession] = UserSession.objects.filter(user=user, session_key__in=live)
    return found


def end_sessions(user: User, current: str, which: str) -> int:
    """End one session of a user by its number, or all but the current one; how many there were."""
    ending = UserSession.objects.filter(user=user).exclude(session_key=current)
    if which:
        ending = ending.filter(pk=int(which)) if re.fullmatch(r"[0-9]{1,18}", which) else ending.none()
    Session.objects.filter(session_key__in=list(ending.values_list("session_key", flat=True))).delete()
    return int(ending.delete()[0])


def _second_factors(user: User) -> dict[str, Any]:
    found = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    kinds = Authenticator.Type
    codes = next((one for one in found if one.type == kinds.RECOVERY_CODES), None)
    return {
        "app": next((one for one in found if one.type == kinds.TOTP), None),
        "passkeys": [one for one in found if one.type == kinds.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
    }
