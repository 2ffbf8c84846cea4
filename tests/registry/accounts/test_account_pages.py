"""The account page, mail addresses and sessions."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from registry.models import Event, User
from tests.registry.accounts.people import (
    PASSWORD,
    give_app,
    is_signed_in,
    let_time_pass,
    link_in,
    mails_to,
    make_person,
    sign_in,
    tags,
)
from tokens.pruning import ended_sessions, prune

pytestmark = pytest.mark.django_db

BEHIND_THE_SIGN_IN = [
    "/account/",
    "/account/email/",
    "/account/sessions/",
    "/account/password/change/",
    "/account/2fa/",
    "/account/2fa/totp/activate/",
    "/account/2fa/totp/deactivate/",
    "/account/2fa/webauthn/",
    "/account/2fa/webauthn/add/",
    "/account/2fa/recovery-codes/",
    "/account/3rdparty/",
    "/account/reauthenticate/",
]


@pytest.mark.parametrize("path", BEHIND_THE_SIGN_IN)
def test_strangers_are_sent_to_sign_in(client: Client, path: str):
    assert client.get(path)["Location"].startswith("/account/login/")
    assert client.post(path)["Location"].startswith("/account/login/")


@pytest.mark.parametrize(
    "path", [path for path in BEHIND_THE_SIGN_IN if "deactivate" not in path and "codes" not in path]
)
def test_a_page_asks_few_questions_and_keeps_in_its_frame(
    client: Client, alice: User, path: str, django_assert_max_num_queries: Any
):
    for number in range(4):
        EmailAddress.objects.create(user=alice, email=f"{number}@example.com", verified=True)
        sign_in(Client())
    sign_in(client)
    with django_assert_max_num_queries(10):
        page = client.get(path)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"] or "account" not in path
    text = page.content.decode()
    assert path == "/account/reauthenticate/" or 'aria-current="page">Account</a>' in text
    assert "style=" not in text
    assert len(text) < 50_000


def test_the_overview_says_what_there_is(client: Client, alice: User, settings: Any):
    settings.REQUIRE_2FA = True
    sign_in(client)
    page = client.get("/account/").content.decode()
    assert "You have no second factor" in page
    assert "alice@example.com" in page
    assert "here only" in page
    give_app(alice)
    sign_in(Client())
    assert "You have no second factor" not in client.get("/account/").content.decode()


class TestAddresses:
    """A user's mail addresses."""

    def test_one_is_added_verified_made_primary_and_the_old_one_removed(self, client: Client, alice: User):
        sign_in(client)
        assert client.post("/account/email/", {"action_add": "", "email": "New@example.com"}).status_code == 302
        assert "not verified" in client.get("/account/email/").content.decode()
        refused = {"action_primary": "", "email": "new@example.com"}
        assert "Only a verified address" in client.post("/account/email/", refused, follow=True).content.decode()
        client.post(link_in(mails_to("new@example.com")[0]))
        client.post("/account/email/", {"action_primary": "", "email": "new@example.com"})
        alice.refresh_from_db()
        assert alice.email == "new@example.com"
        client.post("/account/email/", {"action_remove": "", "email": "alice@example.com"})
        assert [address.email for address in EmailAddress.objects.all()] == ["new@example.com"]
        assert tags(alice)[1:] == [
            "account:email:add",
            "account:email:verified",
            "account:email:primary:change",
            "account:email:remove",
        ]
        change = Event.objects.get(tag="account:email:primary:change")
        assert change.details == {"old_primary": "alice@example.com", "new_primary": "new@example.com"}
        assert mails_to("alice@example.com")[-1].subject == "Your mail address was changed"
        assert mails_to("new@example.com")[-1].subject == "A mail address was removed"

    def test_an_address_of_somebody_else_looks_as_a_free_one_and_is_not_taken(self, client: Client, alice: User):
        make_person("bob")
        sign_in(client)
        answer = client.post("/account/email/", {"action_add": "", "email": "bob@example.com"})
        assert answer.status_code == 302
        assert EmailAddress.objects.get(email="bob@example.com", verified=True).user.username == "bob"

    @pytest.mark.parametrize(
        "email",
        [
            "",
            "nonsense",
            "a\x00@example.com",
            f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 30}.example",
            "alice@example.com",
        ],
    )
    def test_what_is_no_new_address_is_said_beside_the_field(self, client: Client, alice: User, email: str):
        sign_in(client)
        page = client.post("/account/email/", {"action_add": "", "email": email})
        assert 'class="errors"' in page.content.decode()

    @pytest.mark.parametrize("action", ["action_add", "action_remove", "action_primary"])
    def test_a_change_wants_a_recent_sign_in(self, client: Client, alice: User, action: str):
        EmailAddress.objects.create(user=alice, email="b@example.com", verified=True)
        sign_in(client)
        let_time_pass(client)
        email = "c@example.com" if action == "action_add" else "b@example.com"
        answer = client.post("/account/email/", {action: "", "email": email})
        assert answer["Location"].startswith("/account/reauthenticate/")
        client.post("/account/reauthenticate/", {"password": PASSWORD, "next": "/account/email/"})
        assert set(tags(alice)) & {"account:email:add", "account:email:remove", "account:email:primary:change"}

    def test_with_a_second_factor_addresses_can_still_be_added(self, client: Client, alice: User):
        sign_in(client)
        give_app(alice)
        assert client.post("/account/email/", {"action_add": "", "email": "n@example.com"}).status_code == 302
        assert EmailAddress.objects.filter(email="n@example.com").exists()


class TestSessions:
    """Where somebody is signed in."""

    @pytest.fixture
    def others(self, client: Client, alice: User) -> list[Client]:
        others = [Client(HTTP_USER_AGENT=f"Browser {number}") for number in range(3)]
        for other in (*others, client):
            sign_in(other)
        return others

    def test_one_is_ended(self, client: Client, others: list[Client]):
        page = client.get("/account/sessions/").content.decode()
        assert ("Browser 1" in page, page.count("End it")) == (True, 3)
        session = UserSession.objects.get(user_agent="Browser 1")
        client.post("/account/sessions/", {"session": session.pk})
        assert [is_signed_in(one) for one in (*others, client)] == [True, False, True, True]

    def test_all_others_are_ended(self, client: Client, others: list[Client]):
        client.post("/account/sessions/")
        assert [is_signed_in(one) for one in (*others, client)] == [False, False, False, True]

    def test_not_those_of_somebody_else(self, client: Client, others: list[Client]):
        make_person("bob")
        bob = Client()
        sign_in(bob, "bob")
        for session in (str(UserSession.objects.get(user__username="bob").pk), ""):
            client.post("/account/sessions/", {"session": session})
        assert is_signed_in(bob)

    @pytest.mark.parametrize("session", ["x", "-1", "9" * 30, "\x00", "١"])
    def test_nonsense_ends_none(self, client: Client, others: list[Client], session: str):
        assert client.post("/account/sessions/", {"session": session}).status_code == 302
        assert all(map(is_signed_in, others))

    def test_records_of_those_that_ended_are_pruned(self, client: Client, others: list[Client]):
        key = UserSession.objects.get(user_agent="Browser 0").session_key
        Session.objects.filter(session_key=key).update(expire_date=timezone.now())
        assert "Browser 0" not in client.get("/account/sessions/").content.decode()
        assert ended_sessions().count() == 0
        counts = dict(prune())
        assert (counts["expired sessions"], counts["records of ended sessions"]) == (1, 1)
        assert UserSession.objects.count() == 3
