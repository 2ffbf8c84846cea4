"""Strangers who want an account (SIGNUP_OPEN)."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from registry.models import User
from tests.registry.accounts.people import PASSWORD, is_signed_in, link_in, mails_to, sign_in, tags

pytestmark = pytest.mark.django_db

CAROL = {"username": "carol", "email": "Carol@example.com", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def open_to_all(settings):
    settings.SIGNUP_OPEN = True


def sign_up(client: Client, **changes: str):
    return client.post("/account/signup/", {**CAROL, **changes})


def test_closed_the_page_says_who_makes_accounts(client: Client):
    for answer in (client.get("/account/signup/"), sign_up(client)):
        assert "Accounts are made by an administrator" in answer.content.decode()
    assert not User.objects.exists()
    assert "An administrator of Gatehouse makes accounts" in client.get("/account/login/").content.decode()


@pytest.mark.usefixtures("open_to_all")
def test_a_stranger_signs_in_once_the_address_is_verified(client: Client):
    assert sign_up(client)["Location"] == "/account/confirm-email/"
    assert not is_signed_in(client)
    assert sign_in(client, "carol")["Location"] == "/account/confirm-email/"
    carol = User.objects.get()
    link = link_in(mails_to("carol@example.com")[0])
    assert client.get(link).status_code == 200
    assert not EmailAddress.objects.get().verified  # opening a link changes nothing
    assert client.post(link)["Location"] == "/account/login/"
    assert EmailAddress.objects.get().verified
    assert sign_in(client, "carol")["Location"] == "/"
    assert tags(carol) == ["account:create", "account:email:verified", "account:login:success"]


@pytest.mark.usefixtures("open_to_all")
def test_an_address_that_is_taken_looks_as_one_that_is_free(client: Client, alice: User):
    answer = sign_up(client, email="alice@example.com")
    assert (answer.status_code, answer["Location"]) == (302, "/account/confirm-email/")
    assert User.objects.count() == 1
    assert mails_to("alice@example.com")[0].subject == "You have an account already"


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize(
    "username", ["ALICE", "a@example.com", "__token__", "a b", "-a", "ä", "a" * 51, "", "a\x00"], ids=repr
)
def test_a_username_is_free_and_plain(client: Client, alice: User, username: str):
    answer = sign_up(client, username=username)
    assert answer.status_code == 200
    assert 'class="errors"' in answer.content.decode()
    assert User.objects.count() == 1


@pytest.mark.usefixtures("open_to_all")
@pytest.mark.parametrize("password", ["short", "12345678901", "password123", "carol1234"])
def test_a_weak_password_is_refused(client: Client, password: str):
    assert sign_up(client, password1=password, password2=password).status_code == 200
    assert not User.objects.exists()
