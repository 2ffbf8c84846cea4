"""Signing in and out, and what strangers learn from it."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.test import Client

from registry.models import Event, User
from tests.factories import make_user
from tests.registry.accounts.people import PASSWORD, give_app, is_signed_in, link_in, mails_to, sign_in, tags

pytestmark = pytest.mark.django_db

WRONG = "is wrong."


@pytest.mark.parametrize("login", ["alice", "ALICE", "alice@example.com", "Alice@Example.com"])
def test_by_username_or_mail_address_in_any_case(client: Client, alice: User, login: str):
    assert sign_in(client, login, next="/account/email/")["Location"] == "/account/email/"
    assert is_signed_in(client)
    event = Event.objects.get(user=alice, tag="account:login:success")
    assert (event.actor, event.address, event.details) == (alice, "127.0.0.1", {"methods": ["password"]})


@pytest.mark.parametrize("login", ["alice", "alice@example.com", "nobody", "nobody@example.com"])
def test_a_failure_says_the_same_whether_there_is_such_a_person(client: Client, alice: User, login: str):
    page = sign_in(client, login, "wrong").content.decode()
    assert WRONG in page
    assert not is_signed_in(client)
    assert tags(alice) == (["account:login:failure"] if "alice" in login else [])


def test_an_unverified_address_signs_nobody_in(client: Client, alice: User):
    EmailAddress.objects.create(user=alice, email="other@example.com", verified=False)
    assert WRONG in sign_in(client, "other@example.com", "wrong").content.decode()
    assert tags(alice) == []


def test_who_was_switched_off_is_told_only_with_the_right_password(client: Client, alice: User):
    User.objects.update(is_active=False)
    assert WRONG in sign_in(client, password="wrong").content.decode()
    assert sign_in(client)["Location"] == "/account/inactive/"
    assert "switched off" in client.get("/account/inactive/").content.decode()
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_the_way_back_stays_in_this_registry(client: Client, alice: User, wanted: str):
    assert sign_in(client, next=wanted)["Location"] == "/"


def test_too_many_failures_stop_even_the_right_password(client: Client, alice: User):
    for _ in range(5):
        sign_in(client, password="wrong")
    assert "too many failed attempts" in sign_in(client).content.decode()
    assert not is_signed_in(client)
    assert tags(alice).count("account:login:failure") == 5


def test_attempts_are_counted_by_the_address_behind_the_proxy(alice: User, settings):
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    for number in range(12):
        Client(HTTP_X_FORWARDED_FOR="203.0.113.7").post("/account/login/", {"login": f"n{number}", "password": "x"})
    answer = sign_in(Client(HTTP_X_FORWARDED_FOR="203.0.113.7"))
    assert "too many failed attempts" in answer.content.decode()
    assert sign_in(Client(HTTP_X_FORWARDED_FOR="203.0.113.8")).status_code == 302
    assert Event.objects.get(tag="account:login:success").address == "203.0.113.8"


def test_over_the_limit_of_an_address_the_page_says_so(client: Client, alice: User):
    answers = [client.get("/account/login/") and sign_in(client, f"n{n}", "x") for n in range(31)]
    assert answers[-1].status_code == 429
    assert "Wait some minutes" in answers[-1].content.decode()


@pytest.mark.parametrize("what", [{"login": "a\x00b", "password": "x"}, {"login": "a" * 5000, "password": "x"}, {}])
def test_nonsense_is_a_failure(client: Client, what: dict[str, str]):
    assert client.post("/account/login/", what).status_code == 200


def test_the_session_is_another_afterwards(client: Client, alice: User, settings):
    session = client.session
    session["kept"] = True
    session.save()
    before = session.session_key
    cookie = sign_in(client).cookies["sessionid"]
    assert cookie.value != before
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"]) == (True, True, "Lax")
    assert not Session.objects.filter(session_key=before).exists()


def test_signing_out_takes_a_form(client: Client, alice: User):
    sign_in(client)
    assert "ends the session of this browser" in client.get("/account/logout/").content.decode()
    assert is_signed_in(client)
    assert client.post("/account/logout/")["Location"] == "/"
    assert not is_signed_in(client)


def test_who_an_administrator_made_verifies_nothing_before_signing_in(client: Client):
    make_user("bob", PASSWORD)
    assert sign_in(client, "bob")["Location"] == "/"
    client.get("/account/email/")
    client.post("/account/logout/")
    assert sign_in(client, "bob")["Location"] == "/"


@pytest.mark.parametrize("other", ["Alice", "ALICE", "aLice"])
def test_usernames_differ_in_more_than_case(alice: User, other: str):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_user(other)


class TestPasswords:
    """Changed and reset."""

    def test_a_reset_by_mail(self, client: Client, alice: User):
        give_app(alice)
        other = Client()
        other.force_login(alice)
        assert client.post("/account/password/reset/", {"email": "ALICE@example.com"}).status_code == 302
        link = link_in(mails_to("alice@example.com")[-1])
        page = client.get(link)
        form = client.get(page["Location"])
        assert form.status_code == 200
        chosen = {"password1": "another-sesame-2", "password2": "another-sesame-2"}
        assert client.post(page["Location"], chosen).status_code == 302
        assert not is_signed_in(client)
        assert not is_signed_in(other)
        assert sign_in(client, password="another-sesame-2")["Location"] == "/account/2fa/authenticate/"
        assert "account:password:reset" in tags(alice)
        assert mails_to("alice@example.com")[-1].subject == "Your password was reset"
        assert "does not work any more" in Client().get(link).content.decode()

    def test_asking_for_a_reset_says_the_same_for_everybody(self, client: Client, alice: User):
        answers = [
            client.post("/account/password/reset/", {"email": f"{who}@example.com"}) for who in ("alice", "nobody")
        ]
        assert {(answer.status_code, answer["Location"]) for answer in answers} == {
            (302, "/account/password/reset/done/")
        }
        assert mails_to("nobody@example.com")[0].subject == "No account has this address"

    def test_the_links_lead_to_the_registrys_own_address(self, alice: User, settings):
        settings.ALLOWED_HOSTS = ["*"]
        Client(HTTP_HOST="evil.example").post("/account/password/reset/", {"email": "alice@example.com"})
        assert "evil.example" not in mails_to("alice@example.com")[-1].message

    def test_a_change_wants_the_old_one_and_ends_other_sessions(self, client: Client, alice: User):
        other = Client()
        sign_in(other)
        sign_in(client)
        new = {"password1": "another-sesame-2", "password2": "another-sesame-2"}
        page = client.post("/account/password/change/", {"oldpassword": "wrong", **new})
        assert "This is not your password." in page.content.decode()
        assert client.post("/account/password/change/", {"oldpassword": PASSWORD, **new})["Location"] == "/account/"
        assert is_signed_in(client)
        assert not is_signed_in(other)
        assert tags(alice)[-1] == "account:password:change"
        assert "If it was not you" in mails_to("alice@example.com")[-1].message
