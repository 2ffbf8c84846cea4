"""People who sign in as people do: by forms."""

import re
import time
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.core.cache import cache
from django.test import Client
from post_office.models import Email

from registry.models import Event, User
from tests.factories import make_user

PASSWORD = "open-sesame-1"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_person(username: str = "alice", **columns: Any) -> User:
    """With a password and a verified address."""
    user = make_user(username, PASSWORD, **columns)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(client: Client, login: str = "alice", password: str = PASSWORD, **more: str) -> Any:
    """Send the form of the sign-in page."""
    return client.post("/account/login/", {"login": login, "password": password, **more})


def give_app(user: User) -> None:
    """An authenticator app, with SECRET."""
    TOTP.activate(user, SECRET)


def code(secret: str = SECRET) -> str:
    """What the app shows now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30)))


def sign_in_with_app(client: Client, login: str = "alice") -> Any:
    """Password, then the app's code, as if no code had been used before."""
    sign_in(client, login)
    cache.clear()
    return client.post("/account/2fa/authenticate/", {"code": code()})


def let_time_pass(client: Client, seconds: int = 31 * 60) -> None:
    """As if all that the person proved in this session had been so long ago."""
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= seconds
    session.save()


def is_signed_in(client: Client) -> bool:
    """Whether the account page opens."""
    return bool(client.get("/account/").status_code == 200)


def tags(user: User) -> list[str]:
    """The user's history, the oldest first."""
    return list(Event.objects.filter(user=user).order_by("pk").values_list("tag", flat=True))


def mails_to(address: str) -> list[Email]:
    """What the outbox holds for an address, the oldest first."""
    return [mail for mail in Email.objects.order_by("pk") if mail.to == [address]]


def link_in(mail: Email) -> str:
    """The path of the one link that a mail asks to open."""
    found = re.search(r"^https://localhost:8443(/account/\S+/)$", mail.message, re.MULTILINE)
    assert found, mail.message
    return found[1]


def has_second_factor(user: User) -> bool:
    """Whether there is any."""
    return bool(Authenticator.objects.filter(user=user).exists())
