"""Authenticator app and recovery codes."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from registry.models import User
from tests.registry.accounts.people import (
    code,
    give_app,
    has_second_factor,
    is_signed_in,
    let_time_pass,
    mails_to,
    sign_in,
    sign_in_with_app,
    tags,
)

pytestmark = pytest.mark.django_db


def set_up(client: Client) -> None:
    """Set up an app with the secret that the page shows."""
    page = client.get("/account/2fa/totp/activate/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    assert client.post("/account/2fa/totp/activate/", {"code": "000000"}).status_code == 200
    answer = client.post("/account/2fa/totp/activate/", {"code": code(secret)})
    assert answer["Location"] == "/account/2fa/recovery-codes/"


@pytest.fixture
def with_app(client: Client, alice: User) -> User:
    give_app(alice)
    sign_in_with_app(client)
    return alice


@pytest.mark.django_db(transaction=True)
def test_an_app_is_set_up_with_recovery_codes(client: Client, alice: User):
    sign_in(client)
    set_up(client)
    page = client.get("/account/2fa/recovery-codes/").content.decode()
    codes = re.findall(r"\d{8}", page)
    assert len(codes) == 10
    assert "\n".join(codes) in page
    text = client.get("/account/2fa/recovery-codes/download/")
    assert codes[0] in text.content.decode()
    assert sorted(tags(alice)[1:]) == ["account:recovery_codes:generated", "account:two_factor:method_added"]
    assert mails_to("alice@example.com")[-1].subject == "An authenticator app was set up"


def test_the_code_is_asked_for_after_the_password(client: Client, alice: User):
    give_app(alice)
    assert sign_in(client, next="/account/email/")["Location"] == "/account/2fa/authenticate/"
    assert not is_signed_in(client)
    assert "The code is wrong" in client.post("/account/2fa/authenticate/", {"code": "123456"}).content.decode()
    assert tags(alice) == ["account:login:failure"]
    assert client.post("/account/2fa/authenticate/", {"code": code()})["Location"] == "/account/email/"
    assert is_signed_in(client)


def test_a_code_works_once(client: Client, alice: User):
    give_app(alice)
    sign_in(client)
    used = code()
    assert client.post("/account/2fa/authenticate/", {"code": used}).status_code == 302
    for written in (used, f"{used[:3]} - {used[3:]}"):
        # As if django-allauth had forgotten it, while a tolerant clock still takes it.
        cache.delete(f"allauth.mfa.totp.used?user={alice.pk}&code={used}")
        other = Client()
        sign_in(other)
        assert other.post("/account/2fa/authenticate/", {"code": written}).status_code == 200
        assert not is_signed_in(other)


def test_codes_cannot_be_tried_for_long(client: Client, alice: User):
    give_app(alice)
    sign_in(client)
    for _ in range(6):
        page = client.post("/account/2fa/authenticate/", {"code": "123456"})
    assert "too many failed attempts" in page.content.decode()
    assert client.post("/account/2fa/authenticate/", {"code": code()}).status_code == 200


def test_a_recovery_code_works_once_instead(client: Client, with_app: User):
    client.post("/account/2fa/recovery-codes/generate/")
    first = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    for works in (True, False):
        other = Client()
        cache.clear()
        sign_in(other)
        other.post("/account/2fa/authenticate/", {"code": first})
        assert is_signed_in(other) is works
    assert "account:recovery_codes:used" in tags(with_app)
    assert "9 recovery codes left" in client.get("/account/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_replace_the_old_ones(client: Client, with_app: User):
    client.post("/account/2fa/recovery-codes/generate/")
    old = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()
    client.post("/account/2fa/recovery-codes/generate/")
    assert set(old).isdisjoint(Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes())
    assert tags(with_app)[-1] == "account:recovery_codes:regenerated"
    assert mails_to("alice@example.com")[-1].subject == "New recovery codes"


def test_removing_the_last_one_takes_the_codes_too(client: Client, with_app: User):
    client.post("/account/2fa/recovery-codes/generate/")
    assert client.post("/account/2fa/totp/deactivate/").status_code == 302
    assert not has_second_factor(with_app)
    assert tags(with_app)[-1] == "account:two_factor:method_removed"
    assert mails_to("alice@example.com")[-1].subject == "The authenticator app was removed"


@pytest.mark.parametrize(
    "path",
    [
        "/account/2fa/totp/activate/",
        "/account/2fa/webauthn/add/",
        "/account/2fa/totp/deactivate/",
        "/account/2fa/recovery-codes/generate/",
        "/account/2fa/recovery-codes/",
        "/account/2fa/recovery-codes/download/",
    ],
)
def test_setting_up_seeing_and_removing_wants_a_recent_sign_in(client: Client, alice: User, path: str):
    if "activate" not in path.replace("deactivate", "") and "add" not in path:
        give_app(alice)
        sign_in_with_app(client)
        client.post("/account/2fa/recovery-codes/generate/")
    else:
        sign_in(client)
    assert client.get(path).status_code == 200
    let_time_pass(client)
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/reauthenticate/?next=")


def test_a_reset_by_an_administrator_lets_the_person_in(client: Client, alice: User):
    give_app(alice)
    boss = User.objects.create_superuser("boss")
    helper = User.objects.create_user("helper", is_staff=True)
    address = f"/admin/registry/user/{alice.pk}/second-factor/"
    client.force_login(helper)
    assert client.get(address).status_code == client.post(address).status_code == 403
    client.force_login(boss)
    assert "TOTP" in client.get(address).content.decode()
    assert has_second_factor(alice)
    assert client.post(address).status_code == 302
    assert not has_second_factor(alice)
    assert tags(alice) == ["account:two_factor:method_removed"]
    mail = mails_to("alice@example.com")[-1]
    assert "the authenticator app" in mail.message
    assert "boss" in mail.message
