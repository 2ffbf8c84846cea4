"""Which identity at the single sign-on is which user."""

import hashlib
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings

from registry.models import User

PROVIDER = "sso"


def is_configured() -> bool:
    """Whether people can sign in over a single sign-on."""
    return bool(settings.SSO_ISSUER)


def uid(issuer: str, subject: str) -> str:
    """What an identity is known by: issuer and ``sub`` together, since a ``sub`` says nothing at another issuer.

    A digest, because a ``sub`` may be longer than the column.
    """
    return hashlib.sha256(f"{issuer} {subject}".encode()).hexdigest()


def of(user: User) -> SocialAccount | None:
    """The identity at the issuer of today that a user connected."""
    if not is_configured():
        return None
    found = SocialAccount.objects.filter(user=user, provider=PROVIDER)
    return next((account for account in found if stated(account).get("iss") == settings.SSO_ISSUER), None)


def stated(account: SocialAccount) -> dict[str, Any]:
    """What the issuer said the last time (``provider.KEPT``)."""
    claims: dict[str, Any] = account.extra_data
    return claims
