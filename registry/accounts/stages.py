"""Two steps of a sign-in that differ from django-allauth's."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.mfa.stages import AuthenticateStage
from django.conf import settings
from django.http import HttpRequest


class VerifyAddress(EmailVerificationStage):  # type: ignore[misc]
    """A stranger who signed up proves the mail address before the first sign-in.

    Whoever an administrator made has no unverified address then, and later nobody is kept out by one.
    """

    def handle(self) -> tuple[Any, bool]:
        """Ask for the proof, or go on."""
        user = self.login.user
        if user is not None and (user.last_login or not EmailAddress.objects.filter(user=user).exists()):
            return None, True
        step: tuple[Any, bool] = super().handle()
        return step


class SecondFactor(AuthenticateStage):  # type: ignore[misc]
    """Asks for the second factor, unless the single sign-on counts as one (SSO_SECOND_FACTOR)."""

    def _should_handle(self, request: HttpRequest) -> bool:
        came_over_it = "sociallogin" in (self.login.signal_kwargs or {})
        if settings.SSO_SECOND_FACTOR and came_over_it:
            return False
        return bool(super()._should_handle(request))
