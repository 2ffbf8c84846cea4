"""What a session remembers of the single sign-on that it came over."""

import time
from typing import Any

from django.http import HttpRequest

METHOD = "socialaccount"  # as django-allauth's records of a session name it
_KEY = "single_sign_on"


def remember(request: HttpRequest, signed_in_at: float | None) -> None:
    """The person came over the single sign-on, and signed in there at this time; None: it did not say when."""
    request.session[_KEY] = {"at": min(signed_in_at or 0.0, time.time())}


def came_over_it(request: HttpRequest) -> bool:
    """Whether this session began with the single sign-on."""
    return _KEY in request.session


def signed_in_at(request: HttpRequest) -> float:
    """When the person signed in there; long ago if it did not say."""
    return float(request.session.get(_KEY, {}).get("at", 0.0))


def auth_time(sociallogin: Any) -> float | None:
    """When the person signed in at the issuer, as its identity token says; None if it does not."""
    stated = sociallogin.account.extra_data.get("auth_time")
    return float(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else None
