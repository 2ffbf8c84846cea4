"""Who opens which page of accounts: all routes, a stranger, somebody with a password, somebody with second factors."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.test import Client

from tests.registry.accounts.passkeys import give_passkey
from tests.registry.accounts.people import sign_in, sign_in_with_app
from tests.routes import every, path_of
from tests.test_who_may_open import everything
from tests.town import Town

pytestmark = pytest.mark.django_db(transaction=True)

SIGN_IN = "/account/login/"
ROLES = ("a stranger", "dave", "alice")  # dave has a password, alice an app and a passkey too
EVERYBODY = ("opens", "opens", "opens")
STRANGERS = ("opens", "elsewhere", "elsewhere")
PEOPLE = ("sign in", "opens", "opens")
WITH_SECOND_FACTOR = ("sign in", "elsewhere", "opens")
# Steps of a sign-in that is under way; nobody is in the middle of one.
STEP = ("sign in", "elsewhere", "elsewhere")
MOVED = ("elsewhere", "elsewhere", "elsewhere")
TABLE = {
    "": PEOPLE,
    "sessions/": PEOPLE,
    "sso/login/": ("posted only", "posted only", "posted only"),
    "sso/login/callback/": ("not there", "not there", "not there"),
    "sso/confirm/": ("sign in", "not there", "not there"),
    "login/": STRANGERS,
    "logout/": ("elsewhere", "opens", "opens"),
    "inactive/": EVERYBODY,
    "signup/": STRANGERS,
    "reauthenticate/": PEOPLE,
    "email/": PEOPLE,
    "confirm-email/": EVERYBODY,
    "password/change/": PEOPLE,
    "password/set/": ("sign in", "elsewhere", "elsewhere"),
    "password/reset/": EVERYBODY,
    "login/code/confirm/": STEP,
    "^confirm-email/(?P<key>[-:\\w]+)/$": EVERYBODY,
    "password/reset/key/done/": EVERYBODY,
    "^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": EVERYBODY,
    "password/reset/done/": EVERYBODY,
    "2fa/": PEOPLE,
    "2fa/authenticate/": STEP,
    "2fa/reauthenticate/": WITH_SECOND_FACTOR,
    "2fa/totp/activate/": ("sign in", "opens", "elsewhere"),
    "2fa/totp/deactivate/": ("sign in", "not there", "opens"),
    "2fa/recovery-codes/": ("sign in", "not there", "not there"),
    "2fa/recovery-codes/generate/": PEOPLE,
    "2fa/recovery-codes/download/": ("sign in", "not there", "not there"),
    "2fa/webauthn/": PEOPLE,
    "2fa/webauthn/add/": PEOPLE,
    "2fa/webauthn/reauthenticate/": WITH_SECOND_FACTOR,
    # Alice's passkey: to others it is not there.
    "2fa/webauthn/keys/<int:pk>/remove/": ("sign in", "not there", "opens"),
    "2fa/webauthn/keys/<int:pk>/edit/": ("sign in", "not there", "opens"),
    "2fa/webauthn/login/": STEP,
    "3rdparty/login/cancelled/": EVERYBODY,
    "3rdparty/login/error/": EVERYBODY,
    "3rdparty/signup/": ("sign in", "sign in", "sign in"),
    "3rdparty/": PEOPLE,
    "social/login/cancelled/": MOVED,
    "social/login/error/": MOVED,
    "social/signup/": MOVED,
    "social/connections/": MOVED,
}


@pytest.fixture
def paths(town: Town) -> dict[str, str]:
    """The routes of accounts, without what all begin with, and their paths."""
    alice = town.people["alice"]
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    passkey = give_passkey(alice)
    arguments = {**town.arguments, "account/2fa/webauthn/keys/": {"pk": passkey.pk}}
    own = [route for route in every() if route.startswith("account/")]
    return {route.removeprefix("account/"): path_of(route, arguments) for route in own}


def clients() -> dict[str, Client]:
    """Signed in a moment ago, as people do it: nothing asks them to confirm."""
    found = {role: Client() for role in ROLES}
    sign_in(found["dave"], "dave")
    sign_in_with_app(found["alice"])
    return found


def outcome(answer: Any) -> str:
    if answer.status_code in {301, 302}:
        return "sign in" if answer["Location"].startswith(SIGN_IN) else "elsewhere"
    return {403: "forbidden", 404: "not there", 405: "posted only"}.get(answer.status_code, "opens")


def test_each_route_is_decided_and_opens_for_whom_it_should(paths: dict[str, str]):
    assert set(paths) == set(TABLE)
    asking = clients()
    found = {route: tuple(outcome(asking[role].get(path)) for role in ROLES) for route, path in paths.items()}
    assert {route: said for route, said in found.items() if said != TABLE[route]} == {}


def test_what_does_not_open_changes_nothing(paths: dict[str, str], town: Town):
    """Sent with what the pages of others have in their forms."""
    asking, alice = clients(), town.people["alice"]
    session = UserSession.objects.get(user=alice)
    sent = {"name": "x", "session": session.pk, "email": alice.email, "action_remove": "", "password1": "x"}
    before = everything()
    for column, role in enumerate(ROLES[:2]):
        for route, path in paths.items():
            if route == "logout/":
                continue
            answer = asking[role].post(path, sent)
            # A form of one's own that is wrong is shown again, or leads back.
            refused = TABLE[route][column] in {"sign in", "not there", "forbidden"}
            assert not refused or outcome(answer) != "opens", (role, path, answer.status_code)
    assert {name: rows for name, rows in everything().items() if rows != before[name]} == {}
