"""Whether a confirmation over the single sign-on is worth something."""

import time
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from registry.accounts.signon import sessions

# Between the sign-in over there and the answer that says so; clocks differ, and people read.
FRESH = 5 * 60  # seconds

SOMEBODY_ELSE = "You signed in over there as somebody else. Use the account that is connected with this one."
DID_NOT_SAY = "The single sign-on did not say when you signed in there. Confirm in another way."
TOO_OLD = "You signed in over there too long ago. Sign in there anew."


def what_is_wrong(user: AbstractBaseUser | AnonymousUser, sociallogin: Any) -> str:
    """A sentence, or nothing. Who was asked for ``max_age`` must state ``auth_time`` (OpenID Connect Core, 2)."""
    if not user.is_authenticated or sociallogin.user is None or sociallogin.user.pk != user.pk:
        return SOMEBODY_ELSE
    signed_in_at = sessions.auth_time(sociallogin)
    if signed_in_at is None:
        return DID_NOT_SAY
    return TOO_OLD if time.time() - signed_in_at > FRESH else ""
