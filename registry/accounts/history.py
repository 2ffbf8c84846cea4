"""What the history of a user says of signing in and of what makes it safe. Tags are Warehouse's.

django-allauth tells of it by signals; importing this module listens to them.
"""

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from allauth.socialaccount import signals as social
from django.db.models import Q
from django.dispatch import receiver
from django.http import HttpRequest

from registry.accounts.signon import sessions
from registry.actors import Actor
from registry.models import Event, User

METHODS = {Authenticator.Type.TOTP: "totp", Authenticator.Type.WEBAUTHN: "webauthn"}


def sign_in_failed(request: HttpRequest, username: str | None, email: str | None) -> None:
    """Of an existing user only, and without a word of what was typed."""
    named = Q(username__iexact=username or "") | Q(emailaddress__email__iexact=email or "", emailaddress__verified=True)
    user = User.objects.filter(named, is_active=True).order_by("pk").first()
    if user is not None:
        Event.objects.record("account:login:failure", _stranger(request), user=user, reason="invalid_password")


@receiver(account.user_signed_up)
def _signed_up(request: HttpRequest, user: User, **more: Any) -> None:
    over = {"over": "single sign-on"} if "sociallogin" in more else {}
    _record("account:create", request, user, email=user.email, **over)


@receiver(account.user_logged_in)
def _signed_in(request: HttpRequest, user: User, **more: Any) -> None:
    sociallogin = more.get("sociallogin")
    if sociallogin is not None:
        sessions.remember(request, sessions.auth_time(sociallogin))
    methods = [record["method"] for record in account_records(request, user)]
    _record("account:login:success", request, user, methods=["sso" if m == sessions.METHOD else m for m in methods])


@receiver(account.authentication_step_completed)
def _confirmed(request: HttpRequest, user: User, method: str, **more: Any) -> None:
    if more.get("reauthenticated"):
        _record("account:reauthenticate:success", request, user, method=str(more.get("type") or method))


@receiver(account.password_changed)
@receiver(account.password_set)
def _password_changed(request: HttpRequest, user: User, **_more: Any) -> None:
    _record("account:password:change", request, user)


@receiver(account.password_reset)
def _password_reset(request: HttpRequest, user: User, **_more: Any) -> None:
    _record("account:password:reset", request, user)


@receiver(account.email_added)
def _address_added(request: HttpRequest, user: User, email_address: Any, **_more: Any) -> None:
    _record("account:email:add", request, user, email=email_address.email)


@receiver(account.email_confirmed)
def _address_verified(request: HttpRequest, email_address: Any, **_more: Any) -> None:
    _record("account:email:verified", request, email_address.user, email=email_address.email)


@receiver(account.email_removed)
def _address_removed(request: HttpRequest, user: User, email_address: Any, **_more: Any) -> None:
    _record("account:email:remove", request, user, email=email_address.email)


@receiver(account.email_changed)
def _primary_changed(request: HttpRequest, user: User, **addresses: Any) -> None:
    before, after = addresses.get("from_email_address"), addresses["to_email_address"]
    old = before.email if before else None
    _record("account:email:primary:change", request, user, old_primary=old, new_primary=after.email)


@receiver(mfa.authenticator_added)
def _method_added(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _record("account:recovery_codes:generated", request, user)
    else:
        _record("account:two_factor:method_added", request, user, **_described(authenticator))


@receiver(mfa.authenticator_reset)
def _codes_renewed(request: HttpRequest, user: User, **_more: Any) -> None:
    _record("account:recovery_codes:regenerated", request, user)


@receiver(mfa.authenticator_removed)
def _method_removed(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        _record("account:two_factor:method_removed", request, user, **_described(authenticator))


@receiver(mfa.authenticator_used)
def _code_used(request: HttpRequest, user: User, authenticator: Authenticator, **_more: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _record("account:recovery_codes:used", request, user)


@receiver(mfa.authentication_failed)
def _second_factor_failed(request: HttpRequest, user: User, authenticator: Authenticator, **more: Any) -> None:
    tag = "account:reauthenticate:failure" if more.get("reauthentication") else "account:login:failure"
    Event.objects.record(
        tag, _stranger(request), user=user, reason=f"invalid_{METHODS.get(authenticator.type, 'code')}"
    )


@receiver(social.social_account_added)
def _connected(request: HttpRequest, sociallogin: Any, **_more: Any) -> None:
    if request.user.is_authenticated:
        _record("account:sso:connected", request, sociallogin.user, **_identity(sociallogin.account))


@receiver(social.social_account_removed)
def _disconnected(request: HttpRequest, socialaccount: Any, **_more: Any) -> None:
    _record("account:sso:disconnected", request, socialaccount.user, **_identity(socialaccount))


def account_records(request: HttpRequest, user: User) -> list[dict[str, Any]]:
    """How the person proved who they are in this session, one step after another."""
    from allauth.account.authentication import get_authentication_records

    records: list[dict[str, Any]] = get_authentication_records(request, user)
    return records


def _record(tag: str, request: HttpRequest, user: User, **details: Any) -> None:
    Event.objects.record(tag, Actor(user.username, user, request.META.get("REMOTE_ADDR") or None), user=user, **details)


def _stranger(request: HttpRequest) -> Actor:
    return Actor("somebody", address=request.META.get("REMOTE_ADDR") or None)


def _described(authenticator: Authenticator) -> dict[str, str]:
    name = {"label": authenticator.data.get("name", "")} if authenticator.type == Authenticator.Type.WEBAUTHN else {}
    return {"method": METHODS.get(authenticator.type, str(authenticator.type)), **name}


def _identity(account_: Any) -> dict[str, str]:
    stated = account_.extra_data
    return {"issuer": str(stated.get("iss", "")), "subject": str(stated.get("sub", ""))}
