"""What a change needs while REQUIRE_2FA is on: a second factor, a recent sign-in, and nothing sent is lost."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from registry import switches
from registry.actors import Actor
from registry.models import Event, ProhibitedName, User
from tests.registry.accounts.passkeys import give_passkey
from tests.registry.accounts.people import (
    PASSWORD,
    code,
    give_app,
    let_time_pass,
    make_person,
    sign_in,
    sign_in_with_app,
    tags,
)

pytestmark = pytest.mark.django_db

ADD = "/admin/registry/prohibitedname/add/"
FORM = {"name": "kept", "comment": "through it all", "_save": "Save"}


@pytest.fixture(autouse=True)
def required(settings: Any) -> None:
    settings.REQUIRE_2FA = True


@pytest.fixture
def boss(client: Client) -> User:
    """A superuser with an app, signed in with it a moment ago."""
    boss = make_person("boss", is_staff=True, is_superuser=True)
    give_app(boss)
    sign_in_with_app(client, "boss")
    return boss


def test_without_a_second_factor_the_way_leads_there_and_back(client: Client, alice: User):
    User.objects.update(is_staff=True, is_superuser=True)
    sign_in(client)
    referrer = "http://testserver/admin/registry/prohibitedname/add/?_changelist_filters=x"
    answer = client.post(ADD, FORM, HTTP_REFERER=referrer)
    assert answer["Location"] == "/account/2fa/"
    page = client.get(answer["Location"]).content.decode()
    assert "Set up a second factor first" in page
    assert "Go on where you were" not in page
    page = client.get("/account/2fa/totp/activate/").content.decode()
    secret = re.findall(r"<code>([A-Z2-7]{32})</code>", page)[0]
    client.post("/account/2fa/totp/activate/", {"code": code(secret)})
    page = client.get("/account/2fa/recovery-codes/").content.decode()
    assert '<a href="/admin/registry/prohibitedname/add/?_changelist_filters=x">Go on where you were</a>' in page
    assert client.post(ADD, FORM)["Location"] == "/admin/registry/prohibitedname/"


@pytest.mark.parametrize("referrer", ["", "https://evil.example/x", "http://testserver.evil.example/"])
def test_the_way_back_is_within_this_registry(client: Client, alice: User, referrer: str):
    User.objects.update(is_staff=True, is_superuser=True)
    sign_in(client)
    client.post(ADD, FORM, HTTP_REFERER=referrer)
    assert client.session["after_second_factor"] == ADD


def test_recovery_codes_alone_are_no_second_factor(client: Client, boss: User):
    client.post("/account/2fa/recovery-codes/generate/")
    Authenticator.objects.filter(user=boss, type="totp").delete()
    assert client.post(ADD, FORM)["Location"] == "/account/2fa/"


@pytest.mark.parametrize("query", ["", "?_changelist_filters=q%3Da", "?a=1&b=%26"])
@pytest.mark.parametrize("way", ["password", "code"])
def test_a_form_that_came_too_late_goes_on_after_the_confirmation(client: Client, boss: User, way: str, query: str):
    let_time_pass(client)
    answer = client.post(ADD + query, FORM)
    assert answer["Location"].startswith("/account/reauthenticate/?next=")
    assert not ProhibitedName.objects.exists()
    page = client.get(answer["Location"]).content.decode()
    assert "Confirm that it is you" in page
    if way == "code":
        address = re.findall(r'href="(/account/2fa/reauthenticate/\?[^"]+)"', page)[0].replace("&amp;", "&")
        page = client.get(address).content.decode()
        cache.clear()
    hidden = re.findall(r'name="next"\s+value="([^"]*)"', page)[0].replace("&amp;", "&")
    assert hidden == ADD + query
    proof = {"password": PASSWORD} if way == "password" else {"code": code()}
    answer = client.post(f"/account/{'2fa/' if way == 'code' else ''}reauthenticate/", {**proof, "next": hidden})
    assert answer["Location"] == f"/admin/registry/prohibitedname/{'?q=a' if 'q%3Da' in query else ''}"
    assert ProhibitedName.objects.get().comment == "through it all"
    assert Event.objects.filter(tag="prohibited-name:added", actor=boss, address="127.0.0.1").exists()
    assert "account:reauthenticate:success" in tags(boss)
    assert client.post(ADD, {**FORM, "name": "next-one"}).status_code == 302


def test_a_wrong_password_keeps_waiting(client: Client, boss: User):
    let_time_pass(client)
    client.post(ADD, FORM)
    page = client.post("/account/reauthenticate/", {"password": "wrong", "next": ADD})
    assert "The password is wrong." in page.content.decode()
    assert not ProhibitedName.objects.exists()
    client.post("/account/reauthenticate/", {"password": PASSWORD, "next": ADD})
    assert ProhibitedName.objects.exists()


def test_a_kept_form_is_sent_once(client: Client, boss: User):
    let_time_pass(client)
    client.post(ADD, FORM)
    for _ in range(2):
        client.post("/account/reauthenticate/", {"password": PASSWORD, "next": ADD})
    assert ProhibitedName.objects.count() == 1


def test_a_kept_form_does_not_go_on_while_the_registry_is_read_only(client: Client, boss: User):
    let_time_pass(client)
    client.post(ADD, FORM)
    switches.switch_off("writing", "an incident", Actor("boss"))
    answer = client.post("/account/reauthenticate/", {"password": PASSWORD, "next": ADD})
    assert (answer.status_code, answer["Retry-After"]) == (503, "300")
    assert not ProhibitedName.objects.exists()


def test_a_form_that_was_left_behind_is_not_sent_by_another_confirmation(client: Client, boss: User):
    let_time_pass(client)
    client.post(ADD, FORM)
    answer = client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/email/"})
    assert answer["Location"] == "/account/email/"
    assert not ProhibitedName.objects.exists()


def test_a_form_that_waited_long_is_not_sent(client: Client, boss: User):
    let_time_pass(client)
    client.post(ADD, FORM)
    session = client.session
    session["account_reauthentication_state"]["state"]["at"] -= 3601
    session.save()
    assert client.post("/account/reauthenticate/", {"password": PASSWORD, "next": ADD})["Location"] == ADD
    assert not ProhibitedName.objects.exists()


@pytest.mark.parametrize(
    ("path", "form"),
    [
        (ADD, {**FORM, "comment": "x" * 70_000}),
        ("/admin/registry/user/add/", {"username": "new", "password1": "new-sesame", "password2": "new-sesame"}),
        ("/admin/publishers/issuer/1/try/", {"token": "ey.sesame"}),
    ],
    ids=["large", "password", "token"],
)
def test_what_is_large_or_secret_is_not_kept(client: Client, boss: User, path: str, form: dict[str, str]):
    let_time_pass(client)
    answer = client.post(path, form)
    assert "sesame" not in str(dict(client.session))
    assert "Send it again" in client.get(answer["Location"]).content.decode()
    assert client.post("/account/reauthenticate/", {"password": PASSWORD, "next": path})["Location"] == path


def test_a_kept_form_holds_no_token_of_the_page(client: Client, boss: User):
    let_time_pass(client)
    client.post(ADD, {**FORM, "csrfmiddlewaretoken": "x" * 64})
    assert "xxx" not in str(dict(client.session))
    assert client.session["account_reauthentication_state"]["state"]["form"].startswith("name=kept")


def test_a_kept_form_has_passed_the_check_of_where_it_came_from(boss: User):
    client = Client(enforce_csrf_checks=True)
    client.force_login(boss)
    assert client.post(ADD, FORM).status_code == 403
    assert "account_reauthentication_state" not in client.session


def test_the_confirmation_cannot_be_guessed_for_long(client: Client, boss: User):
    let_time_pass(client)
    answers = [client.post("/account/reauthenticate/", {"password": "wrong", "next": "/"}) for _ in range(11)]
    assert answers[-1].status_code == 429


def test_a_session_that_proved_nothing_confirms_first(client: Client):
    boss = make_person("boss", is_staff=True, is_superuser=True)
    give_app(boss)
    client.force_login(boss)
    assert client.post(ADD, FORM)["Location"].startswith("/account/reauthenticate/")


@pytest.mark.parametrize("sso", ["", "https://login.example.com"])
def test_the_page_that_confirms_by_passkey_asks_few_questions(
    client: Client, boss: User, settings: Any, django_assert_max_num_queries: Any, sso: str
):
    settings.SSO_ISSUER = sso
    give_passkey(boss)
    let_time_pass(client)
    with django_assert_max_num_queries(10):
        page = client.get("/account/2fa/webauthn/reauthenticate/").content.decode()
    assert [words in page for words in ("Use your password", "Use a code", "Use single sign-on")] == [True, True, False]


def test_who_has_nothing_to_confirm_with_is_told_so(client: Client, settings: Any):
    settings.REQUIRE_2FA = False
    client.force_login(User.objects.create_user("erin"))
    answer = client.get("/account/2fa/totp/activate/")
    assert (answer.status_code, "Sign out, and sign in again" in answer.content.decode()) == (403, True)
