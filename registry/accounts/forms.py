"""django-allauth's forms in this registry's words: labels above, no placeholders."""

import re
from typing import Any

from allauth.account import forms as account
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp
from allauth.mfa.webauthn import forms as webauthn
from django.core.cache import cache
from django.core.validators import MaxLengthValidator
from django.forms import EmailField, Form

from registry.accounts.adapter import USERNAME_RULE

LONGEST_ADDRESS = 254  # of the column; Django's form takes 320


class Plain(Form):
    """Fields with a label of ours, and an example as hint instead of a placeholder."""

    labels: dict[str, str] = {}
    hints: dict[str, str] = {}
    attributes: dict[str, dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, field.help_text)
            field.widget.attrs.update(self.attributes.get(name, {}))
            if isinstance(field, EmailField):
                field.validators.append(MaxLengthValidator(LONGEST_ADDRESS))


CODE = {"inputmode": "numeric", "autocapitalize": "off", "spellcheck": "false", "autofocus": "true"}
NEW_PASSWORD = {"password1": "New password", "password2": "New password again"}


class SignInForm(Plain, account.LoginForm):  # type: ignore[misc]
    """Username or mail address, and password."""

    labels = {"login": "Username or mail address"}
    attributes = {"login": {"autocomplete": "username webauthn", "autocapitalize": "off", "spellcheck": "false"}}


class SignUpForm(Plain, account.SignupForm):  # type: ignore[misc]
    """A stranger's account."""

    labels = {"email": "Mail address", "password2": "Password again"}
    hints = {"username": USERNAME_RULE, "email": "You get a link there, which you follow before you sign in."}
    attributes = {"username": {"autocapitalize": "off", "spellcheck": "false"}}


class AddEmailForm(Plain, account.AddEmailForm):  # type: ignore[misc]
    """A further mail address."""

    labels = {"email": "Mail address"}
    hints = {"email": "You get a link there. The address counts once you followed it."}


class ChangePasswordForm(Plain, account.ChangePasswordForm):  # type: ignore[misc]
    """The password of before, and the new one."""

    labels = {"oldpassword": "Current password", **NEW_PASSWORD}


class SetPasswordForm(Plain, account.SetPasswordForm):  # type: ignore[misc]
    """The first password of who had none."""

    labels = {"password1": "Password", "password2": "Password again"}


class ResetPasswordForm(Plain, account.ResetPasswordForm):  # type: ignore[misc]
    """Where the link goes."""

    labels = {"email": "Mail address"}


class ResetPasswordKeyForm(Plain, account.ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password."""

    labels = NEW_PASSWORD


class PasswordForm(Plain, account.ReauthenticateForm):  # type: ignore[misc]
    """The password once more."""


class OnlyOnce(Form):
    """A code of an app works once while it is valid: django-allauth remembers a used one for one step, not for all."""

    user: Any
    authenticator: Authenticator

    def clean_code(self) -> str:
        """Refuse a code that was used."""
        code: str = super().clean_code()  # type: ignore[misc]
        steps = 1 + 2 * app_settings.TOTP_TOLERANCE
        used = f"account:code:{self.user.pk}:{re.sub('[^0-9]', '', code)}"
        if self.authenticator.type == Authenticator.Type.TOTP and not cache.add(
            used, "yes", steps * app_settings.TOTP_PERIOD
        ):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(Plain, OnlyOnce, mfa.AuthenticateForm):  # type: ignore[misc]
    """The second factor of a sign-in."""

    hints = {"code": "Six digits of your authenticator app, or a recovery code."}
    attributes = {"code": CODE}


class CodeAgainForm(Plain, OnlyOnce, mfa.ReauthenticateForm):  # type: ignore[misc]
    """A code as confirmation."""

    hints = CodeForm.hints
    attributes = {"code": CODE}


class ActivateAppForm(Plain, totp.ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator app."""

    labels = {"code": "Code from the app"}
    hints = {"code": "Six digits; the app shows new ones every 30 seconds."}
    attributes = {"code": {**CODE, "autocomplete": "one-time-code"}}


class AddPasskeyForm(Plain, webauthn.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey or security key, by a name."""

    labels = {"name": "Name", "passwordless": "Sign in with it alone, without a password"}
    hints = {
        "name": "So that you can tell your keys apart: the device, or where it is kept.",
        "passwordless": "It then asks for your finger, face or PIN. Clear the box for a key that cannot.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("passwordless", True)
        self.fields["name"].widget.attrs["maxlength"] = "100"
        self.fields["name"].max_length = 100  # type: ignore[attr-defined]


class RenamePasskeyForm(Plain, webauthn.EditWebAuthnForm):  # type: ignore[misc]
    """Another name."""

    attributes = {"name": {"maxlength": "100"}}
