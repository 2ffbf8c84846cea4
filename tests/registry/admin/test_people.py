"""Users in the admin."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.test import Client

from registry.models import Event, User
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PASSWORDS = {"password1": "correct horse battery", "password2": "correct horse battery", "usable_password": "true"}


@pytest.fixture
def helper(client: Client) -> User:
    """Staff who may manage users, but are no superuser; signed in."""
    helper = make_user("helper", is_staff=True)
    helper.user_permissions.set(Permission.objects.filter(content_type__model="user"))
    client.force_login(helper)
    return helper


def posted(user: User, **changes: str) -> dict[str, str]:
    inlines = ("emailaddress_set", "authenticator_set", "socialaccount_set")
    management = {f"{inline}-{count}_FORMS": "0" for inline in inlines for count in ("TOTAL", "INITIAL")}
    times = {"date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
    return {"username": user.username, "email": user.email, "is_active": "on", **times, **management, **changes}


def test_a_user_is_added_and_changed_with_events(client: Client, boss: User):
    assert client.post("/admin/registry/user/add/", {"username": "alice", **PASSWORDS}).status_code == 302
    alice = User.objects.get(username="alice")
    assert client.post(f"/admin/registry/user/{alice.pk}/change/", posted(alice, is_staff="on")).status_code == 302
    assert client.post(f"/admin/registry/user/{alice.pk}/password/", PASSWORDS).status_code == 302
    events = Event.objects.filter(user=alice, actor=boss).order_by("pk")
    assert [event.tag for event in events] == [
        "account:create",
        "account:permissions:change",
        "account:password:change",
    ]
    assert events[1].details["after"]["is_staff"] is True


def test_the_list_shows_whose_address_is_verified(client: Client, boss: User):
    alice = make_user("alice")
    EmailAddress.objects.create(user=alice, email="alice@example.com", verified=True, primary=True)
    assert 'alt="True"' in client.get("/admin/registry/user/?q=alice").content.decode()
    assert "alice@example.com" in client.get(f"/admin/registry/user/{alice.pk}/change/").content.decode()


@pytest.mark.usefixtures("helper")
def test_staff_do_not_make_superusers(client: Client):
    alice = make_user("alice")
    client.post(
        f"/admin/registry/user/{alice.pk}/change/",
        posted(alice, is_superuser="on", is_staff="on", email="a@example.org"),
    )
    alice.refresh_from_db()
    assert (alice.email, alice.is_superuser, alice.is_staff) == ("a@example.org", False, False)


@pytest.mark.usefixtures("helper")
def test_staff_do_not_touch_superusers(client: Client):
    boss = make_user("boss", is_staff=True, is_superuser=True)
    place = f"/admin/registry/user/{boss.pk}"
    assert client.post(f"{place}/change/", posted(boss, email="a@example.org")).status_code == 403
    assert client.post(f"{place}/password/", PASSWORDS).status_code == 403
    assert client.post(f"{place}/delete/", {"post": "yes"}).status_code == 403
    said = {"action": "delete_selected", "_selected_action": [str(boss.pk)], "post": "yes"}
    client.post("/admin/registry/user/", said)
    boss.refresh_from_db()
    assert boss.email == "boss@example.com"
