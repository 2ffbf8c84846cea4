"""People who are signed in use the API from its own documentation (``/api/v1/docs/``)."""

from django.conf import settings
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from registry.accounts import stepup
from registry.api.credentials import SignedIn
from registry.models import User

NO_SECOND_FACTOR = "Set up a second factor first, or use an API token."
NOT_RECENT = "You signed in more than 30 minutes ago: sign in again, or use an API token."


class InSession(SessionAuthentication):
    """A session. What changes something needs a CSRF token, a second factor and a recent sign-in."""

    def authenticate(self, request: Request) -> tuple[User, SignedIn] | None:
        """None without a session. Raises PermissionDenied with what is missing."""
        found = super().authenticate(request)
        if found is None:
            return None
        if request.method not in SAFE_METHODS and settings.REQUIRE_2FA:
            _check_stepped_up(request)
        return found[0], SignedIn(found[0])


def _check_stepped_up(request: Request) -> None:
    if not stepup.has_second_factor(request._request):
        raise PermissionDenied(NO_SECOND_FACTOR)
    if not stepup.is_recent(request._request):
        raise PermissionDenied(NOT_RECENT)
