"""People who come over the company's OpenID provider."""

import dataclasses
import html
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.test import Client

from demo.signing import SigningKey
from registry.checks import wrong_settings
from registry.models import Event, ProhibitedName, User
from tests.issuers import answering
from tests.openid import CLIENT, DISCOVERY, EXCHANGE, SECRET, USERINFO, OpenIDProvider
from tests.registry.accounts.people import (
    PASSWORD,
    give_app,
    is_signed_in,
    let_time_pass,
    mails_to,
    sign_in,
    sign_in_with_app,
    tags,
)

pytestmark = pytest.mark.django_db

DID_NOT_WORK = "Single sign-on did not work"
UNKNOWN = "No account is connected"


@pytest.fixture
def provider(signing_key: SigningKey, settings: Any) -> Iterator[OpenIDProvider]:
    with OpenIDProvider(key=signing_key) as running:
        settings.SSO_ISSUER = running.url
        settings.SSO_CLIENT_ID, settings.SSO_CLIENT_SECRET = CLIENT, SECRET
        yield running


@pytest.fixture
def makes_users(settings: Any) -> None:
    settings.SSO_CREATES_USERS = True


def go(client: Client, provider: OpenIDProvider, path: str = "/account/sso/login/", **form: str) -> Any:
    """Press the button, follow to the issuer, and come back."""
    page = client.post(path, form)
    if page.status_code != 200:
        return page
    address = re.findall(r'http-equiv="refresh"\s+content="0; url=([^"]+)"', page.content.decode())[0]
    return client.get(provider.come_back(html.unescape(address)))


def connect(client: Client, provider: OpenIDProvider) -> Any:
    return go(client, provider, process="connect", next="/account/")


def test_without_an_issuer_there_is_none(client: Client, alice: User):
    assert "single sign-on" not in client.get("/account/login/").content.decode()
    assert client.post("/account/sso/login/").status_code == 404
    assert client.get("/account/sso/login/callback/").status_code == 404
    sign_in(client)
    assert client.get("/account/sso/confirm/").status_code == 404
    assert "has no single sign-on" in client.get("/account/3rdparty/").content.decode()


def test_an_unknown_person_is_told_whom_to_ask(client: Client, provider: OpenIDProvider):
    answer = go(client, provider)
    assert (answer.status_code, UNKNOWN in answer.content.decode()) == (403, True)
    assert not User.objects.exists()


def test_nobody_is_joined_to_an_account_by_a_mail_address(
    client: Client, provider: OpenIDProvider, alice: User, settings
):
    provider.person |= {"email": "alice@example.com", "email_verified": True}
    for settings.SSO_CREATES_USERS in (False, True):
        answer = go(client, provider)
        assert answer.status_code == 403
        assert "there is an account with your mail address already" in answer.content.decode()
        assert not is_signed_in(client)
    assert User.objects.count() == 1


@pytest.mark.usefixtures("makes_users")
def test_an_unverified_mail_address_tells_nothing_of_others(client: Client, provider: OpenIDProvider, alice: User):
    provider.person |= {"email": "alice@example.com"}
    assert go(client, provider).status_code == 302
    carol = User.objects.get(username="carol")
    assert (carol.email, EmailAddress.objects.filter(user=carol).count()) == ("", 0)


@pytest.mark.usefixtures("makes_users")
def test_an_address_that_somebody_only_claims_keeps_nobody_out(client: Client, provider: OpenIDProvider, alice: User):
    EmailAddress.objects.create(user=alice, email="carol@acme.example", verified=False)
    provider.person |= {"email_verified": True}
    assert go(client, provider).status_code == 302
    assert User.objects.get(username="carol").email == ""


@pytest.mark.usefixtures("makes_users")
def test_an_unknown_person_becomes_a_user_and_is_known_from_then_on(client: Client, provider: OpenIDProvider):
    assert go(client, provider, next="/account/email/")["Location"] == "/account/email/"
    carol = User.objects.get()
    assert (carol.username, carol.email, carol.has_usable_password()) == ("carol", "carol@acme.example", False)
    assert tags(carol) == ["account:create", "account:login:success"]
    provider.person |= {"preferred_username": "renamed", "email": "other@acme.example"}
    assert go(Client(), provider)["Location"] == "/"
    assert User.objects.get() == carol
    assert Event.objects.filter(user=carol).latest("pk").details == {"methods": ["sso"]}
    assert set(provider.asked[0]["scope"].split()) == {"openid", "profile", "email"}


@pytest.mark.usefixtures("makes_users")
@pytest.mark.parametrize(
    ("stated", "username"),
    [
        ({"preferred_username": "ALICE"}, "ALICE-2"),
        ({"preferred_username": "dave@acme.example"}, "dave"),
        ({"preferred_username": None, "email": "erin.k@acme.example"}, "erin.k"),
        ({"preferred_username": "__token__"}, "token"),
        ({"preferred_username": "Zoë Q\x00"}, "Zo-Q"),
        ({"preferred_username": "", "email": ""}, "user"),
        ({"preferred_username": "n" * 300}, "n" * 40),
        ({"preferred_username": ["x"], "email": None}, "user"),
    ],
)
def test_usernames_are_plain_and_free(client: Client, provider: OpenIDProvider, alice: User, stated, username: str):
    provider.person |= stated
    assert go(client, provider).status_code == 302
    assert User.objects.exclude(pk=alice.pk).get().username == username


@pytest.mark.usefixtures("makes_users")
def test_the_same_sub_at_another_issuer_is_somebody_else(
    client: Client, provider: OpenIDProvider, signing_key: SigningKey, settings
):
    go(client, provider)
    with OpenIDProvider(key=signing_key) as other:
        other.person |= {"email": ""}
        settings.SSO_ISSUER = other.url
        assert go(Client(), other).status_code == 302
    assert User.objects.count() == SocialAccount.objects.count() == 2


class TestConnecting:
    """A user connects the account that they have."""

    def test_it_signs_in_from_then_on(self, client: Client, provider: OpenIDProvider, alice: User):
        sign_in(client)
        assert connect(client, provider)["Location"] == "/account/"
        assert "connected" in client.get("/account/").content.decode()
        assert tags(alice)[-1] == "account:sso:connected"
        assert Event.objects.filter(user=alice).latest("pk").details["subject"] == "carol-at-acme"
        assert mails_to("alice@example.com")[-1].subject == "Single sign-on was connected"
        other = Client()
        assert go(other, provider)["Location"] == "/"
        assert is_signed_in(other)

    def test_it_wants_a_recent_sign_in(self, client: Client, provider: OpenIDProvider, alice: User):
        sign_in(client)
        let_time_pass(client)
        answer = connect(client, provider)
        assert answer["Location"].startswith("/account/reauthenticate/")
        assert not SocialAccount.objects.exists()

    def test_an_identity_belongs_to_one_account(self, client: Client, provider: OpenIDProvider, alice: User):
        sign_in(client)
        connect(client, provider)
        bob = Client()
        bob.force_login(User.objects.create_user("bob", password=PASSWORD))
        bob.post("/account/logout/")
        sign_in(bob, "bob")
        assert connect(bob, provider).status_code == 302
        assert SocialAccount.objects.get().user == alice

    def test_it_is_disconnected_unless_nothing_else_is_left(
        self, client: Client, provider: OpenIDProvider, alice: User
    ):
        sign_in(client)
        connect(client, provider)
        account = SocialAccount.objects.get()
        User.objects.update(password="!")
        page = client.post("/account/3rdparty/", {"account": account.pk})
        alice.refresh_from_db()
        alice.set_password(PASSWORD)
        alice.save()
        assert SocialAccount.objects.exists(), page
        client = Client()
        sign_in(client)
        assert client.post("/account/3rdparty/", {"account": account.pk}).status_code == 302
        assert not SocialAccount.objects.exists()
        assert tags(alice)[-1] == "account:sso:disconnected"
        assert mails_to("alice@example.com")[-1].subject == "Single sign-on was disconnected"


class TestSecondFactor:
    """Whether a single sign-on counts as one, and how it is confirmed."""

    @pytest.fixture
    def connected(self, client: Client, provider: OpenIDProvider, alice: User) -> User:
        give_app(alice)
        sign_in_with_app(client)
        connect(client, provider)
        client.post("/account/logout/")
        return alice

    def test_by_default_the_code_is_asked_for(self, client: Client, provider: OpenIDProvider, connected: User):
        assert go(client, provider)["Location"] == "/account/2fa/authenticate/"
        assert not is_signed_in(client)

    def test_it_counts_as_one_if_the_settings_say_so(
        self, client: Client, provider: OpenIDProvider, connected: User, settings
    ):
        settings.SSO_SECOND_FACTOR = settings.REQUIRE_2FA = True
        assert go(client, provider)["Location"] == "/"
        connected.is_staff = connected.is_superuser = True
        connected.save()
        assert client.post("/admin/registry/prohibitedname/add/", {"name": "x", "comment": ""})["Location"] == (
            "/admin/registry/prohibitedname/"
        )

    def test_it_does_not_count_in_a_session_of_another_kind(self, client: Client, provider: OpenIDProvider, settings):
        settings.SSO_SECOND_FACTOR = settings.REQUIRE_2FA = True
        boss = User.objects.create_superuser("boss", password=PASSWORD)
        sign_in(client, "boss")
        connect(client, provider)
        answer = client.post("/admin/registry/prohibitedname/add/", {"name": "x", "comment": ""})
        assert answer["Location"] == "/account/2fa/"
        assert boss.pk

    @pytest.mark.parametrize(
        ("stated", "said"),
        [
            ({}, None),
            ({"auth_time": None}, "did not say when"),
            ({"auth_time": "yesterday"}, "did not say when"),
            ({"auth_time": 0}, "too long ago"),
        ],
    )
    def test_a_confirmation_must_be_fresh(self, client: Client, provider: OpenIDProvider, settings, stated, said):
        settings.SSO_SECOND_FACTOR = settings.REQUIRE_2FA = settings.SSO_CREATES_USERS = True
        go(client, provider)
        User.objects.update(is_staff=True, is_superuser=True)
        session = client.session
        session["single_sign_on"] = {"at": time.time() - 3600}
        session.save()
        form = {"name": "kept", "comment": "through it all"}
        answer = client.post("/admin/registry/prohibitedname/add/?_popup=0", form)
        way = answer["Location"]
        assert way.startswith("/account/sso/confirm/?next=")
        kept = re.findall(r'name="next"\s+value="([^"]*)"', client.get(way).content.decode())[0]
        provider.stated = stated
        answer = go(client, provider, "/account/sso/confirm/", next=html.unescape(kept))
        assert (provider.asked[-1]["prompt"], provider.asked[-1]["max_age"]) == ("login", "0")
        if said is None:
            assert answer["Location"] == "/admin/registry/prohibitedname/"
            assert ProhibitedName.objects.get().comment == "through it all"
        else:
            assert answer["Location"] == "/account/sso/confirm/"
            assert said in client.get("/account/sso/confirm/").content.decode()
            assert not ProhibitedName.objects.exists()

    def test_a_confirmation_is_by_the_same_person(self, client: Client, provider: OpenIDProvider, settings):
        settings.SSO_CREATES_USERS = True
        go(client, provider)
        provider.person = {"sub": "mallory"}
        assert go(client, provider, "/account/sso/confirm/")["Location"] == "/account/sso/confirm/"
        assert "as somebody else" in client.get("/account/sso/confirm/").content.decode()
        assert User.objects.count() == 1

    def test_an_old_sign_in_over_there_is_not_recent_here(self, client: Client, provider: OpenIDProvider, settings):
        settings.SSO_CREATES_USERS = True
        provider.stated = {"auth_time": int(time.time()) - 3600}
        go(client, provider)
        assert client.get("/account/2fa/totp/activate/")["Location"].startswith("/account/sso/confirm/")


class TestTrouble:
    """Whatever the issuer says or does not say, the page has a sentence, and nobody is signed in."""

    @pytest.mark.usefixtures("makes_users")
    @pytest.mark.parametrize(
        "stated",
        [
            {"iss": "https://evil.example"},
            {"aud": "somebody-else"},
            {"exp": 1},
            {"sub": None},
            {"sub": ""},
            {"sub": 7},
            {"sub": "another-than-userinfo"},
        ],
        ids=str,
    )
    def test_a_wrong_identity_token(self, client: Client, provider: OpenIDProvider, stated: dict[str, Any]):
        provider.stated = stated
        answer = go(client, provider)
        assert (answer.status_code, DID_NOT_WORK in answer.content.decode()) == (401, True)
        assert not User.objects.exists()

    @pytest.mark.usefixtures("makes_users")
    def test_a_signature_of_another_key(self, client: Client, provider: OpenIDProvider):
        provider.key = SigningKey.new()
        assert DID_NOT_WORK in go(client, provider).content.decode()
        provider.key = dataclasses.replace(provider.key, key_id=provider.published[0].key_id)
        assert DID_NOT_WORK in go(client, provider).content.decode()

    @pytest.mark.usefixtures("makes_users")
    @pytest.mark.parametrize("algorithm", ["none", "HS256", "RS1", ""])
    def test_an_algorithm_that_is_no_signature_of_theirs(
        self, client: Client, provider: OpenIDProvider, monkeypatch: pytest.MonkeyPatch, algorithm: str
    ):
        sign = provider.sign
        monkeypatch.setattr(provider, "sign", lambda *a, **k: sign(*a, headers={"alg": algorithm}, **k))
        assert DID_NOT_WORK in go(client, provider).content.decode()
        assert not User.objects.exists()

    @pytest.mark.parametrize("path", [DISCOVERY, EXCHANGE, USERINFO, "/.well-known/jwks"])
    @pytest.mark.parametrize(
        "fault", [answering(500), answering(200, b"<html>"), answering(200, b"[]"), answering(200, b"{}")]
    )
    def test_an_issuer_that_fails(self, client: Client, provider: OpenIDProvider, path: str, fault: Any, settings):
        settings.SSO_CREATES_USERS = path != USERINFO
        if path == EXCHANGE:
            provider.exchange = fault  # type: ignore[method-assign]
        else:
            provider.faults[path] = fault
        answer = go(client, provider) if path != DISCOVERY else client.post("/account/sso/login/")
        assert answer.status_code in {401, 403}
        assert not is_signed_in(client)

    def test_an_issuer_that_is_down(self, client: Client, provider: OpenIDProvider):
        provider.stop()
        answer = client.post("/account/sso/login/")
        assert (answer.status_code, DID_NOT_WORK in answer.content.decode()) == (401, True)

    def test_a_discovery_document_of_another_issuer(self, client: Client, provider: OpenIDProvider):
        provider.documents[DISCOVERY] = {**provider.discovery(), "issuer": "https://evil.example"}
        assert DID_NOT_WORK in client.post("/account/sso/login/").content.decode()

    @pytest.mark.parametrize("query", ["", "?code=x", "?code=x&state=y", "?error=server_error", "?state=%00"])
    def test_an_answer_that_nobody_asked_for(self, client: Client, provider: OpenIDProvider, query: str):
        answer = client.get(f"/account/sso/login/callback/{query}")
        assert DID_NOT_WORK in answer.content.decode()

    def test_a_state_of_another_browser(self, client: Client, provider: OpenIDProvider, settings):
        settings.SSO_CREATES_USERS = True
        page = client.post("/account/sso/login/").content.decode()
        address = html.unescape(re.findall(r'content="0; url=([^"]+)"', page)[0])
        assert DID_NOT_WORK in Client().get(provider.come_back(address)).content.decode()
        assert not User.objects.exists()

    def test_who_cancels_is_told_that_nothing_happened(self, client: Client, provider: OpenIDProvider):
        page = client.post("/account/sso/login/").content.decode()
        state = re.findall(r"state=([A-Za-z0-9]+)", page)[0]
        answer = client.get(f"/account/sso/login/callback/?error=access_denied&state={state}", follow=True)
        assert "Nothing happened" in answer.content.decode()


@pytest.mark.parametrize(
    ("changes", "identifier"),
    [
        ({"SSO_ISSUER": "https://login.example.com"}, "gatehouse.E010"),
        ({"SSO_CLIENT_SECRET": "x"}, "gatehouse.E010"),
        ({"SSO_SECOND_FACTOR": True}, "gatehouse.E011"),
        ({"SSO_CREATES_USERS": True}, "gatehouse.E011"),
    ],
)
def test_settings_that_are_wrong_together_stop_the_start(settings, changes: dict[str, Any], identifier: str):
    for name, value in changes.items():
        setattr(settings, name, value)
    assert [message.id for message in wrong_settings()] == [identifier]
