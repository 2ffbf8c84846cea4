"""Mail addresses that an operator gives: mails reach them, whatever page is opened."""

from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import call_command
from django.test import Client

from registry import mails
from registry.models import Event, User
from tests.factories import make_user
from tests.registry.accounts.people import PASSWORD, is_signed_in, sign_in
from tests.registry.accounts.test_signing_up import CAROL, open_to_all  # noqa: F401  a fixture
from tests.registry.admin.test_people import posted

pytestmark = pytest.mark.django_db


def made(username: str = "root", email: str = "Root@example.com") -> User:
    """A superuser of the command."""
    call_command("createsuperuser", username=username, email=email, interactive=False, verbosity=0)
    return User.objects.get(username=username)


def addresses(user: User) -> list[tuple[str, bool, bool]]:
    rows = EmailAddress.objects.filter(user=user).order_by("pk")
    return [(row.email, row.verified, row.primary) for row in rows]


def reached(user: User) -> bool:
    return user in mails.reached([user])


def test_the_command_makes_a_superuser_with_a_verified_address():
    root = made()
    assert addresses(root) == [("root@example.com", True, True)]
    assert Event.objects.get(user=root, tag="account:email:add").actor_name == "createsuperuser"
    assert addresses(made("other", "other@example.com")) == [("other@example.com", True, True)]
    assert Event.objects.filter(tag__startswith="account:email").count() == 2


def test_the_command_verifies_nobody_elses_address():
    alice = make_user("alice", is_superuser=True)
    bob = make_user("bob")
    EmailAddress.objects.create(user=bob, email="root@example.com", verified=True, primary=True)
    assert addresses(made()) == []
    assert addresses(alice) == [("alice@example.com", True, True)]  # of before
    assert not EmailAddress.objects.filter(user=bob).exclude(email="root@example.com").exists()


def test_opening_the_page_of_addresses_ends_no_mails(client: Client):
    root = made()
    root.set_password(PASSWORD)
    root.save()
    sign_in(client, "root")
    assert client.get("/account/email/").status_code == 200
    assert reached(root)


def test_nor_does_a_stranger_who_asks_for_a_new_password(client: Client):
    root = made(email="root@example.com")
    root.set_password(PASSWORD)
    root.save()
    assert client.post("/account/password/reset/", {"email": "root@example.com"}).status_code == 302
    assert reached(root)
    sign_in(client, "root")
    assert is_signed_in(client)


class TestAdmin:
    """An address that is given there."""

    @pytest.fixture(autouse=True)
    def _boss(self, client: Client) -> None:
        client.force_login(make_user("boss", is_staff=True, is_superuser=True))

    @pytest.fixture
    def alice(self) -> User:
        alice = make_user("alice")
        EmailAddress.objects.create(user=alice, email="alice@example.com", verified=True, primary=True)
        return alice

    def test_it_is_verified_and_primary(self, client: Client, alice: User):
        place = f"/admin/registry/user/{alice.pk}/change/"
        assert client.post(place, posted(alice, email="New@example.com")).status_code == 302
        assert addresses(alice) == [("alice@example.com", True, False), ("new@example.com", True, True)]
        alice.refresh_from_db()
        assert (alice.email, reached(alice)) == ("new@example.com", True)
        event = Event.objects.get(user=alice, tag="account:email:add")
        assert (event.actor_name, event.details["before"]) == ("boss", "alice@example.com")

    def test_another_change_verifies_nothing(self, client: Client, alice: User):
        EmailAddress.objects.update(verified=False)
        client.post(f"/admin/registry/user/{alice.pk}/change/", posted(alice, first_name="Alice"))
        alice.refresh_from_db()
        assert (alice.first_name, addresses(alice)) == ("Alice", [("alice@example.com", False, True)])
        assert not reached(alice)

    def test_it_may_be_taken_away(self, client: Client, alice: User):
        assert client.post(f"/admin/registry/user/{alice.pk}/change/", posted(alice, email="")).status_code == 302
        assert not Event.objects.filter(tag__startswith="account:email").exists()

    def test_another_users_is_refused(self, client: Client, alice: User):
        bob = make_user("bob")
        answer = client.post(f"/admin/registry/user/{bob.pk}/change/", posted(bob, email="Alice@example.com"))
        assert "This is the verified address of another user." in answer.content.decode()
        assert addresses(bob) == []


@pytest.mark.usefixtures("open_to_all")
def test_a_stranger_is_mailed_once_the_address_is_verified(client: Client):
    client.post("/account/signup/", CAROL)
    carol = User.objects.get(username="carol")
    made()
    assert not reached(carol)
    EmailAddress.objects.filter(user=carol).update(verified=True)
    assert reached(carol)


def test_addresses_of_before_are_verified_but_those_that_somebody_signed_up_with():
    operators, stranger, twin = make_user("alice"), make_user("carol"), make_user("dave")
    EmailAddress.objects.create(user=stranger, email="carol@example.com", verified=False, primary=True)
    twin.email = "Alice@example.com"
    twin.save()
    make_user("none").delete()
    import_module("registry.migrations.0008_addresses_that_operators_gave").verify(apps, None)
    assert addresses(operators) == [("alice@example.com", True, True)]
    assert addresses(stranger) == [("carol@example.com", False, True)]
    assert addresses(twin) == []
