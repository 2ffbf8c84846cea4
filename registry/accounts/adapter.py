"""Where this registry decides what django-allauth leaves open."""

import re
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template import engines
from django.urls import reverse

from registry import mails, outbox
from registry.accounts import history, stepup
from registry.accounts.signon import accounts
from registry.models import User

# As PyPI's: nothing that could be taken for a mail address, nor for `__token__`.
USERNAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,48}[A-Za-z0-9])?", re.ASCII)
USERNAME_RULE = (
    "A username has 1 to 50 letters, digits, dots, hyphens and underscores, and begins and ends with a letter or digit."
)
UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  of a peer without one, such as a Unix socket


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Who may sign up, by which name, which steps a sign-in has, and how mails are written."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "The username or the password is wrong.",
        "email_password_mismatch": "The mail address or the password is wrong.",
        "incorrect_code": "The code is wrong, or was used already. Wait for the next one.",
        "incorrect_password": "The password is wrong.",
        "enter_current_password": "This is not your password.",
        "too_many_login_attempts": "There were too many failed attempts. Try again in a few minutes.",
        "username_taken": "There is a user of this name already.",
        "duplicate_email": "You have this address already.",
        "username_rule": USERNAME_RULE,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """SIGNUP_OPEN."""
        return bool(settings.SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:  # noqa: FBT001
        """Names of people who sign up themselves; administrators may give others."""
        if not USERNAME.fullmatch(username):
            raise self.validation_error("username_rule")
        return str(super().clean_username(username, shallow))

    def get_login_stages(self) -> list[str]:
        """The steps between the password and being signed in: ours in two places."""
        ours = {
            "allauth.account.stages.EmailVerificationStage": "registry.accounts.stages.VerifyAddress",
            "allauth.mfa.stages.AuthenticateStage": "registry.accounts.stages.SecondFactor",
        }
        return [ours.get(stage, stage) for stage in super().get_login_stages()]

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Leave an event, if there is such a user. django-allauth's limits bound how many."""
        history.sign_in_failed(request, credentials.get("username"), credentials.get("email"))

    def is_reauthentication_required(self, *, app: str, **_kwargs: Any) -> bool:
        """A sign-in counts as well as its confirmation, and one over the single sign-on is confirmed there."""
        if stepup.is_recent(self.request):
            return False
        raise ReauthenticationRequired

    def get_reauthentication_methods(self, user: User | AnonymousUser) -> list[dict[str, Any]]:
        """Passkey, app or code, password, single sign-on: what the person has, in this registry's words."""
        if not isinstance(user, User):
            return []
        if self.request is None or self.request.method != "GET":
            return self._ways(user)
        # A page asks twice, and nothing changes meanwhile.
        kept = self.request.__dict__.setdefault("ways_to_confirm", {})
        if user.pk not in kept:
            kept[user.pk] = self._ways(user)
        return list(kept[user.pk])

    def _ways(self, user: User) -> list[dict[str, Any]]:
        # Of all kinds at once: django-allauth asks for each by itself.
        kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
        has_code = Authenticator.Type.TOTP in kinds or Authenticator.Type.RECOVERY_CODES in kinds
        ways = [
            (user.has_usable_password(), "Use your password", "account_reauthenticate"),
            (has_code, "Use a code", "mfa_reauthenticate"),
            (Authenticator.Type.WEBAUTHN in kinds, "Use a passkey", "mfa_reauthenticate_webauthn"),
            (accounts.of(user) is not None, "Use single sign-on", "sso_confirm"),
        ]
        return [{"id": name, "description": words, "url": reverse(name)} for there, words, name in ways if there]

    def get_client_ip(self, request: HttpRequest) -> str:
        """As ``registry.proxies`` found it."""
        return request.META.get("REMOTE_ADDR") or UNKNOWN_ADDRESS

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Back to the overview."""
        return reverse("account_overview")

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        """To the addresses, or to sign in."""
        return reverse("account_email" if self.request.user.is_authenticated else "account_login")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """A link to SITE_URL, by whatever name the registry was asked."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The same for the link of a verification."""
        return settings.SITE_URL + reverse("account_confirm_email", args=[emailconfirmation.key])

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write ``PREFIX.txt``: as in ``registry.mails``, its first line is the subject."""
        template = engines["text"].get_template(f"{template_prefix}.txt")
        site = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "email": email}
        text = template.render({**site, **context})
        outbox.put([mails.written(text, email)])


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """How authenticator apps and passkeys call this registry and its people."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": AccountAdapter.error_messages["incorrect_code"],
    }

    def get_totp_label(self, user: User) -> str:
        """The username: mail addresses change."""
        return user.username

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """SITE_URL's host, for which browsers keep the passkeys."""
        return {"id": settings.SITE_HOST, "name": settings.SITE_NAME}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        """The username is what the browser shows."""
        entity: dict[str, Any] = super().get_public_key_credential_user_entity(user)
        return {**entity, "name": user.username, "display_name": user.username}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002
        """A name to begin with."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"
